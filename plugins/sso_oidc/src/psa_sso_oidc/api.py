"""What other plugins may use of single sign-on with OpenID Connect."""

from typing import Final, Literal

PROVIDERS: Final = "oidc-providers"
"""The resource of identity providers."""
Preset = Literal["other", "entra", "google", "okta", "keycloak"]
