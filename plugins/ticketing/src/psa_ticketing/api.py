"""What the service desk offers to other plugins: facts about tickets, opening them, events."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk import Change, Event

TICKETS = "tickets"
StatusCategory = Literal[
    "new",
    "open",
    "waiting_customer",
    "waiting_third_party",
    "scheduled",
    "resolved",
    "closed",
    "merged",
    "spam",
]
Source = Literal["portal", "email", "phone", "api", "chat", "rmm"]


class TicketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What others need to know about a ticket."""

    id: UUID
    number: str
    title: str
    status_category: StatusCategory
    company_id: UUID | None
    contact_id: UUID | None
    assigned_to_id: UUID | None
    queue_id: UUID
    priority_id: UUID
    merged_into_id: UUID | None


class TicketPeople(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes part in a ticket: contacts in copy, and staff who watch it."""

    copied: tuple[UUID, ...] = ()
    watching: tuple[UUID, ...] = ()


class ServiceDesk(Protocol):
    """Looks up and opens tickets on behalf of other plugins (mail, monitoring, schedules)."""

    async def tickets(self, ids: Sequence[UUID]) -> Mapping[UUID, TicketFacts]:
        """Return the visible ones among some tickets."""
        ...

    async def by_number(self, number: str) -> TicketFacts | None:
        """Find a ticket by `T000123`, `#123` or `123`."""
        ...

    async def people(self, ticket_id: UUID) -> TicketPeople:
        """Return who takes part in a ticket beside requester and assignee."""
        ...

    async def surviving(self, ticket_id: UUID) -> UUID:
        """Follow merges to the ticket that is left."""
        ...

    async def open(self, *, title: str, source: Source, **values: Any) -> UUID:
        """Open a ticket; `values` are columns, what is missing takes the tenant's defaults."""
        ...

    async def set_category(self, ticket_id: UUID, category: StatusCategory) -> None:
        """Move a ticket to the default status of a category."""
        ...

    async def open_counts(self, account_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        """Return how many tickets that are still worked on each account has; none are left out."""
        ...


class TicketAppointments(Protocol):
    """Keeps appointments in line with tickets' schedules. Provided by whoever keeps a calendar."""

    async def follow(self, change: Change) -> None:
        """Do to a ticket's appointments what was done to the ticket, in the same transaction; may refuse it."""
        ...


class TicketOpened(Event, frozen=True, kw_only=True):
    """A ticket was opened."""

    name: ClassVar[str] = "ticketing.ticket_opened"
    ticket_id: UUID
    source: Source
    company_id: UUID | None = None


class TicketAssigned(Event, frozen=True, kw_only=True):
    """A ticket got another assignee or team."""

    name: ClassVar[str] = "ticketing.ticket_assigned"
    ticket_id: UUID
    assigned_to_id: UUID | None
    team_id: UUID | None = None


class TicketStatusChanged(Event, frozen=True, kw_only=True):
    """A ticket's status moved to another category."""

    name: ClassVar[str] = "ticketing.ticket_status_changed"
    ticket_id: UUID
    before: StatusCategory
    after: StatusCategory


class TicketReplied(Event, frozen=True, kw_only=True):
    """A note was added to a ticket; `by` says by whose side."""

    name: ClassVar[str] = "ticketing.ticket_replied"
    ticket_id: UUID
    comment_id: UUID
    by: Literal["staff", "customer", "system"]
    note_type: Literal["internal", "public", "resolution"]


class TicketEscalated(Event, frozen=True, kw_only=True):
    """A ticket was escalated."""

    name: ClassVar[str] = "ticketing.ticket_escalated"
    ticket_id: UUID
    reason: str


class TicketsMerged(Event, frozen=True, kw_only=True):
    """One ticket was merged into another; everything that hung on it has moved."""

    name: ClassVar[str] = "ticketing.tickets_merged"
    source_id: UUID
    target_id: UUID


class TicketSplit(Event, frozen=True, kw_only=True):
    """Some notes of a ticket became a ticket of their own."""

    name: ClassVar[str] = "ticketing.ticket_split"
    origin_id: UUID
    ticket_id: UUID


class SurveyRequested(Event, frozen=True, kw_only=True):
    """A client is to be asked how they found the help: whoever sends mail asks `SurveyLinks` for the token."""

    name: ClassVar[str] = "ticketing.survey_requested"
    survey_id: UUID
    ticket_id: UUID
    contact_id: UUID


class SurveyAnswered(Event, frozen=True, kw_only=True):
    """A client said how they found the help, from 1 (bad) to 5."""

    name: ClassVar[str] = "ticketing.survey_answered"
    survey_id: UUID
    ticket_id: UUID
    rating: int
    assigned_to_id: UUID | None = None


class SurveyLinks(Protocol):
    """Makes the signed links by which clients answer surveys."""

    def token(self, survey_id: UUID) -> str:
        """Return the token of `/public/surveys/{token}` and of the portal's page `/survey/{token}`."""
        ...


EVENTS = (
    TicketOpened,
    TicketAssigned,
    TicketStatusChanged,
    TicketReplied,
    TicketEscalated,
    TicketsMerged,
    TicketSplit,
    SurveyRequested,
    SurveyAnswered,
)
