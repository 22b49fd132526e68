"""What other plugins may use of single sign-on with SAML."""

from typing import Final
from uuid import UUID

PROVIDERS: Final = "saml-providers"
"""The resource of identity providers."""


def key_of(provider: UUID) -> str:
    """Return the name under which a provider's identities are linked (`psa_sdk.sign_in.ExternalIdentities`)."""
    return f"saml:{provider}"
