"""The settings of time tracking."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from psa_sdk import Settings

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
WORKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")


class TimeSettings(Settings, frozen=True, kw_only=True):
    """How time is entered, priced and approved."""

    week_start: Annotated[Weekday, Meta(title="First day of the week")] = "monday"
    default_rate: Annotated[
        Decimal | None, Meta(title="Hourly rate", description="Where nothing closer has one")
    ] = None
    business_start: Annotated[Clock, Meta(title="Business hours from")] = "09:00"
    business_end: Annotated[Clock, Meta(title="Business hours until")] = "17:00"
    business_days: Annotated[tuple[Weekday, ...], Meta(title="Business days")] = WORKDAYS
    after_hours_multiplier: Annotated[
        Decimal, Meta(title="Multiple of the rate outside of business hours", description="1: no premium")
    ] = Decimal(1)
    overlap_policy: Annotated[
        Literal["off", "warn", "deny"],
        Meta(title="Entries at the same time", description="warn marks them for review"),
    ] = "warn"
    day_cap_minutes: Annotated[int, Meta(ge=0, le=1500, title="Most minutes a day", description="0: any")] = 0
    locked_through: Annotated[
        datetime.date | None,
        Meta(title="Locked up to and including", description="Nothing changes on or before this date"),
    ] = None
    timer_snap_minutes: Annotated[
        int, Meta(ge=0, le=60, title="Move timers' clock times to multiples of minutes", description="0: no")
    ] = 0
    timer_reminder_hours: Annotated[int, Meta(ge=1, le=24, title="Remind of running timers after hours")] = 8
    timer_review_hours: Annotated[int, Meta(ge=1, le=48, title="Have timers reviewed after hours")] = 12
    workday_minutes: Annotated[
        int, Meta(ge=0, le=1440, title="Minutes of a working day", description="Where a user has no schedule")
    ] = 480


DAYS: tuple[Weekday, ...] = (*WORKDAYS, "saturday", "sunday")


def weekday_number(day: Weekday) -> int:
    """Return 0 for Monday to 6 for Sunday."""
    return DAYS.index(day)


def clock_of(written: str) -> datetime.time:
    """Return a setting's time of day."""
    return datetime.time.fromisoformat(written)
