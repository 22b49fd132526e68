"""What other plugins may use of single sign-on with OpenID Connect."""

from typing import Final, Literal
from uuid import UUID

PROVIDERS: Final = "oidc-providers"
"""The resource of identity providers."""
Preset = Literal["other", "entra", "google", "okta", "keycloak"]


def key_of(provider: UUID) -> str:
    """Return the name under which a provider's identities are linked (`psa_sdk.sign_in.ExternalIdentities`)."""
    return f"oidc:{provider}"
