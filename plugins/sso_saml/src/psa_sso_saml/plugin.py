"""The table of contents of single sign-on with SAML."""

from collections.abc import Sequence

from psa_sdk import Manifest, hookimpl
from psa_sdk.web import Installation, WebAsset, WebRoute
from psa_sso_saml import pages, resources, routes, tables
from psa_sso_saml.browsers import web_routes
from psa_sso_saml.source import SamlProviders


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="sso_saml",
        title="Single sign-on (SAML)",
        description="Identity providers that speak SAML 2.0 let people in.",
        tables=tables.ALL,
        resources=resources.ALL,
        routes=routes.ALL,
        sign_in=SamlProviders(),
        ui=pages.UI,
    )


@hookimpl
def psa_web_routes(installation: Installation) -> Sequence[WebRoute | WebAsset]:
    """Return where browsers leave for a provider, and where they come for what arrived."""
    return [*web_routes("staff"), *web_routes("portal")]
