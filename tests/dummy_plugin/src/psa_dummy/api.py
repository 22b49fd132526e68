"""What the lending of gadgets offers to other plugins."""

from typing import ClassVar, Protocol
from uuid import UUID

from psa_dummy import questions
from psa_sdk import Event

GADGETS = "dummy-gadgets"
HOOKS = questions


class GadgetLent(Event, frozen=True, kw_only=True):
    """A gadget went to a company."""

    name: ClassVar[str] = "dummy.gadget_lent"
    gadget_id: UUID
    company_id: UUID


class GadgetReturned(Event, frozen=True, kw_only=True):
    """A gadget came back."""

    name: ClassVar[str] = "dummy.gadget_returned"
    version: ClassVar[int] = 2
    gadget_id: UUID


class Lending(Protocol):
    """Lends gadgets; callers check permissions themselves."""

    async def lend(self, gadget_id: UUID, company_id: UUID) -> None:
        """Give a gadget to a company; raises `Conflict` while another one has it."""
        ...

    async def take_back(self, gadget_id: UUID) -> None:
        """Note that a gadget came back; does nothing when it is here."""
        ...


EVENTS = (GadgetLent, GadgetReturned)
