"""What other plugins may use of SCIM. What happens is told by the record events of these resources."""

from typing import Final
from uuid import UUID

PROVIDERS: Final = "scim-providers"
"""The resource of identity providers that send people and groups."""
TOKENS: Final = "scim-tokens"
"""Their credentials."""
PEOPLE: Final = "scim-users"
"""The people whom they sent."""
GROUPS: Final = "scim-groups"
"""The groups that they sent."""
FAULTS: Final = "scim-faults"
"""What was refused to them."""


def key_of(provider: UUID) -> str:
    """Return the name under which a provider's people are linked (`psa_sdk.sign_in.ExternalIdentities`)."""
    return f"scim:{provider}"
