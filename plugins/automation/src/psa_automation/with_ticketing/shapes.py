"""The attributes of recurring tickets and close gates as clients read and write them."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from psa_automation.settings import Clock

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Tag = Annotated[str, Meta(min_length=1, max_length=50)]


class SinceRead(msgspec.Struct, kw_only=True):
    """Since when a ticket has its status; null where it never had another."""

    status_since: datetime | None = None


class RecurringWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a recurring ticket."""

    name: Name
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    description: Annotated[str, Meta(max_length=65_536)] = ""
    recurrence: Annotated[
        str, Meta(min_length=1, max_length=500, description="RRULE, such as FREQ=WEEKLY;BYDAY=MO")
    ]
    starts_on: date
    at: Annotated[Clock, Meta(title="Time of day")] = "08:00"
    catch_up: Annotated[
        Literal["last", "all"], Meta(description="What is opened of several missed occurrences")
    ] = "last"
    tags: Annotated[list[Tag], Meta(max_length=50)] = field(default_factory=list)
    is_active: bool = True


class RecurringRead(RecurringWrite, kw_only=True):
    """A recurring ticket's attributes."""

    next_at: datetime | None
    last_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OccurrenceRead(msgspec.Struct, kw_only=True):
    """What became of an occurrence."""

    occurs_at: datetime
    outcome: Literal["opened", "skipped", "failed"]
    detail: str
    created_at: datetime


class GateWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a close gate."""

    name: Name
    required_fields: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]],
        Meta(max_length=30, description="Attributes and relationships of tickets that must have a value"),
    ] = field(default_factory=list)
    needs_time: bool = False
    needs_resolution: bool = False
    needs_checklist: bool = False
    is_active: bool = True


class GateRead(GateWrite, kw_only=True):
    """A close gate's attributes."""

    created_at: datetime
    updated_at: datetime
