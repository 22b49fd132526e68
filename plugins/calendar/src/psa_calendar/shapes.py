"""What clients of the API send and get."""

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

Status = Literal["scheduled", "in_progress", "completed", "cancelled"]
Type = Literal["ticket", "project", "meeting", "other"]
Minutes = Annotated[int, Meta(ge=0, le=40_320)]


class AppointmentWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for an appointment: instants, or dates with `all_day`."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    description: Annotated[str, Meta(max_length=20_000)] = ""
    notes: Annotated[str, Meta(max_length=20_000)] = ""
    appointment_type: Type = "other"
    status: Status = "scheduled"
    start_time: Annotated[
        datetime.datetime | None, Meta(description="Moved alone, it takes the end along")
    ] = None
    end_time: Annotated[datetime.datetime | None, Meta(description="Exclusive")] = None
    all_day: bool = False
    start_date: datetime.date | None = None
    end_date: Annotated[datetime.date | None, Meta(description="The last day, included")] = None
    location: Annotated[str, Meta(max_length=500)] = ""
    is_busy: bool = True
    is_private: bool = False
    is_client_visible: bool = False
    allow_conflicts: Annotated[
        bool, Meta(description="Needs calendar.conflicts.allow where there are any")
    ] = False
    reminder_minutes: Annotated[list[Minutes], Meta(max_length=5)] = field(default_factory=list)


class AppointmentRead(AppointmentWrite, kw_only=True):
    """An appointment's attributes."""

    sequence: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
    archived_at: datetime.datetime | None


class CalendarEntry(msgspec.Struct, kw_only=True):
    """What a calendar shows of an appointment; of those that one may not see, no more than that the time is taken."""

    appointment: str | None
    title: str | None
    start_time: datetime.datetime
    end_time: datetime.datetime
    all_day: bool
    start_date: datetime.date | None
    end_date: datetime.date | None
    status: Status | None
    appointment_type: Type | None
    location: str
    users: list[str]
