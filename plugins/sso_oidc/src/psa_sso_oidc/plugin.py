"""The table of contents of single sign-on with OpenID Connect."""

from collections.abc import Sequence

from psa_sdk import Manifest, hookimpl
from psa_sdk.web import Installation, WebAsset, WebRoute
from psa_sso_oidc import pages, resources, routes, tables
from psa_sso_oidc.browsers import web_routes
from psa_sso_oidc.source import OidcProviders


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="sso_oidc",
        title="Single sign-on (OpenID Connect)",
        description="Identity providers such as Entra ID, Google Workspace, Okta and Keycloak let people in.",
        tables=tables.ALL,
        resources=resources.ALL,
        routes=routes.ALL,
        sign_in=OidcProviders(),
        ui=pages.UI,
    )


@hookimpl
def psa_web_routes(installation: Installation) -> Sequence[WebRoute | WebAsset]:
    """Return where browsers leave for a provider and come back."""
    return [*web_routes("staff"), *web_routes("portal")]
