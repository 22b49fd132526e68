"""What the API answers about tickets' service levels."""

import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from psa_sla.api import ClockKind, ClockState
from psa_sla.policies import Source

Overall = Literal["none", "on_track", "warning", "paused", "breached", "met"]


class QueuePolicyShape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a queue has more: its policy, a relationship."""


class TicketSlaWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent about a ticket's service level, beside the relationship `sla_override`."""

    sla_exempt: bool = False


class TicketSlaRead(msgspec.Struct, kw_only=True):
    """How a ticket stands; null where nothing was ever promised, times of dues also while a clock stands."""

    sla_exempt: bool | None = None
    sla_source: Source | None = None
    sla_state: Overall | None = None
    sla_due_at: datetime.datetime | None = None
    sla_response_state: ClockState | None = None
    sla_response_due_at: datetime.datetime | None = None
    sla_response_breached_at: datetime.datetime | None = None
    sla_resolution_state: ClockState | None = None
    sla_resolution_due_at: datetime.datetime | None = None
    sla_resolution_breached_at: datetime.datetime | None = None


class Stretch(msgspec.Struct, kw_only=True):
    """What a clock did from `at` on, and why."""

    at: datetime.datetime
    state: Literal["running", "paused", "stopped", "left"]
    target_seconds: int | None
    calendar_version: UUID | None
    cause: str


class ShownClock(msgspec.Struct, kw_only=True):
    """One clock; seconds are business time, `remaining_seconds` negative when overdue (SLA-35)."""

    clock: ClockKind
    state: ClockState
    cycle: int
    target_seconds: int | None
    consumed_seconds: int
    remaining_seconds: int | None
    due_at: datetime.datetime | None
    breached_at: datetime.datetime | None
    log: list[Stretch]


class ShownSla(msgspec.Struct, kw_only=True):
    """The service level of a ticket."""

    policy: UUID | None
    policy_name: str
    source: Source
    state: Overall
    clocks: list[ShownClock]


class ComplianceRow(msgspec.Struct, kw_only=True):
    """One clock of one group: compliance is met / (met + breached), open overdue ones among the breached (SLA-28)."""

    group: UUID | None
    label: str
    clock: ClockKind
    tickets: int
    met: int
    breached: int
    open_overdue: int
    open_in_time: int
    compliance_percent: Decimal | None


class BreachRow(msgspec.Struct, kw_only=True):
    """A missed target; `overdue_seconds` is business time until it was met, or until now."""

    ticket: UUID
    ticket_number: str
    title: str
    company: UUID | None
    company_name: str
    assigned_to: UUID | None
    clock: ClockKind
    cycle: int
    breached_at: datetime.datetime
    overdue_seconds: int
    is_open: bool
