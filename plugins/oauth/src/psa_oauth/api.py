"""What others may know: that somebody used a stolen code or token."""

from typing import ClassVar
from uuid import UUID

from psa_sdk import Event


class TokenReused(Event, frozen=True, kw_only=True):
    """A code or refresh token came back after it was used; everything that followed from it has ended."""

    name: ClassVar[str] = "oauth.token_reused"
    account_id: UUID
    client_id: UUID


EVENTS = (TokenReused,)
