"""The attributes of request types, their questions and answers as the API shows them."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from psa_portal.with_ticketing.fields import Kind

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,49}$", examples=["first_day"])]
Condition = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,49}(=.{1,100})?$", examples=["hardware=laptop"])]
Order = Annotated[int, Meta(ge=0, le=100_000)]
Option = Annotated[str, Meta(min_length=1, max_length=100)]


class RequestTypeWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for a request type."""

    name: Name
    description: Annotated[str, Meta(max_length=300)] = ""
    icon: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")] = "life-buoy"
    is_active: bool = True
    sort_order: Order = 0


class RequestTypeRead(RequestTypeWrite, kw_only=True):
    """A request type's attributes."""

    created_at: datetime
    updated_at: datetime


class RequestFieldWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for a question."""

    key: Key
    label: Annotated[str, Meta(min_length=1, max_length=200)]
    help: Annotated[str, Meta(max_length=300)] = ""
    kind: Kind = "text"
    options: Annotated[list[Option], Meta(max_length=100)] = field(default_factory=list)
    required: bool = False
    required_if: Condition | None = None
    sort_order: Order = 0


class RequestFieldRead(RequestFieldWrite, kw_only=True):
    """A question's attributes."""

    created_at: datetime
    updated_at: datetime


class RequestAnswerRead(msgspec.Struct, kw_only=True):
    """What was answered, as it was asked then."""

    name: str
    answers: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
