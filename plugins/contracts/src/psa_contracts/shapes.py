"""The attributes of contracts as clients read and write them."""

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, field

from psa_contracts.charging import Decrease, FirstPeriod, Timing
from psa_contracts.counting import QuantityRule
from psa_contracts.hours import GrantKind
from psa_contracts.periods import Cycle
from psa_sdk.values import CurrencyCode

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Long = Annotated[str, Meta(max_length=100_000)]
Line = Annotated[str, Meta(max_length=200)]
Price = Annotated[Decimal, Meta(description="Not negative, up to four places")]
Minutes = Annotated[int, Meta(ge=0, le=6_000_000)]
Order = Annotated[int, Meta(ge=0, le=100_000)]
ContractType = Literal["managed_services", "block_hours", "time_and_materials", "fixed_price", "warranty"]
Status = Literal["draft", "active", "expired", "cancelled"]
Labour = Literal["billed", "hours", "included"]
UnapprovedTime = Literal["warn", "block", "ignore"]
ItemType = Literal["recurring_service", "block_hours", "retainer", "product", "milestone"]
Percent = Annotated[Decimal, Meta(description="-100 to 1000")]
Multiplier = Annotated[Decimal, Meta(description="At least 1")]


class ContractWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a contract."""

    name: Name
    contract_type: ContractType
    start_date: datetime.date
    end_date: datetime.date | None = None
    anchor_date: Annotated[datetime.date | None, Meta(description="Unsaid, the start date")] = None
    billing_cycle: Cycle = "monthly"
    billing_timing: Timing = "advance"
    first_period: FirstPeriod = "prorate"
    unapproved_time: UnapprovedTime = "warn"
    currency: Annotated[CurrencyCode | None, Meta(description="Unsaid, the organisation's")] = None
    auto_renew: bool = False
    renewal_months: Annotated[int, Meta(ge=1, le=120)] = 12
    notice_days: Annotated[int, Meta(ge=0, le=730)] = 30
    uplift_percent: Percent = Decimal(0)
    labour: Annotated[Labour | None, Meta(description="Unsaid, what the type of contract means")] = None
    weighted_burn: bool = True
    overage_multiplied: bool = False
    is_default: bool = True
    covers_children: bool = False
    after_hours_multiplier: Multiplier | None = None
    rounding_increment: Annotated[int, Meta(ge=1, le=1440)] | None = None
    rounding_method: Literal["up", "down", "nearest"] = "up"
    rounding_minimum: Annotated[int, Meta(ge=0, le=1440)] = 0
    rounding_scope: Literal["entry", "ticket", "ticket_day"] = "entry"
    top_up_minutes: Annotated[int, Meta(ge=1, le=6_000_000)] | None = None
    top_up_price: Price | None = None
    po_number: Line | None = None
    terms: Long = ""
    notes: Long = ""
    custom_fields: dict[str, Any] = field(default_factory=dict)


class ContractRead(msgspec.Struct, kw_only=True):
    """A contract's attributes."""

    contract_number: str
    name: str
    contract_type: ContractType
    status: Status
    start_date: datetime.date
    end_date: datetime.date | None
    anchor_date: datetime.date
    billing_cycle: Cycle
    billing_timing: Timing
    first_period: FirstPeriod
    unapproved_time: UnapprovedTime
    billing_amount: Decimal
    currency: str
    auto_renew: bool
    renewal_months: int
    notice_days: int
    uplift_percent: Decimal
    notice_given_on: datetime.date | None
    cancellation_reason: str | None
    labour: Labour
    weighted_burn: bool
    overage_multiplied: bool
    is_default: bool
    covers_children: bool
    after_hours_multiplier: Decimal | None
    rounding_increment: int | None
    rounding_method: Literal["up", "down", "nearest"]
    rounding_minimum: int
    rounding_scope: Literal["entry", "ticket", "ticket_day"]
    top_up_minutes: int | None
    top_up_price: Decimal | None
    po_number: str | None
    signed_date: datetime.date | None
    terms: str
    notes: str
    custom_fields: dict[str, Any]
    created_at: datetime.datetime
    updated_at: datetime.datetime


class ItemWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for an item; `effective_on` says from when the values hold."""

    name: Name
    description: Long = ""
    item_type: ItemType = "recurring_service"
    quantity: Price = Decimal(1)
    unit_price: Price = Decimal(0)
    included_minutes: Minutes = 0
    overage_rate: Price | None = None
    effective_on: Annotated[datetime.date | None, Meta(description="Unsaid, today")] = None
    starts_on: Annotated[datetime.date | None, Meta(description="Unsaid, with the contract")] = None
    ends_on: datetime.date | None = None
    billing_frequency: Cycle | None = None
    decrease_policy: Decrease = "credit"
    rollover_minutes: Minutes = 0
    valid_months: Annotated[int, Meta(ge=1, le=120)] | None = None
    counter: Annotated[str, Meta(max_length=100)] | None = None
    quantity_rule: QuantityRule = "at_end"
    completed_on: datetime.date | None = None
    tax_category: Annotated[str, Meta(max_length=100)] = ""
    sort_order: Order = 0


class ItemRead(msgspec.Struct, kw_only=True):
    """An item's attributes."""

    name: str
    description: str
    item_type: ItemType
    quantity: Decimal
    unit_price: Decimal
    total_price: Decimal
    included_minutes: int
    included_hours: Decimal
    overage_rate: Decimal | None
    effective_on: datetime.date
    starts_on: datetime.date
    ends_on: datetime.date | None
    billing_frequency: Cycle | None
    decrease_policy: Decrease
    rollover_minutes: int
    valid_months: int | None
    counter: str | None
    quantity_rule: QuantityRule
    completed_on: datetime.date | None
    tax_category: str
    sort_order: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


class RevisionRead(msgspec.Struct, kw_only=True):
    """What held of an item from a date on."""

    sequence: int
    effective_on: datetime.date
    quantity: Decimal
    unit_price: Decimal
    included_minutes: int
    overage_rate: Decimal | None
    cause: Literal["agreed", "changed", "uplift"]
    created_at: datetime.datetime


class TermRead(msgspec.Struct, kw_only=True):
    """A term's attributes."""

    number: int
    starts_on: datetime.date
    ends_on: datetime.date | None
    origin: Literal["first", "automatic", "manual"]
    uplift_percent: Decimal


class VersionRead(msgspec.Struct, kw_only=True):
    """A version's attributes."""

    number: int
    cause: Literal["activated", "changed", "renewed", "signed", "cancelled", "ended"]
    changed: dict[str, Any]
    snapshot: dict[str, Any]
    author_id: UUID
    author_name: str
    signed_on: datetime.date | None
    signatory_id: UUID | None
    document_id: UUID | None
    created_at: datetime.datetime


class CardWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a rate card."""

    name: Name
    description: Long = ""
    is_default: bool = False


class CardRead(CardWrite, kw_only=True):
    """A rate card's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class CardVersionWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a version of a card."""

    starts_on: datetime.date
    note: Long = ""


class CardVersionRead(CardVersionWrite, kw_only=True):
    """A version's attributes."""

    created_at: datetime.datetime


class CardItemWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a rate."""

    hourly_rate: Price
    after_hours_rate: Price | None = None
    emergency_rate: Price | None = None


class CardItemRead(CardItemWrite, kw_only=True):
    """A rate's attributes."""

    created_at: datetime.datetime


class GrantWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for hours given by hand."""

    minutes: Annotated[int, Meta(ge=1, le=6_000_000)]
    valid_from: Annotated[datetime.date | None, Meta(description="Unsaid, today")] = None
    expires_on: datetime.date | None = None
    note: Long = ""


class GrantRead(msgspec.Struct, kw_only=True):
    """A grant's attributes."""

    kind: GrantKind
    minutes: int
    balance_minutes: int
    valid_from: datetime.date
    expires_on: datetime.date | None
    granted_on: datetime.date
    note: str
    created_at: datetime.datetime


class HourEntryRead(msgspec.Struct, kw_only=True):
    """A ledger entry's attributes; `source_id` is the time entry that burned."""

    kind: Literal["granted", "burned", "returned", "rolled", "expired", "corrected"]
    minutes: int
    source_id: UUID | None
    posted_on: datetime.date
    created_at: datetime.datetime


class ChargeRead(msgspec.Struct, kw_only=True):
    """A charge's attributes."""

    sequence: int
    period_start: datetime.date
    period_end: datetime.date
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    currency: str
    counted_ids: list[UUID] | None
    invoice_line: UUID | None
    created_at: datetime.datetime


class CountRead(msgspec.Struct, kw_only=True):
    """A count's attributes."""

    counted_on: datetime.date
    quantity: int
    counted_ids: list[UUID]
