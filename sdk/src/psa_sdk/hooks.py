"""The hooks of the platform: few, synchronous, pure. They change what the kernel does.

pluggy calls the last registered plugin first; the kernel registers dependents first, so a plugin's
requirements answer before it. A hook never awaits and never does I/O: what must wait is a service, a
subscriber or an actor.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pluggy

from psa_sdk.access import Scope
from psa_sdk.context import Platform, Principal
from psa_sdk.files import FileScanner, FileStore
from psa_sdk.mail import MailTransport
from psa_sdk.manifest import Manifest
from psa_sdk.ui import NavItem
from psa_sdk.web import Installation, ProtocolRoute, WebAsset, WebRoute

hookspec = pluggy.HookspecMarker("psa")
hookimpl = pluggy.HookimplMarker("psa")


@hookspec(firstresult=True)
def psa_manifest() -> Manifest:  # pyright: ignore[reportReturnType]
    """Return the plugin's table of contents."""


@hookspec
def psa_lifespan(platform: Platform) -> AbstractAsyncContextManager[None]:  # pyright: ignore[reportReturnType]
    """Return what to enter when the server starts and to leave when it stops."""


@hookspec
def psa_commands(cli: Any) -> None:
    """Add commands to the `psa` command, a click group.

    `cli.run(work)` opens the platform and awaits `work(platform)`; raise `psa_sdk.errors` for what the
    operator can put right.
    """


@hookspec
def psa_health() -> Mapping[str, str]:  # pyright: ignore[reportReturnType]
    """Return named findings for `/health/ready`: "ok", or a sentence about what is wrong."""


@hookspec(firstresult=True)
def psa_file_store(config: Mapping[str, str]) -> FileStore | None:
    """Return the blob store to use instead of the disk."""


@hookspec
def psa_file_scanner() -> FileScanner:  # pyright: ignore[reportReturnType]
    """Return a scanner that must pass every upload before it can be downloaded."""


@hookspec(firstresult=True)
def psa_mail_transport() -> MailTransport | None:
    """Return what carries all outgoing mail, instead of what each tenant set up."""


@hookspec(firstresult=True)
def psa_tenant_hint(host: str, path: str, headers: Mapping[str, str]) -> str | None:
    """Return the slug of the tenant that a request is for, before anyone is logged in."""


@hookspec
def psa_refuse(principal: Principal, permission: str) -> str | None:
    """Return a reason to refuse a permission that the principal's roles would grant."""


@hookspec
def psa_scope(principal: Principal, resource: str) -> Scope | None:
    """Return an object scope to AND to everything the principal does with a resource."""


@hookspec
def psa_nav(principal: Principal) -> Sequence[NavItem]:  # pyright: ignore[reportReturnType]
    """Return navigation entries that depend on who asks."""


@hookspec
def psa_web_routes(
    installation: Installation,
) -> Sequence[WebRoute | WebAsset | ProtocolRoute]:  # pyright: ignore[reportReturnType]
    """Return the routes outside `/api/v1` that follow from what is installed; asked once, at start."""


@hookspec
def psa_openapi(document: dict[str, Any]) -> None:
    """Adjust the OpenAPI document before it is served."""
