"""Letters: what goes to a client's people. Whoever sends mail listens to `LetterDue` and asks for the letter."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk import Event

LetterKind = Literal["invoice", "reminder", "statement", "receipt"]


class LetterDue(Event, frozen=True, kw_only=True):
    """Something is to be sent. The delivery's id is the key by which the other side sends it once."""

    name: ClassVar[str] = "billing.letter_due"
    delivery_id: UUID
    kind: LetterKind


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter in the client's language; attachments are ids of the tenant's files."""

    delivery_id: UUID
    kind: LetterKind
    to: Sequence[str]
    subject: str
    text: str
    language: str
    company_id: UUID
    invoice_id: UUID | None = None
    link: str = ""
    attachments: Sequence[UUID] = ()


class InvoiceLetters(Protocol):
    """Hands out letters and notes what became of them."""

    async def letter(self, delivery_id: UUID) -> Letter | None:
        """Return a letter; None when it should no longer go out: paid meanwhile, void, held back."""
        ...

    async def sent(self, delivery_id: UUID) -> None:
        """Note that a letter went out."""
        ...

    async def bounced(self, delivery_id: UUID, reason: str) -> None:
        """Note that a letter didn't arrive."""
        ...
