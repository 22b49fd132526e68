"""The attributes of tickets and of the desk's lists as clients read and write them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from psa_ticketing.api import Source, StatusCategory

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Title = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(max_length=200_000, description="Markdown")]
Order = Annotated[int, Meta(ge=0, le=100_000)]
Hours = Annotated[Decimal, Meta(description="Hours with up to two decimals, not negative")]
Tag = Annotated[str, Meta(min_length=1, max_length=50)]
Tags = Annotated[list[Tag], Meta(max_length=50)]
Tone = Literal[
    "slate", "red", "orange", "amber", "lime", "green", "teal", "cyan", "blue", "indigo", "violet", "pink"
]


class QueueWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a queue."""

    name: Name
    description: Annotated[str, Meta(max_length=2000)] | None = None
    is_default: bool = False
    is_active: bool = True
    sort_order: Order = 0


class QueueRead(QueueWrite, kw_only=True):
    """A queue's attributes."""

    created_at: datetime
    updated_at: datetime


class StatusWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a status."""

    name: Name
    color: Tone = "slate"
    category: StatusCategory = "open"
    is_default: bool = False
    sort_order: Order = 0


class StatusRead(StatusWrite, kw_only=True):
    """A status's attributes."""

    created_at: datetime
    updated_at: datetime
    is_closed: bool


class PriorityWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a priority."""

    name: Name
    color: Tone = "slate"
    sla_multiplier: Annotated[Decimal, Meta(description="Above 0; 1 leaves times as they are")] = Decimal(1)
    is_default: bool = False
    sort_order: Order = 0


class PriorityRead(PriorityWrite, kw_only=True):
    """A priority's attributes."""

    created_at: datetime
    updated_at: datetime


class TypeWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a ticket type."""

    name: Name
    is_default: bool = False
    sort_order: Order = 0


class TypeRead(TypeWrite, kw_only=True):
    """A ticket type's attributes."""

    created_at: datetime
    updated_at: datetime


class CategoryWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a category or subcategory."""

    name: Name
    sort_order: Order = 0


class CategoryRead(CategoryWrite, kw_only=True):
    """A category's attributes."""

    created_at: datetime
    updated_at: datetime


class TicketWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for a ticket."""

    title: Title
    description: Text = ""
    source: Source = "api"
    scheduled_start: datetime | None = None
    scheduled_end: datetime | None = None
    estimated_hours: Hours | None = None
    is_billable: bool = True
    billing_status: Literal["not_billed", "ready_to_bill", "billed"] = "not_billed"
    external_number: Annotated[str, Meta(max_length=60)] | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    tags: Tags = field(default_factory=list)


class TicketPortalWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What clients may send for a ticket."""

    title: Title
    description: Text = ""


class TicketRead(TicketWrite, kw_only=True):
    """A ticket's attributes."""

    created_at: datetime
    updated_at: datetime
    ticket_number: str
    description_html: str
    first_response_at: datetime | None
    resolved_at: datetime | None
    first_resolved_at: datetime | None
    closed_at: datetime | None
    reopen_count: int
    last_customer_activity_at: datetime | None
    last_staff_activity_at: datetime | None
    awaiting: Literal["us", "customer"]
    archived_at: datetime | None


class TemplateWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a ticket template."""

    name: Name
    title: Title
    description: Text = ""
    estimated_hours: Hours | None = None
    tags: Tags = field(default_factory=list)
    is_active: bool = True


class TemplateRead(TemplateWrite, kw_only=True):
    """A ticket template's attributes."""

    created_at: datetime
    updated_at: datetime


class CannedWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a canned response."""

    name: Name
    content: Annotated[str, Meta(min_length=1, max_length=20_000)]
    language: Annotated[str, Meta(max_length=20, pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$")] | None = None
    is_active: bool = True


class CannedRead(CannedWrite, kw_only=True):
    """A canned response's attributes."""

    created_at: datetime
    updated_at: datetime
