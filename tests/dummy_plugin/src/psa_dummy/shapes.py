"""The attributes of gadgets as clients read and write them."""

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, field

from psa_sdk import Address, Money

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Kind = Literal["laptop", "phone", "router"]
State = Literal["here", "lent", "lost"]


class GadgetWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for a gadget."""

    name: Name
    kind: Kind = "laptop"
    batteries: Annotated[int, Meta(ge=0, le=100)] = 1
    portable: bool = True
    weight_kg: Annotated[Decimal, Meta(description="Kilograms with up to three decimals")] = Decimal(1)
    price: Money | None = None
    location: Address = Address()
    bought_on: datetime.date | None = None
    checked_at: datetime.datetime | None = None
    vendor_reference: UUID | None = None
    unlock_code: Annotated[str, Meta(max_length=200)] | None = None
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=50)] = field(
        default_factory=list
    )
    custom_fields: dict[str, Any] = field(default_factory=dict)


class GadgetPortalWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What clients may send for a gadget of theirs."""

    batteries: Annotated[int, Meta(ge=0, le=100)] = 1


class GadgetRead(msgspec.Struct, kw_only=True):
    """A gadget's attributes."""

    name: str
    kind: Kind
    state: State
    number: int
    batteries: int
    portable: bool
    weight_kg: Decimal
    price: Money | None
    location: Address
    bought_on: datetime.date | None
    checked_at: datetime.datetime | None
    vendor_reference: UUID | None
    unlock_code: bool
    tags: list[str]
    custom_fields: dict[str, Any]
    inventory_number: str
    heavy: bool
    seen_at: datetime.datetime | None
    retired_at: datetime.datetime | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


class LabelWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for a label."""

    name: Name


class InspectionWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for an inspection."""

    finding: Name


class RemarkWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What staff may send for a remark."""

    text: Name


class StandingShape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a company has more."""

    lending_grade: Literal["good", "bad"] | None = None


class LendGadget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """To whom the gadget goes."""

    company: UUID


class Stock(msgspec.Struct, kw_only=True):
    """How many gadgets are where, and what lending a laptop costs."""

    here: int
    lent: int
    fees: list[Money]


class StockQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which gadgets to count."""

    kind: Kind | None = None
