"""What service levels offer to other plugins: business calendars, policies of contracts, events."""

import datetime
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk import Event
from psa_sla.business_time import (
    ALWAYS,
    AroundTheClock,
    BusinessTime,
    Calendar,
    Hours,
    NeverOpen,
    Window,
)

__all__ = [
    "ALWAYS",
    "EVENTS",
    "POLICIES",
    "AroundTheClock",
    "BusinessCalendars",
    "BusinessTime",
    "Calendar",
    "CalendarChanged",
    "ClockKind",
    "ClockState",
    "ContractPolicies",
    "Covered",
    "Hours",
    "NeverOpen",
    "PolicyChanges",
    "SlaBreached",
    "SlaWarning",
    "TicketClock",
    "TicketClocks",
    "Window",
]

POLICIES = "sla-policies"
ClockKind = Literal["response", "resolution"]
ClockState = Literal["none", "running", "paused", "met", "breached"]


class BusinessCalendars(Protocol):
    """Business time for others: automation's ageing, working hours, holidays. Batch where lists are handled."""

    async def hours(self, business_hours_id: UUID | None = None) -> BusinessTime:
        """Return how business hours count now; those of the default policy unless named, 24x7 without one.

        Raises `NotFound`.
        """
        ...

    async def of_companies(self, company_ids: Sequence[UUID]) -> Mapping[UUID, BusinessTime]:
        """Return each company's business time: its policy's, else the default policy's, else 24x7."""
        ...

    async def closed_dates(
        self, company_id: UUID, first: datetime.date, last: datetime.date
    ) -> list[datetime.date]:
        """Return the whole-day holidays that hold for a company, between two dates inclusive."""
        ...


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket whose contract is asked for.

    With `contract_written`, `contract_id` is what the ticket is about to have; else look what it has.
    """

    ticket_id: UUID
    company_id: UUID | None
    contract_id: UUID | None = None
    contract_written: bool = False
    ticket_type_id: UUID | None = None
    queue_id: UUID | None = None


class ContractPolicies(Protocol):
    """Knows which policy a ticket's contract promises. Provided by whoever keeps contracts.

    Asked inside the transaction that writes a ticket; it comes after a policy chosen for the ticket itself and
    before the company's (SLA-05). When an answer changes, tell `PolicyChanges`.
    """

    async def policies(self, tickets: Sequence[Covered]) -> Mapping[UUID, UUID]:
        """Return policies by ticket; tickets whose contract says nothing are left out."""
        ...


class PolicyChanges(Protocol):
    """Where others say that open tickets may fall under another policy from now on."""

    async def company_changed(self, company_id: UUID) -> None:
        """Have a company's open tickets looked at again, in the background."""
        ...

    async def ticket_changed(self, ticket_id: UUID) -> None:
        """Have one ticket looked at again now."""
        ...


class TicketClock(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of a ticket; times in business time, `due_at` None while it stands."""

    kind: ClockKind
    state: ClockState
    cycle: int
    target: datetime.timedelta | None
    consumed: datetime.timedelta
    remaining: datetime.timedelta | None
    """Negative when overdue."""
    due_at: datetime.datetime | None
    breached_at: datetime.datetime | None


class TicketClocks(Protocol):
    """Looks at tickets' clocks."""

    async def clocks(self, ticket_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[TicketClock]]:
        """Return the clocks of tickets that have any."""
        ...


class _ClockEvent(Event, frozen=True, kw_only=True):
    """What all events of clocks say; `at` is the exact instant, `notify` who should be told (SLA-30)."""

    ticket_id: UUID
    clock: ClockKind
    cycle: int
    at: datetime.datetime
    policy_id: UUID | None = None
    company_id: UUID | None = None
    queue_id: UUID | None = None
    assigned_to_id: UUID | None = None


class SlaWarning(_ClockEvent, frozen=True, kw_only=True):
    """A clock crossed a threshold: `80%` of its target, or `60m` before its end; each once per clock and cycle."""

    name: ClassVar[str] = "sla.sla_warning"
    threshold: str
    due_at: datetime.datetime | None = None
    notify: Sequence[UUID] = ()


class SlaBreached(_ClockEvent, frozen=True, kw_only=True):
    """A target was missed; `at` is when it was due."""

    name: ClassVar[str] = "sla.sla_breached"
    notify: Sequence[UUID] = ()


class CalendarChanged(Event, frozen=True, kw_only=True):
    """Business hours count differently from an instant on."""

    name: ClassVar[str] = "sla.calendar_changed"
    business_hours_ids: Sequence[UUID]
    effective_at: datetime.datetime


EVENTS: tuple[type[Event], ...] = (SlaWarning, SlaBreached, CalendarChanged)
