"""What time offers to other plugins: approved work to bill, questions about price and calendars, events."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Protocol
from uuid import UUID

import msgspec

from psa_sdk import Event
from psa_time.clock_times import Span
from psa_time.pricing import RateOrigin, Segment, exact_amount, grouped
from psa_time.rounding import Rounding, RoundingScope

__all__ = [
    "ENTRIES",
    "Absences",
    "BillableTime",
    "ContractTime",
    "HolidayCalendar",
    "RateOrigin",
    "RateSource",
    "Rounding",
    "RoundingScope",
    "Segment",
    "Span",
    "Terms",
    "TicketClients",
    "TimeApproved",
    "TimeBilled",
    "TimeLedger",
    "TimeReleased",
    "TimeUnapproved",
    "TimerForgotten",
    "TimesheetRejected",
    "TimesheetSubmitted",
    "WorkFacts",
    "exact_amount",
    "grouped",
]

ENTRIES = "time-entries"


class WorkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of work when its price is asked for; `date` is the local date of the work."""

    entry_id: UUID
    account_id: UUID
    company_id: UUID
    work_type_id: UUID
    date: datetime.date
    ticket_id: UUID | None = None
    project_id: UUID | None = None
    contract_id: UUID | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a contract says about work; None where it says nothing."""

    contract_id: UUID | None = None
    hourly_rate: Decimal | None = None
    after_hours_multiplier: Decimal | None = None
    premium_multiplier: Decimal | None = None
    """Instead of the work type's premium."""
    rounding: Rounding | None = None


class RateSource(Protocol):
    """Knows which contract work falls under and what that says. Asked within the writing transaction.

    Provided by whoever keeps contracts and rate cards; without one, time's own rates hold.
    """

    async def terms(self, work: WorkFacts) -> Terms | None:
        """Return the terms at the moment of work, None where no contract covers it."""
        ...


class TicketClients(Protocol):
    """Knows whom work on a ticket is for. Provided by the bridge to the service desk."""

    async def company_of(self, ticket_id: UUID) -> UUID | None:
        """Return a ticket's company, None where it has none; raises `Invalid` where no time may be added."""
        ...


class HolidayCalendar(Protocol):
    """Knows the days on which a client does not work. Provided by whoever keeps calendars."""

    async def holidays(
        self, company_id: UUID, first: datetime.date, last: datetime.date
    ) -> Collection[datetime.date]:
        """Return a client's holidays between two dates, inclusive."""
        ...


class Absences(Protocol):
    """Knows when staff are away. Provided by whoever keeps calendars."""

    async def minutes_away(
        self, account_ids: Collection[UUID], first: datetime.date, last: datetime.date
    ) -> Mapping[tuple[UUID, datetime.date], int]:
        """Return the working minutes missed by account and date: time off and public holidays."""
        ...


class BillableTime(msgspec.Struct, frozen=True, kw_only=True):
    """An approved entry as an invoice needs it; `segments` hold the billable minutes."""

    id: UUID
    account_id: UUID
    company_id: UUID
    date: datetime.date
    work_type_id: UUID
    ticket_id: UUID | None
    project_id: UUID | None
    contract_id: UUID | None
    notes: str
    worked_minutes: int
    billable_minutes: int
    segments: Sequence[Segment]
    hourly_rate: Decimal | None
    rate_source: RateOrigin
    is_no_charge: bool
    total_amount: Decimal
    currency: str


class ContractTime(msgspec.Struct, frozen=True, kw_only=True):
    """An approved billable entry under a contract; `segments` hold the billable minutes."""

    id: UUID
    date: datetime.date
    started_at: datetime.datetime | None
    work_type_id: UUID
    segments: Sequence[Segment]
    is_billed: bool


class TimeLedger(Protocol):
    """Approved work that nobody was billed for yet. Callers check permissions themselves."""

    async def companies(self, through: datetime.date) -> list[UUID]:
        """Return the companies that have something to bill."""
        ...

    async def unbilled(
        self,
        company_id: UUID,
        through: datetime.date,
        *,
        contract_id: UUID | None = None,
        limit: int = 50_000,
    ) -> list[BillableTime]:
        """Settle rounding per ticket, lock and return a company's billable entries by date.

        Entries that another run holds are left out (SKIP LOCKED).
        """
        ...

    async def of_contract(self, contract_id: UUID, known: Collection[UUID] = ()) -> list[ContractTime]:
        """Return a contract's approved entries that cost something and nobody was billed for.

        Those among `known` are told of after they were billed, too.
        """
        ...

    async def contracts_of(self, entry_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return the contracts of entries; those without one are absent."""
        ...

    async def unapproved(self, contract_ids: Collection[UUID], through: datetime.date) -> Mapping[UUID, int]:
        """Return how many billable entries up to a date wait for approval, by contract; none are absent."""
        ...

    async def mark_billed(self, lines: Mapping[UUID, UUID | None], invoice_id: UUID) -> None:
        """Link entries to an invoice and its lines; raises `Conflict` unless all of them were ready to bill."""
        ...

    async def release(self, invoice_id: UUID, entry_ids: Sequence[UUID] | None = None) -> int:
        """Make entries of an invoice billable again, all unless some are named; returns how many."""
        ...


class TimeApproved(Event, frozen=True, kw_only=True):
    """Work was approved."""

    name: ClassVar[str] = "time.time_approved"
    entry_ids: Sequence[UUID]
    approved_by_id: UUID


class TimeUnapproved(Event, frozen=True, kw_only=True):
    """Approved work became a draft again; what it used up is given back."""

    name: ClassVar[str] = "time.time_unapproved"
    entry_ids: Sequence[UUID]


class TimeBilled(Event, frozen=True, kw_only=True):
    """Work went on an invoice."""

    name: ClassVar[str] = "time.time_billed"
    invoice_id: UUID
    entry_ids: Sequence[UUID]


class TimeReleased(Event, frozen=True, kw_only=True):
    """Work was taken off an invoice and can be billed again."""

    name: ClassVar[str] = "time.time_released"
    invoice_id: UUID
    entry_ids: Sequence[UUID]


class TimesheetSubmitted(Event, frozen=True, kw_only=True):
    """A user handed in a week."""

    name: ClassVar[str] = "time.timesheet_submitted"
    timesheet_id: UUID
    account_id: UUID


class TimesheetRejected(Event, frozen=True, kw_only=True):
    """A week, or a part of it, was given back."""

    name: ClassVar[str] = "time.timesheet_rejected"
    timesheet_id: UUID
    account_id: UUID
    reason: str


class TimerForgotten(Event, frozen=True, kw_only=True):
    """A timer has been running for longer than anybody works."""

    name: ClassVar[str] = "time.timer_forgotten"
    timer_id: UUID
    account_id: UUID
    minutes: int


EVENTS: tuple[type[Any], ...] = (
    TimeApproved,
    TimeUnapproved,
    TimeBilled,
    TimeReleased,
    TimesheetSubmitted,
    TimesheetRejected,
    TimerForgotten,
)
