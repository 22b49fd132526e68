"""Invoices with their lines, and what belongs to them: numbers, claims, runs, letters, revenue."""

import decimal

from psa_billing import accounting_tables, gateway_tables, list_tables, payment_tables
from psa_billing.list_tables import PRICE, ZERO
from psa_sdk.tables import (
    BigInt,
    Boolean,
    Choice,
    Date,
    Decimal,
    Index,
    Instant,
    Integer,
    Json,
    Ref,
    TenantTable,
    Text,
)

STATUSES = ("draft", "pending", "approved", "sent", "partially_paid", "paid", "void", "written_off")


class Counter(TenantTable, schema="billing", tablename="counter"):
    """The last number of a series in a year (0: not by year); its row lock makes numbers gapless (BILL-01)."""

    kind = Text()
    year = Integer(default=0)
    last_number = BigInt(default=0)
    last_date = Date(null=True)

    index_on = (Index(("kind", "year"), unique=True),)


class Batch(TenantTable, schema="billing", tablename="batch"):
    """A billing run over companies; its items are worked off one by one (BILL-27)."""

    status = Choice("running", "finished", "cancelled", default="running")
    through = Date()
    invoice_date = Date()
    finalise = Boolean(default=False)
    companies = Integer(default=0)
    done = Integer(default=0)
    created = Integer(default=0)
    skipped = Integer(default=0)
    failed = Integer(default=0)
    finished_at = Instant(null=True)
    started_by = Ref("users", null=True, on_delete="set_null")

    index_on = (Index(("status", "created_at")),)


class BatchItem(TenantTable, schema="billing", tablename="batch_item"):
    """What a run did for one company."""

    batch = Ref("billing-batches", on_delete="cascade")
    company = Ref("companies", on_delete="cascade")
    state = Choice("waiting", "created", "skipped", "failed", default="waiting")
    reason = Text(default="")
    invoices = Integer(default=0)
    amount = Decimal(default=ZERO)
    currency = Text(default="")

    company_key = ""
    index_on = (Index(("batch", "company"), unique=True), Index(("batch", "state")), Index(("company",)))


class Invoice(TenantTable, schema="billing", tablename="invoice"):
    """An invoice or credit memo. What is finalised does not change: a trigger sees to it (BILL-04)."""

    invoice_number = Text(null=True)
    kind = Choice("invoice", "credit_memo", default="invoice")
    status = Choice(*STATUSES, default="draft")
    company = Ref("companies")
    billing_contact = Ref("contacts", null=True, on_delete="set_null")
    contract = Ref("contracts", null=True)
    credits = Ref("invoices", null=True, help_text="Of a credit memo: the invoice that it corrects")
    batch = Ref("billing-batches", null=True, on_delete="set_null")
    invoice_date = Date()
    due_date = Date()
    payment_terms = Text()
    currency = Text()
    tax_rounding = Choice("per_group", "per_line", default="per_group")
    prices_include_tax = Boolean(default=False)
    discount_percent = Decimal(digits=(7, 4), default=ZERO)
    discount_fixed = Decimal(default=ZERO)
    discount_reduces_tax = Boolean(default=True)
    subtotal = Decimal(default=ZERO)
    discount_amount = Decimal(default=ZERO)
    tax_amount = Decimal(default=ZERO)
    total = Decimal(default=ZERO)
    taxes = Json(default=[], help_text="Sums by rate")
    amount_paid = Decimal(default=ZERO, help_text="Payments and credit applied")
    amount_written_off = Decimal(default=ZERO)
    balance_due = Decimal(default=ZERO, help_text="Of a credit memo: what is left to apply")
    notes = Text(default="")
    internal_notes = Text(default="")
    po_number = Text(null=True)
    language = Text(default="en")
    seller = Json(default={}, help_text="The parties as they were at finalising (BILL-06)")
    buyer = Json(default={})
    terms_text = Text(default="")
    template = Text(default="")
    warnings = Json(default=[])
    reason = Text(default="", help_text="Why it was credited, voided or written off")
    in_dispute = Boolean(default=False)
    is_processing = Boolean(default=False, help_text="Money is on its way: no dunning, no second payment")
    reminders_paused = Boolean(default=False)
    promised_on = Date(null=True, help_text="When the client said that money comes")
    approved_by = Ref("users", null=True, on_delete="set_null")
    approved_at = Instant(null=True)
    finalised_at = Instant(null=True)
    sent_at = Instant(null=True)
    paid_at = Instant(null=True)
    voided_at = Instant(null=True)
    voided_on = Date(null=True)

    index_on = (
        Index(("kind", "lower(invoice_number)"), unique=True, where="invoice_number IS NOT NULL"),
        Index(("company", "invoice_date", "id")),
        Index(("status", "due_date", "id")),
        Index(("contract",), where="contract IS NOT NULL"),
        Index(("credits",), where="credits IS NOT NULL"),
        Index(("batch",), where="batch IS NOT NULL"),
        Index(("company", "due_date"), where="balance_due <> 0"),
    )
    checks = (
        "total = subtotal - discount_amount + tax_amount",
        "status = 'void' OR balance_due = total - amount_paid - amount_written_off",
        "amount_paid >= 0",
        "amount_written_off >= 0",
        "finalised_at IS NULL OR total >= 0",
        "finalised_at IS NULL OR balance_due >= 0",
        "(invoice_number IS NULL) = (finalised_at IS NULL)",
        "(status IN ('draft', 'pending', 'approved')) = (finalised_at IS NULL)",
        "(status = 'void') = (voided_at IS NOT NULL)",
        "status <> 'paid' OR balance_due = 0",
        "discount_percent BETWEEN 0 AND 100",
        "discount_fixed >= 0",
        "kind = 'credit_memo' OR credits IS NULL",
    )


