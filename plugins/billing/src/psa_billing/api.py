"""What billing offers to other plugins: sources of what can be billed, drafts, payment gateways, events."""

from psa_billing.api_events import (
    EVENTS,
    BatchFinished,
    CreditMemoIssued,
    InvoiceFinalised,
    InvoicePaid,
    InvoiceReopened,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentFailed,
    PaymentReceived,
    PaymentRefunded,
)
from psa_billing.api_gateways import (
    GatewayLedger,
    PaymentAnswer,
    PaymentGateway,
    PaymentMethod,
    PaymentOrder,
    psa_payment_gateways,
)
from psa_billing.api_letters import InvoiceLetters, Letter, LetterDue, LetterKind
from psa_billing.api_sources import (
    BillableLine,
    BillableSource,
    BillingScope,
    Collected,
    Cover,
    DraftRequest,
    InvoiceDesk,
    LineType,
    SourceOffer,
    WorkCover,
    psa_billing_sources,
)

__all__ = [
    "EVENTS",
    "INVOICES",
    "PAYMENTS",
    "BatchFinished",
    "BillableLine",
    "BillableSource",
    "BillingScope",
    "Collected",
    "Cover",
    "CreditMemoIssued",
    "DraftRequest",
    "GatewayLedger",
    "InvoiceDesk",
    "InvoiceFinalised",
    "InvoiceLetters",
    "InvoicePaid",
    "InvoiceReopened",
    "InvoiceVoided",
    "InvoiceWrittenOff",
    "Letter",
    "LetterDue",
    "LetterKind",
    "LineType",
    "PaymentAnswer",
    "PaymentFailed",
    "PaymentGateway",
    "PaymentMethod",
    "PaymentOrder",
    "PaymentReceived",
    "PaymentRefunded",
    "SourceOffer",
    "WorkCover",
    "psa_billing_sources",
    "psa_payment_gateways",
]

INVOICES = "invoices"
PAYMENTS = "payments"
