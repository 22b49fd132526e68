"""SCIM's table of contents."""

from collections.abc import Mapping, Sequence

from psa_scim import actors, demo, pages, resources, routes, subscribers, tables, token_routes
from psa_scim.credentials import tenant_of
from psa_sdk import Manifest, hookimpl
from psa_sdk.web import Installation, ProtocolRoute


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="scim",
        title="Provisioning (SCIM)",
        description="Identity providers such as Entra ID and Okta keep accounts and roles up to date.",
        tables=tables.ALL,
        resources=resources.ALL,
        routes=token_routes.ALL,
        subscribers=subscribers.ALL,
        actors=actors.ALL,
        schedules=actors.SCHEDULES,
        ui=pages.UI,
        demo=demo.fill,
    )


@hookimpl
def psa_tenant_hint(host: str, path: str, headers: Mapping[str, str]) -> str | None:
    """Find the tenant that a provider's token names; providers send no header of ours."""
    return tenant_of(headers.get("authorization", "")) if path.startswith(f"{routes.AT}/") else None


@hookimpl
def psa_web_routes(installation: Installation) -> Sequence[ProtocolRoute]:
    """Serve the protocol where providers expect it."""
    return routes.ROUTES