class InvoiceLine(TenantTable, schema="billing", tablename="invoice_line"):
    """A line; `total` is net, before the invoice's discount."""

    invoice = Ref("invoices", on_delete="cascade")
    company = Ref("companies")
    line_type = Choice("service", "product", "time_entry", "adjustment", default="service")
    description = Text()
    quantity = Decimal(digits=(14, 4), default=decimal.Decimal(1))
    unit = Choice("", "hour", "day", "month", "piece", default="")
    unit_price = Decimal(digits=PRICE, default=ZERO)
    exact_amount = Decimal(digits=(20, 10), null=True, help_text="In place of quantity times price")
    discount_percent = Decimal(digits=(7, 4), default=ZERO)
    total = Decimal(default=ZERO)
    discount_amount = Decimal(default=ZERO)
    tax_amount = Decimal(default=ZERO)
    taxes = Json(default=[], help_text="Amounts by rate")
    tax_category = Ref("tax-categories", null=True)
    date = Date(null=True, help_text="The tax point")
    period_start = Date(null=True)
    period_end = Date(null=True)
    recognition = Choice("at_once", "over_period", default="at_once")
    group_title = Text(default="")
    ticket = Ref("tickets", null=True)
    project = Ref("projects", null=True)
    product = Ref("products", null=True)
    credits_line = Ref("invoice-lines", null=True)
    source = Text(default="", help_text="Where it came from; empty when written by hand")
    time_entry_ids = Json(default=[])
    sort_order = Integer(default=0)

    index_on = (
        Index(("invoice", "sort_order", "id")),
        Index(("company",)),
        Index(("ticket",), where="ticket IS NOT NULL"),
        Index(("project",), where="project IS NOT NULL"),
        Index(("product",), where="product IS NOT NULL"),
        Index(("credits_line",), where="credits_line IS NOT NULL"),
    )
    checks = ("discount_percent BETWEEN 0 AND 100", "period_end >= period_start")


class Claim(TenantTable, schema="billing", tablename="claim"):
    """What is on an invoice, by source and key: unique, whatever sources do (BILL-25)."""

    source = Text()
    key = Text()
    invoice = Ref("invoices", on_delete="cascade")
    line = Ref("invoice-lines", on_delete="cascade")

    index_on = (Index(("source", "key"), unique=True), Index(("invoice",)), Index(("line",)))


class Delivery(TenantTable, schema="billing", tablename="delivery"):
    """A letter to a client: an invoice, a reminder, a statement, that a stored method wasn't charged."""

    kind = Choice("invoice", "reminder", "statement", "receipt", "autopay")
    company = Ref("companies", on_delete="cascade")
    invoice = Ref("invoices", null=True, on_delete="cascade")
    payment = Ref("payments", null=True, on_delete="cascade")
    step = Integer(default=0, help_text="Of a reminder: days after the due date")
    recipients = Json(default=[])
    state = Choice("queued", "sent", "failed", "skipped", default="queued")
    detail = Text(default="")
    as_of = Date(null=True)
    sent_at = Instant(null=True)

    company_key = ""
    index_on = (
        Index(("invoice", "step"), unique=True, where="kind = 'reminder'"),
        Index(("invoice", "created_at"), where="invoice IS NOT NULL"),
        Index(("company", "created_at")),
        Index(("payment",), where="payment IS NOT NULL"),
    )


class RevenueEntry(TenantTable, schema="billing", tablename="revenue_entry"):
    """Revenue on the day that it counts (BILL-50); reversals are negative entries of their own."""

    invoice = Ref("invoices", on_delete="cascade")
    line = Ref("invoice-lines", null=True, on_delete="cascade")
    company = Ref("companies")
    date = Date()
    amount = Decimal()
    currency = Text()
    reason = Choice("earned", "reversal", default="earned")

    company_key = ""
    index_on = (Index(("date", "company")), Index(("invoice",)), Index(("line",), where="line IS NOT NULL"))


ALL = (
    *list_tables.ALL,
    Counter,
    Batch,
    BatchItem,
    Invoice,
    InvoiceLine,
    Claim,
    Delivery,
    RevenueEntry,
    *payment_tables.ALL,
    *gateway_tables.ALL,
    *accounting_tables.ALL,
)
