"""What contracts offers to other plugins: which contract covers work, its hours, counters, events."""

import datetime
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Protocol
from uuid import UUID

import msgspec

from psa_contracts.hours import Stretch, Work
from psa_contracts.selection import Place
from psa_sdk import Context, Event, hookspec

__all__ = [
    "CONTRACTS",
    "EVENTS",
    "ITEMS",
    "AgreementBook",
    "ContractActivated",
    "ContractCancelled",
    "ContractEnded",
    "ContractExpiring",
    "ContractFacts",
    "ContractRenewed",
    "ContractSigned",
    "Counter",
    "HoursRunningLow",
    "HoursToppedUp",
    "Place",
    "Stretch",
    "TicketPlaces",
    "Work",
    "WorkSource",
    "psa_contracts_counters",
]

CONTRACTS = "contracts"
ITEMS = "contract-items"


class ContractFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What others need to know about a contract."""

    id: UUID
    number: str
    name: str
    company_id: UUID
    contract_type: str
    status: str
    start_date: datetime.date
    end_date: datetime.date | None
    labour: str


class AgreementBook(Protocol):
    """Looks up contracts. Callers check permissions themselves."""

    async def contracts(self, ids: Collection[UUID]) -> Mapping[UUID, ContractFacts]:
        """Return the contracts that exist."""
        ...

    async def covering(self, place: Place) -> ContractFacts | None:
        """Return the contract that covers work somewhere on a date (CON-08), None for none."""
        ...


class WorkSource(Protocol):
    """Knows the approved work under contracts. Provided by the bridge to time; without one, hours aren't burned."""

    async def work(self, contract_id: UUID, known: Collection[UUID]) -> Sequence[Work]:
        """Return what isn't invoiced of a contract's approved billable work, and of `known` what still is its."""
        ...

    async def contracts_of(self, entry_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return the contracts of time entries; entries without one are absent."""
        ...

    async def unapproved(self, contract_ids: Collection[UUID], through: datetime.date) -> Mapping[UUID, int]:
        """Return how many billable entries up to a date wait for approval, by contract; none are absent."""
        ...


class TicketPlaces(Protocol):
    """Knows where work on a ticket happens. Provided by the bridge to the service desk."""

    async def place_of(self, ticket_id: UUID) -> "TicketPlace":
        """Return a ticket's contract and site."""
        ...


class TicketPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket's contract and site."""

    contract_id: UUID | None = None
    site_id: UUID | None = None


Count = Callable[[Context, UUID], Awaitable[Sequence[UUID]]]


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """Something a quantity can follow: `count(ctx, company_id)` returns the ids that are counted now (CON-09)."""

    name: str
    title: str
    count: Count


@hookspec
def psa_contracts_counters() -> Sequence[Counter]:  # pyright: ignore[reportReturnType]
    """Return what a plugin can count for a company: users, devices, licences."""


class ContractActivated(Event, frozen=True, kw_only=True):
    """A contract is in force."""

    name: ClassVar[str] = "contracts.contract_activated"
    contract_id: UUID
    company_id: UUID


class ContractRenewed(Event, frozen=True, kw_only=True):
    """A contract got another term; it stays the same contract."""

    name: ClassVar[str] = "contracts.contract_renewed"
    contract_id: UUID
    company_id: UUID
    starts_on: datetime.date
    ends_on: datetime.date
    uplift_percent: Decimal
    automatic: bool


class ContractCancelled(Event, frozen=True, kw_only=True):
    """Notice was given; the contract ends on a date."""

    name: ClassVar[str] = "contracts.contract_cancelled"
    contract_id: UUID
    company_id: UUID
    ends_on: datetime.date
    reason: str


class ContractEnded(Event, frozen=True, kw_only=True):
    """A contract's last day is over: it expired, or notice took effect."""

    name: ClassVar[str] = "contracts.contract_ended"
    contract_id: UUID
    company_id: UUID
    ended_on: datetime.date
    cancelled: bool


class ContractSigned(Event, frozen=True, kw_only=True):
    """A version of a contract was signed; `number` is the version's."""

    name: ClassVar[str] = "contracts.contract_signed"
    contract_id: UUID
    company_id: UUID
    number: int
    signed_on: datetime.date


class ContractExpiring(Event, frozen=True, kw_only=True):
    """A contract ends in so many days; told once for each of 90, 60, 30 and 7."""

    name: ClassVar[str] = "contracts.contract_expiring"
    contract_id: UUID
    company_id: UUID
    ends_on: datetime.date
    days: int
    renews: bool


class HoursRunningLow(Event, frozen=True, kw_only=True):
    """So much of the hours in force is used up; told once a period for each of 80, 95 and 100 percent."""

    name: ClassVar[str] = "contracts.hours_running_low"
    contract_id: UUID
    company_id: UUID
    percent: int
    left_minutes: int


class HoursToppedUp(Event, frozen=True, kw_only=True):
    """Hours ran out and more were bought by agreement."""

    name: ClassVar[str] = "contracts.hours_topped_up"
    contract_id: UUID
    company_id: UUID
    item_id: UUID


EVENTS: tuple[type[Any], ...] = (
    ContractActivated,
    ContractRenewed,
    ContractCancelled,
    ContractEnded,
    ContractSigned,
    ContractExpiring,
    HoursRunningLow,
    HoursToppedUp,
)
