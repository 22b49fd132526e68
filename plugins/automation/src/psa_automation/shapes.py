"""The attributes of rules, of their log and of people's skills as clients read and write them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, field

from psa_automation.settings import Clock, Weekday

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Skill = Annotated[str, Meta(min_length=1, max_length=50)]


class RuleWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a rule; see the documentation for triggers, conditions and actions."""

    name: Name
    description: Annotated[str, Meta(max_length=2000)] = ""
    resource: Annotated[str, Meta(max_length=100)] = "tickets"
    trigger_type: Annotated[
        str, Meta(max_length=60, description="created, updated, elapsed, schedule, manual, or an occasion")
    ]
    trigger_options: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    actions: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=20)]
    priority: Annotated[int, Meta(ge=0, le=1_000_000)] = 100
    is_active: bool = True
    stops: bool = False


class RuleRead(RuleWrite, kw_only=True):
    """A rule's attributes."""

    consecutive_failures: int
    disabled_reason: str
    next_run_at: datetime | None
    created_at: datetime
    updated_at: datetime


class RunRead(msgspec.Struct, kw_only=True):
    """What a rule did with a record."""

    subject_kind: str
    subject_id: UUID
    trigger: str
    cycle: str
    level: int
    outcome: Literal["done", "failed", "loop", "too_deep"]
    detail: Annotated[list[Any], Meta(description="What was done, or the rules of a circle")]
    error: str
    milliseconds: int
    created_at: datetime


class AssigneeWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a person's skills and hours."""

    skills: Annotated[list[Skill], Meta(max_length=50)] = field(default_factory=list)
    tier: Annotated[int, Meta(ge=1, le=9)] = 1
    works_from: Clock | None = None
    works_until: Clock | None = None
    works_on: Annotated[list[Weekday], Meta(max_length=7)] = field(default_factory=list)
    away_from: date | None = None
    away_until: date | None = None
    most_open: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    takes_work: bool = True


class AssigneeRead(AssigneeWrite, kw_only=True):
    """A person's skills and hours."""

    created_at: datetime
    updated_at: datetime
