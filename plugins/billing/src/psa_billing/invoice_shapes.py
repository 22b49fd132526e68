"""Invoices, payments and runs as clients read and write them."""

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from psa_billing.api_gateways import PaymentMethod
from psa_billing.settings import PaymentTerms
from psa_billing.shapes import Dated, Order, Recognition, Unit
from psa_sdk.values import CurrencyCode

Status = Literal["draft", "pending", "approved", "sent", "partially_paid", "paid", "void", "written_off"]
Kind = Literal["invoice", "credit_memo"]
Long = Annotated[str, Meta(max_length=20_000)]
Percent = Annotated[Decimal, Meta(description="0 to 100")]
PoNumber = Annotated[str, Meta(max_length=60)]


class InvoiceWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for an invoice; what is missing follows from the company."""

    invoice_date: datetime.date | None = None
    due_date: datetime.date | None = None
    payment_terms: PaymentTerms | None = None
    currency: CurrencyCode | None = None
    prices_include_tax: bool | None = None
    discount_percent: Percent = Decimal(0)
    discount_fixed: Annotated[Decimal, Meta(description="Off the sum of the lines, without a percentage")] = (
        Decimal(0)
    )
    notes: Long = ""
    internal_notes: Long = ""
    po_number: PoNumber | None = None
    reminders_paused: bool = False
    promised_on: datetime.date | None = None


class InvoiceRead(Dated, kw_only=True):
    """An invoice's attributes."""

    invoice_number: str | None
    display_number: str
    kind: Kind
    status: Status
    is_overdue: bool
    invoice_date: datetime.date
    due_date: datetime.date
    payment_terms: str
    currency: str
    tax_rounding: Literal["per_group", "per_line"]
    prices_include_tax: bool
    discount_percent: Decimal
    discount_fixed: Decimal
    discount_reduces_tax: bool
    subtotal: Decimal
    discount_amount: Decimal
    tax_amount: Decimal
    total: Decimal
    taxes: list[dict[str, Any]]
    amount_paid: Decimal
    amount_written_off: Decimal
    balance_due: Decimal
    notes: str
    internal_notes: str
    po_number: str | None
    language: str
    seller: dict[str, Any]
    buyer: dict[str, Any]
    terms_text: str
    warnings: list[str]
    reason: str
    in_dispute: bool
    is_processing: bool
    reminders_paused: bool
    promised_on: datetime.date | None
    approved_at: datetime.datetime | None
    finalised_at: datetime.datetime | None
    sent_at: datetime.datetime | None
    paid_at: datetime.datetime | None
    voided_at: datetime.datetime | None


class LineWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a line of a draft."""

    description: Annotated[str, Meta(max_length=2000)] = ""
    line_type: Literal["service", "product", "time_entry", "adjustment"] = "service"
    quantity: Decimal = Decimal(1)
    unit: Unit = ""
    unit_price: Decimal | None = None
    discount_percent: Percent = Decimal(0)
    date: datetime.date | None = None
    period_start: datetime.date | None = None
    period_end: datetime.date | None = None
    recognition: Recognition = "at_once"
    group_title: Annotated[str, Meta(max_length=200)] = ""
    sort_order: Order = 0


class LineRead(Dated, kw_only=True):
    """A line's attributes; `total` is net, before the invoice's discount."""

    description: str
    line_type: Literal["service", "product", "time_entry", "adjustment"]
    quantity: Decimal
    unit: Unit
    unit_price: Decimal
    discount_percent: Decimal
    date: datetime.date | None
    period_start: datetime.date | None
    period_end: datetime.date | None
    recognition: Recognition
    group_title: str
    sort_order: int
    total: Decimal
    discount_amount: Decimal
    tax_amount: Decimal
    taxes: list[dict[str, Any]]
    source: str
    time_entry_ids: list[str]


class PaymentWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a payment; it is applied as asked for, or to the oldest invoices."""

    amount: Decimal
    payment_date: datetime.date | None = None
    currency: CurrencyCode | None = None
    reference_number: Annotated[str, Meta(max_length=100)] | None = None
    payment_method: PaymentMethod = "other"
    notes: Long = ""


class PaymentRead(Dated, kw_only=True):
    """A payment's attributes."""

    amount: Decimal
    payment_date: datetime.date
    currency: str
    payment_method: PaymentMethod
    reference_number: str | None
    notes: str
    gateway: str | None
    gateway_transaction_id: str | None
    fee: Decimal | None
    status: Literal["received", "failed"]
    failure: str
    amount_applied: Decimal
    amount_refunded: Decimal
    amount_disputed: Decimal
    unapplied: Decimal
    needs_attention: str


class AllocationRead(Dated, kw_only=True):
    """What of a payment or credit memo went to an invoice."""

    kind: Literal["payment", "credit", "write_off"]
    amount: Decimal
    date: datetime.date
    reversed_on: datetime.date | None


class RefundRead(Dated, kw_only=True):
    """Money given back."""

    amount: Decimal
    currency: str
    date: datetime.date
    refund_method: PaymentMethod
    reference_number: str | None
    reason: str
    failed_on: datetime.date | None
    failure: str


class BatchRead(Dated, kw_only=True):
    """A billing run and how far it is."""

    status: Literal["running", "finished", "cancelled"]
    through: datetime.date
    invoice_date: datetime.date
    finalise: bool
    companies: int
    done: int
    created: int
    skipped: int
    failed: int
    finished_at: datetime.datetime | None


class BatchItemRead(msgspec.Struct, kw_only=True):
    """What a run did for one company."""

    state: Literal["waiting", "created", "skipped", "failed"]
    reason: str
    invoices: int
    amount: Decimal
    currency: str


class DeliveryRead(Dated, kw_only=True):
    """A letter to a client."""

    kind: Literal["invoice", "reminder", "statement", "receipt", "autopay"]
    step: int
    recipients: list[str]
    state: Literal["queued", "sent", "failed", "skipped"]
    detail: str
    sent_at: datetime.datetime | None


class RevenueRead(Dated, kw_only=True):
    """Revenue on the day that it counts."""

    date: datetime.date
    amount: Decimal
    currency: str
    reason: Literal["earned", "reversal"]
