"""What other plugins may use of single sign-on with OpenID Connect."""

from typing import Final, Literal

from psa_sdk.identity_providers import IdentityProviders

PROVIDERS: Final = "oidc-providers"
"""The resource of identity providers."""
OIDC_PROVIDERS: Final = IdentityProviders(plugin="sso_oidc", resource=PROVIDERS, protocol="oidc")
Preset = Literal["other", "entra", "google", "okta", "keycloak"]
