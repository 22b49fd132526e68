"""OAuth's table of contents."""

from collections.abc import Mapping, Sequence

from psa_oauth import actors, api, client_routes, endpoints, leaving, resources, tables
from psa_oauth.discovery import ROUTES
from psa_oauth.issuer import tenant_of
from psa_oauth.settings import OAuthSettings
from psa_sdk import Manifest, hookimpl
from psa_sdk.web import Installation, WebRoute

_OWN = ("oauth.oauth_consents.read@own", "oauth.oauth_consents.delete@own")


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="oauth",
        title="Applications",
        description="Lets other people's applications act for people who allow it: OAuth 2.0 and OpenID Connect.",
        requires=("web",),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=(*endpoints.ALL, *client_routes.ALL),
        roles=dict.fromkeys(("manager", "technician", "dispatcher", "sales", "finance"), _OWN),
        events=api.EVENTS,
        subscribers=leaving.SUBSCRIBERS,
        interceptors=leaving.INTERCEPTORS,
        actors=(*actors.ALL, leaving.tell),
        schedules=actors.SCHEDULES,
        settings=OAuthSettings,
    )


@hookimpl
def psa_tenant_hint(host: str, path: str, headers: Mapping[str, str]) -> str | None:
    """Find the tenant in the paths of the protocol, whose clients send no header of ours."""
    return tenant_of(path)


@hookimpl
def psa_web_routes(installation: Installation) -> Sequence[WebRoute]:
    """Serve the metadata where the specifications want it."""
    return ROUTES
