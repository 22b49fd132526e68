"""What billing tells. Amounts are in the invoice's currency."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from psa_sdk import Event


class InvoiceFinalised(Event, frozen=True, kw_only=True):
    """An invoice got its number and can't change any more."""

    name: ClassVar[str] = "billing.invoice_finalised"
    invoice_id: UUID
    number: str
    company_id: UUID
    total: Decimal
    currency: str


class InvoicePaid(Event, frozen=True, kw_only=True):
    """Nothing of an invoice is open any more."""

    name: ClassVar[str] = "billing.invoice_paid"
    invoice_id: UUID
    company_id: UUID


class InvoiceReopened(Event, frozen=True, kw_only=True):
    """Something of a paid invoice is open again."""

    name: ClassVar[str] = "billing.invoice_reopened"
    invoice_id: UUID
    company_id: UUID
    balance: Decimal


class InvoiceVoided(Event, frozen=True, kw_only=True):
    """An invoice was annulled; what was on it can be billed again."""

    name: ClassVar[str] = "billing.invoice_voided"
    invoice_id: UUID
    company_id: UUID
    reason: str


class InvoiceWrittenOff(Event, frozen=True, kw_only=True):
    """What was open of an invoice is given up."""

    name: ClassVar[str] = "billing.invoice_written_off"
    invoice_id: UUID
    company_id: UUID
    amount: Decimal


class InvoiceSent(Event, frozen=True, kw_only=True):
    """An invoice went to its recipients, or was handed over by other means."""

    name: ClassVar[str] = "billing.invoice_sent"
    invoice_id: UUID
    company_id: UUID
    recipients: Sequence[str] = ()


class CreditMemoIssued(Event, frozen=True, kw_only=True):
    """A credit memo got its number."""

    name: ClassVar[str] = "billing.credit_memo_issued"
    invoice_id: UUID
    number: str
    company_id: UUID
    credits_id: UUID | None
    total: Decimal
    currency: str


class PaymentReceived(Event, frozen=True, kw_only=True):
    """Money arrived; `needs_attention` says why somebody should look at it."""

    name: ClassVar[str] = "billing.payment_received"
    payment_id: UUID
    company_id: UUID | None
    amount: Decimal
    currency: str
    unapplied: Decimal
    needs_attention: str = ""


class PaymentFailed(Event, frozen=True, kw_only=True):
    """Money did not arrive, or came back."""

    name: ClassVar[str] = "billing.payment_failed"
    attempt_id: UUID
    company_id: UUID
    invoice_ids: Sequence[UUID]
    reason: str


class AutopayStopped(Event, frozen=True, kw_only=True):
    """An invoice isn't charged by itself any more: the method was refused for good, or four times (BILL-37)."""

    name: ClassVar[str] = "billing.autopay_stopped"
    invoice_id: UUID
    company_id: UUID
    reason: str


class PaymentRefunded(Event, frozen=True, kw_only=True):
    """Money was given back."""

    name: ClassVar[str] = "billing.payment_refunded"
    payment_id: UUID
    amount: Decimal
    currency: str


class RefundFailed(Event, frozen=True, kw_only=True):
    """Money that the gateway had agreed to give back never left; it is the client's credit again."""

    name: ClassVar[str] = "billing.refund_failed"
    payment_id: UUID
    amount: Decimal
    currency: str
    reason: str


class BatchFinished(Event, frozen=True, kw_only=True):
    """A billing run is through."""

    name: ClassVar[str] = "billing.batch_finished"
    batch_id: UUID
    through: datetime.date
    created: int
    skipped: int
    failed: int


EVENTS: tuple[type[Any], ...] = (
    InvoiceFinalised,
    InvoiceSent,
    InvoicePaid,
    InvoiceReopened,
    InvoiceVoided,
    InvoiceWrittenOff,
    CreditMemoIssued,
    PaymentReceived,
    PaymentFailed,
    AutopayStopped,
    PaymentRefunded,
    RefundFailed,
    BatchFinished,
)
