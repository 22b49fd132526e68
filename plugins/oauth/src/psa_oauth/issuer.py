"""Who issues: the address that names a tenant to applications, and the routes below it."""

from collections.abc import Mapping
from typing import Any

from psa_oauth import scopes, signing
from psa_oauth.tables import GRANT_TYPES
from psa_sdk import Context
from psa_sdk.errors import NotFound
from psa_sdk.web import Browser, WebRequest

_METHODS = ["client_secret_basic", "client_secret_post"]


def issuer_of(ctx: Context, request: WebRequest, tenant: str = "") -> str:
    """Return the issuer, `https://psa.example.com/oauth/acme`; raises `NotFound` where the path names another tenant."""
    browser = ctx.service(Browser)
    if tenant and tenant != browser.slug:
        raise NotFound(f"Nobody issues tokens as {tenant!r} here.")
    return f"{browser.origin(request)}/oauth/{browser.slug}"


def tenant_of(path: str) -> str | None:
    """Return the tenant that a path of the protocol names.

    Example:
        >>> tenant_of("/api/v1/oauth/acme/token"), tenant_of("/.well-known/oauth-authorization-server/oauth/acme")
        ('acme', 'acme')
        >>> tenant_of("/api/v1/oauth-clients") is None
        True
    """
    parts = path.strip("/").split("/")
    for before in (["api", "v1", "oauth"], [".well-known", "oauth-authorization-server", "oauth"], ["oauth"]):
        if parts[: len(before)] == before and len(parts) > len(before):
            return parts[len(before)]
    return None


def metadata(issuer: str) -> Mapping[str, Any]:
    """Return what applications configure themselves by (RFC 8414 2, OpenID Connect Discovery 3)."""
    origin, _, tenant = issuer.rpartition("/oauth/")
    api = f"{origin}/api/v1/oauth/{tenant}"
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{origin}/ui/oauth/authorize",
        "token_endpoint": f"{api}/token",
        "device_authorization_endpoint": f"{api}/device",
        "introspection_endpoint": f"{api}/introspect",
        "revocation_endpoint": f"{api}/revoke",
        "end_session_endpoint": f"{api}/logout",
        "userinfo_endpoint": f"{origin}/api/v1/oauth-userinfo",
        "jwks_uri": f"{api}/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*_METHODS, "none"],
        "introspection_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_methods_supported": [*_METHODS, "none"],
        "scopes_supported": list(scopes.IDENTITY),
        "prompt_values_supported": ["none", "login", "consent"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [signing.ALGORITHM],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_supported": [
            "sub",
            "sid",
            "auth_time",
            "name",
            "zoneinfo",
            "locale",
            "email",
            "email_verified",
        ],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
