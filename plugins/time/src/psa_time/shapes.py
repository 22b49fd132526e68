"""The attributes of time tracking as clients read and write them."""

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_time.pricing import RateOrigin
from psa_time.rounding import Method, RoundingScope

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Notes = Annotated[str, Meta(max_length=20_000)]
Rate = Annotated[Decimal, Meta(description="Per hour, not negative")]
Order = Annotated[int, Meta(ge=0, le=100_000)]
DayMinutes = Annotated[int, Meta(ge=0, le=1440)]
ClockTime = Annotated[
    str,
    Meta(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?(Z|[+-]\d{2}:\d{2})?$",
        description="HH:MM in the user's zone; with an offset where the clock shows it twice",
    ),
]


class WorkTypeWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a work type."""

    name: Name
    description: Annotated[str, Meta(max_length=2000)] | None = None
    default_billable: bool = True
    default_rate: Rate | None = None
    rate_multiplier: Annotated[Decimal, Meta(description="At least 1")] = Decimal(1)
    is_active: bool = True
    sort_order: Order = 0


class WorkTypeRead(WorkTypeWrite, kw_only=True):
    """A work type's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class RoundingWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a rounding rule."""

    name: Name
    increment_minutes: Annotated[int, Meta(ge=1, le=1440)] = 15
    rounding_method: Method = "up"
    minimum_minutes: DayMinutes = 0
    scope: RoundingScope = "entry"
    is_default: bool = False


class RoundingRead(RoundingWrite, kw_only=True):
    """A rounding rule's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class RateWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for an hourly rate."""

    hourly_rate: Rate
    starts_on: datetime.date


class RateRead(RateWrite, kw_only=True):
    """An hourly rate's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class EntryWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for an entry: start and end, or how long it took."""

    date: datetime.date
    start_time: ClockTime | None = None
    end_time: ClockTime | None = None
    duration_minutes: DayMinutes | None = None
    notes: Notes = ""
    internal_notes: Notes = ""
    is_billable: Annotated[bool | None, Meta(description="Unsaid, what the work type says")] = None
    is_no_charge: bool = False
    rate_override: Rate | None = None


class EntryRead(msgspec.Struct, kw_only=True):
    """An entry's attributes; `duration_minutes` were worked, `billable_minutes` are priced."""

    date: datetime.date
    start_time: str | None
    end_time: str | None
    started_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    timezone: str
    duration_minutes: int
    billable_minutes: int
    notes: str
    internal_notes: str
    is_billable: bool
    is_no_charge: bool
    rate_override: Decimal | None
    hourly_rate: Decimal | None
    rate_source: RateOrigin
    segments: list[Any]
    total_amount: Decimal
    currency: str
    session: UUID | None
    needs_review: bool
    review_reason: Literal["overlap", "day_cap", "forgotten_timer"] | None
    approval_status: Literal["draft", "submitted", "approved"]
    rejection_reason: str | None
    approved_at: datetime.datetime | None
    billing_status: Literal["not_billed", "ready_to_bill", "billed"]
    created_at: datetime.datetime
    updated_at: datetime.datetime


class TimerRead(msgspec.Struct, kw_only=True):
    """A timer's attributes; `segments` are its finished stretches."""

    state: Literal["running", "paused", "stopped"]
    running_since: datetime.datetime | None
    first_started_at: datetime.datetime
    stopped_at: datetime.datetime | None
    segments: list[Any]
    notes: str
    needs_review: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime


class SheetRead(msgspec.Struct, kw_only=True):
    """A week's attributes."""

    start_date: datetime.date
    end_date: datetime.date
    status: Literal["open", "submitted", "approved"]
    submitted_at: datetime.datetime | None
    decided_at: datetime.datetime | None
    rejection_reason: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


class DelegationWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a delegation; both dates are included."""

    starts_on: datetime.date
    ends_on: datetime.date


class DelegationRead(DelegationWrite, kw_only=True):
    """A delegation's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class ScheduleWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a work schedule: minutes by weekday."""

    starts_on: datetime.date
    ends_on: datetime.date | None = None
    monday: DayMinutes = 480
    tuesday: DayMinutes = 480
    wednesday: DayMinutes = 480
    thursday: DayMinutes = 480
    friday: DayMinutes = 480
    saturday: DayMinutes = 0
    sunday: DayMinutes = 0


class ScheduleRead(ScheduleWrite, kw_only=True):
    """A work schedule's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class TemplateWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for an entry template."""

    name: Name
    duration_minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None
    notes: Notes = ""
    is_billable: bool = True


class TemplateRead(TemplateWrite, kw_only=True):
    """An entry template's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime
