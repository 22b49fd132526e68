"""What the API takes and answers for service levels."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Description = Annotated[str, Meta(max_length=2000)]
Start = Annotated[
    str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Clock time, 00:00 to 23:59")
]
End = Annotated[
    str,
    Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", description="Clock time, 24:00 is the day's end"),
]
WarnAt = Annotated[
    str,
    Meta(
        pattern="^[1-9][0-9]{0,2}%$|^[1-9][0-9]{0,4}m$",
        description="80% of the target, or 60m of business time before its end",
    ),
]
Hours = Annotated[Decimal, Meta(description="Hours, above 0")]


class OpenHours(msgspec.Struct, frozen=True):
    """A window of a day; an end before its start is on the next day (22:00 to 06:00)."""

    start: Start
    end: End


class Week(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Windows by weekday; several make split shifts."""

    monday: list[OpenHours] = field(default_factory=list)
    tuesday: list[OpenHours] = field(default_factory=list)
    wednesday: list[OpenHours] = field(default_factory=list)
    thursday: list[OpenHours] = field(default_factory=list)
    friday: list[OpenHours] = field(default_factory=list)
    saturday: list[OpenHours] = field(default_factory=list)
    sunday: list[OpenHours] = field(default_factory=list)


def office_week() -> Week:
    """Return Monday to Friday, nine to five."""
    day = [OpenHours("09:00", "17:00")]
    return Week(monday=day, tuesday=day, wednesday=day, thursday=day, friday=day)


class Holiday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A special day; `windows` make it a half day, `yearly` brings it back every year."""

    date: datetime.date
    name: Name
    yearly: bool = False
    windows: list[OpenHours] = field(default_factory=list)


class BusinessHoursWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for business hours."""

    name: Name
    description: Description | None = None
    timezone: Annotated[str, Meta(max_length=60, description="IANA name, such as Europe/Berlin")]
    schedule: Week = field(default_factory=office_week)


class BusinessHoursRead(BusinessHoursWrite, kw_only=True):
    """The attributes of business hours."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class HolidayCalendarWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a holiday calendar."""

    name: Name
    description: Description | None = None
    holidays: Annotated[list[Holiday], Meta(max_length=2000)] = field(default_factory=list)


class HolidayCalendarRead(HolidayCalendarWrite, kw_only=True):
    """A holiday calendar's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class PolicyWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a policy."""

    name: Name
    description: Description | None = None
    is_default: bool = False
    pause_waiting_customer: bool = True
    pause_waiting_third_party: bool = False
    pause_scheduled: bool = False
    reopen: Literal["continue", "new_cycle"] = "continue"
    warnings: Annotated[list[WarnAt], Meta(max_length=10)] = field(default_factory=lambda: ["80%"])


class PolicyRead(PolicyWrite, kw_only=True):
    """A policy's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class TargetWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a target; null promises nothing."""

    first_response_hours: Hours | None = None
    resolution_hours: Hours | None = None
    operational_hours: Literal["business_hours", "24x7"] = "business_hours"


class TargetRead(TargetWrite, kw_only=True):
    """A target's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class CompanyPolicyShape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a company has more, besides its policy, a relationship."""

    inherit_sla: bool = True
