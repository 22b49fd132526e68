"""The table of contents of the dummy plugin, and its hooks."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Any

from litestar import Response

from psa_dummy import (
    actors,
    api,
    badges,
    defaults,
    lending,
    pages,
    resources,
    routes,
    rules,
    subscribers,
    tables,
)
from psa_dummy.settings import DummySettings
from psa_dummy.shelf import GUARD, SHELF
from psa_dummy.tables import Gadget
from psa_sdk import (
    STANDARD_ROLES,
    Audience,
    FileScanner,
    FileStore,
    Manifest,
    Money,
    Permission,
    Platform,
    Principal,
    Scope,
    Service,
    hookimpl,
    provide,
)
from psa_sdk.mail import MailTransport
from psa_sdk.ui import NavItem
from psa_sdk.web import Installation, WebAsset, WebRequest, WebRoute

AUDIENCES: tuple[Audience, ...] = ("staff", "portal")
PERMISSIONS = (
    Permission(name="dummy.gadgets.lend", title="Lend gadgets"),
    Permission(name="dummy.gadgets.reveal", title="Show unlock codes", sensitive=True),
)
READ = ("dummy.dummy_gadgets.read", "dummy.dummy_inspections.read")
SERVICES: tuple[Service, ...] = (provide(api.Lending, lending.StoredLending),)
depot = {"depot": "ok"}
running: list[Platform] = []
"""The platforms between their start and their stop."""


@hookimpl
def psa_manifest() -> Manifest:
    """Declare everything there is to declare."""
    return Manifest(
        name="dummy",
        title="Dummy",
        description="Lends gadgets to companies.",
        requires=("contacts", "console"),
        enhances=("ticketing",),
        tables=tables.ALL,
        resources=resources.ALL,
        extensions=(resources.standing,),
        routes=routes.ALL,
        permissions=PERMISSIONS,
        roles={
            **{key: READ for key, _, audience in STANDARD_ROLES if audience in AUDIENCES},
            "depot_keeper": ("dummy.*", "!dummy.gadgets.reveal"),
            "technician": (*READ, "dummy.dummy_gadgets.update@own"),
        },
        events=api.EVENTS,
        subscribers=subscribers.ALL,
        interceptors=rules.INTERCEPTORS,
        services=SERVICES,
        actors=actors.ALL,
        schedules=actors.SCHEDULES,
        settings=DummySettings,
        sign_in=badges.Badges(),
        ui=pages.UI,
        hookspecs=api.HOOKS,
        seed=defaults.seed,
        demo=defaults.demo,
    )


@hookimpl
def psa_lifespan(platform: Platform) -> AbstractAsyncContextManager[None]:
    """Be there while the server runs."""
    return _presence(platform)


@asynccontextmanager
async def _presence(platform: Platform) -> AsyncGenerator[None]:
    running.append(platform)
    yield
    running.remove(platform)


@hookimpl
def psa_commands(cli: Any) -> None:
    """Add `psa dummy`."""
    import click

    @cli.command("dummy")
    def dummy() -> None:
        """Say that the dummy plugin is here."""
        click.echo("The dummy plugin is here.")


@hookimpl
def psa_health() -> Mapping[str, str]:
    """Tell how the depot is."""
    return depot


@hookimpl
def psa_file_store(config: Mapping[str, str]) -> FileStore | None:
    """Keep blobs in memory."""
    return SHELF


@hookimpl
def psa_file_scanner() -> FileScanner:
    """Look into what comes in."""
    return GUARD


@hookimpl
def psa_mail_transport() -> MailTransport | None:
    """Leave the mail to what each tenant set up."""
    return None


@hookimpl
def psa_tenant_hint(host: str, path: str, headers: Mapping[str, str]) -> str | None:
    """Find the tenant in `<slug>.depot.example.com`."""
    slug, _, domain = host.partition(".")
    return slug if domain == "depot.example.com" else None


@hookimpl
def psa_refuse(principal: Principal, permission: str) -> str | None:
    """No program reveals codes, whatever its key says."""
    if permission == "dummy.gadgets.reveal" and principal.kind == "api_key":
        return "Unlock codes are shown to people only."
    return None


@hookimpl
def psa_scope(principal: Principal, resource: str) -> Scope | None:
    """Interns don't see what is lost."""
    if resource == "dummy-gadgets" and principal.label.startswith("Intern"):
        return lambda _who: Gadget.state != "lost"
    return None


@hookimpl
def psa_nav(principal: Principal) -> Sequence[NavItem]:
    """Show the retired gadgets to those who may delete."""
    return (pages.RETIRED_NAV,) if principal.allows("dummy.dummy_gadgets.delete") else ()


@hookimpl
def psa_web_routes(installation: Installation) -> Sequence[WebRoute | WebAsset]:
    """Say in plain text how many plugins there are."""
    text = f"{len(installation.plugins)} plugins"

    async def say(_request: WebRequest) -> Response[str]:
        return Response(text, media_type="text/plain")

    return (WebAsset(path="/depot.txt", handle=say),)


@hookimpl
def psa_openapi(document: dict[str, Any]) -> None:
    """Say where the depot is."""
    document["info"]["x-depot"] = "dummy"


@hookimpl
def psa_dummy_fees(kind: str) -> Money | None:
    """Laptops cost something."""
    return Money(Decimal("2.50"), "EUR") if kind == "laptop" else None


@hookimpl
def psa_dummy_prefix(kind: str) -> str | None:
    """Inventory numbers begin with the kind."""
    return kind.upper()
