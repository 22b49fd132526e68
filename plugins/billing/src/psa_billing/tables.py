"""What billing stores: invoices with their lines and taxes, what was paid and applied, prices, and how runs went."""

import decimal

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
    Sealed,
    TenantTable,
    Text,
)

STATUSES = ("draft", "pending", "approved", "sent", "partially_paid", "paid", "void", "written_off")
OPEN = ("sent", "partially_paid")
METHODS = ("check", "credit_card", "ach", "wire", "cash", "other")
ZERO = decimal.Decimal(0)
PRICE = (16, 6)


class TaxCategory(TenantTable, schema="billing", tablename="tax_category"):
    """What sort of thing is sold, as far as tax is concerned."""

    key = Text()
    name = Text()
    treatment = Choice("taxable", "zero", "exempt", "outside", default="taxable")
    is_default = Boolean(default=False)

    index_on = (
        Index(("key",), unique=True),
        Index(("lower(name)",), unique=True),
        Index(("is_default",), unique=True, where="is_default"),
    )


class TaxRate(TenantTable, schema="billing", tablename="tax_rate"):
    """A tax on a category in a jurisdiction, between two dates, both included (BILL-20)."""

    name = Text()
    tax_category = Ref("tax-categories", null=True, on_delete="cascade", help_text="Empty: the default one")
    jurisdiction = Text(default="", help_text="Empty: everywhere")
    rate = Decimal(digits=(9, 6), help_text="Percent")
    is_compound = Boolean(default=False, help_text="Also levied on the taxes before it")
    is_default = Boolean(default=False)
    is_active = Boolean(default=True)
    sort_order = Integer(default=0)
    starts_on = Date(null=True)
    ends_on = Date(null=True)

    index_on = (
        Index(("lower(name)", "jurisdiction", "tax_category")),
        Index(("is_default",), unique=True, where="is_default"),
    )
    checks = ("rate >= 0", "rate < 100", "ends_on >= starts_on")


class BillingProfile(TenantTable, schema="billing", tablename="profile"):
    """How a company is billed; empty values mean the tenant's."""

    company = Ref("companies", on_delete="cascade")
    payment_terms = Text(null=True)
    billing_currency = Text(null=True)
    billing_email = Text(null=True)
    billing_language = Text(null=True)
    tax_status = Choice("taxable", "exempt", "reverse_charge", default="taxable")
    tax_jurisdiction = Text(default="")
    exemption_certificate = Text(null=True)
    exemption_expires_on = Date(null=True)
    invoice_grouping = Choice("ticket", "project", "contract", "work_type", "none", null=True)
    invoice_consolidation = Choice("together", "per_contract", default="together")
    po_required = Boolean(default=False)
    default_po_number = Text(null=True)
    po_limit = Decimal(null=True)
    reminders_paused = Boolean(default=False)

    index_on = (Index(("company",), unique=True),)
    checks = ("po_limit >= 0",)


class Product(TenantTable, schema="billing", tablename="product"):
    """An item of the catalogue."""

    sku = Text(null=True)
    name = Text()
    description = Text(null=True)
    unit = Choice("", "hour", "day", "month", "piece", default="")
    unit_price = Decimal(digits=PRICE, default=ZERO)
    currency = Text()
    tax_category = Ref("tax-categories", null=True, on_delete="set_null")
    recognition = Choice("at_once", "over_period", default="at_once")
    is_active = Boolean(default=True)

    index_on = (
        Index(("lower(sku)",), unique=True, where="sku IS NOT NULL"),
        Index(("lower(name)",)),
    )
    checks = ("unit_price >= 0",)


class ProductPrice(TenantTable, schema="billing", tablename="product_price"):
    """A price of a product in a currency from a date on, for one company or all."""

    product = Ref("products", on_delete="cascade")
    company = Ref("companies", null=True, on_delete="cascade")
    currency = Text()
    unit_price = Decimal(digits=PRICE)
    starts_on = Date()

    company_key = ""
    index_on = (
        Index(
            ("product", "currency", "coalesce(company, '00000000-0000-0000-0000-000000000000')", "starts_on"),
            unique=True,
        ),
        Index(("company",), where="company IS NOT NULL"),
    )
    checks = ("unit_price >= 0",)


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


class Payment(TenantTable, schema="billing", tablename="payment"):
    """Money received. What of it is applied says `allocation`."""

    company = Ref("companies")
    invoice = Ref("invoices", null=True, help_text="What it was meant for")
    payment_date = Date()
    amount = Decimal()
    currency = Text()
    payment_method = Choice(*METHODS, default="other")
    reference_number = Text(null=True)
    gateway = Text(null=True)
    gateway_transaction_id = Text(null=True)
    fee = Decimal(null=True)
    notes = Text(default="")
    status = Choice("received", "failed", default="received")
    failure = Text(default="")
    amount_applied = Decimal(default=ZERO)
    amount_refunded = Decimal(default=ZERO)
    amount_disputed = Decimal(default=ZERO)
    unapplied = Decimal(default=ZERO)
    needs_attention = Text(default="")
    failed_on = Date(null=True)

    index_on = (
        Index(("company", "payment_date", "id")),
        Index(("payment_date", "id")),
        Index(("gateway", "gateway_transaction_id"), unique=True, where="gateway_transaction_id IS NOT NULL"),
        Index(("company",), where="unapplied <> 0"),
        Index(("invoice",), where="invoice IS NOT NULL"),
    )
    checks = (
        "amount > 0",
        "amount_applied >= 0",
        "amount_refunded >= 0",
        "unapplied >= 0",
        "status = 'failed' OR unapplied = amount - amount_applied - amount_refunded - amount_disputed",
    )


class Allocation(TenantTable, schema="billing", tablename="allocation"):
    """What of a payment or credit memo went to an invoice, or what of it is written off; reversed, not deleted."""

    invoice = Ref("invoices")
    company = Ref("companies")
    kind = Choice("payment", "credit", "write_off", default="payment")
    payment = Ref("payments", null=True)
    credit_memo = Ref("invoices", null=True)
    amount = Decimal()
    date = Date()
    reversed_on = Date(null=True)

    index_on = (
        Index(("invoice", "date")),
        Index(("payment",), where="payment IS NOT NULL"),
        Index(("credit_memo",), where="credit_memo IS NOT NULL"),
        Index(("company", "date")),
    )
    checks = (
        "amount > 0",
        "(kind = 'payment') = (payment IS NOT NULL)",
        "(kind = 'credit') = (credit_memo IS NOT NULL)",
        "credit_memo <> invoice",
        "reversed_on >= date",
    )


class Refund(TenantTable, schema="billing", tablename="refund"):
    """Money given back, of a payment or for a credit memo."""

    company = Ref("companies")
    payment = Ref("payments", null=True)
    credit_memo = Ref("invoices", null=True)
    amount = Decimal()
    currency = Text()
    date = Date()
    refund_method = Choice(*METHODS, default="other")
    reference_number = Text(null=True)
    reason = Text(default="")

    index_on = (
        Index(("payment",), where="payment IS NOT NULL"),
        Index(("credit_memo",), where="credit_memo IS NOT NULL"),
        Index(("company", "date")),
        Index(("payment", "reference_number"), unique=True, where="reference_number IS NOT NULL"),
    )
    checks = ("amount > 0", "num_nonnulls(payment, credit_memo) = 1")


class Delivery(TenantTable, schema="billing", tablename="delivery"):
    """A letter to a client: an invoice, a reminder, a statement."""

    kind = Choice("invoice", "reminder", "statement", "receipt")
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


class GatewayConfig(TenantTable, schema="billing", tablename="gateway_config"):
    """A payment gateway's credentials, sealed."""

    provider = Text()
    is_active = Boolean(default=False)
    is_test_mode = Boolean(default=True)
    config = Sealed()
    fields = Json(default=[], help_text="Which credentials are set")

    exported = False
    index_on = (Index(("provider",), unique=True),)


class Attempt(TenantTable, schema="billing", tablename="attempt"):
    """An attempt to be paid through a gateway; its id is the idempotency key there."""

    provider = Text()
    reference = Text(null=True)
    company = Ref("companies")
    invoices = Json(help_text="Ids, oldest due first")
    amount = Decimal()
    currency = Text()
    state = Choice("pending", "processing", "succeeded", "failed", default="pending")
    failure = Text(default="")
    is_hard = Boolean(default=False)
    automatic = Boolean(default=False)
    redirect = Text(default="")
    payment = Ref("payments", null=True)

    company_key = ""
    index_on = (
        Index(("provider", "reference"), unique=True, where="reference IS NOT NULL"),
        Index(("company", "created_at")),
        Index(("payment",), where="payment IS NOT NULL"),
    )


class GatewayEvent(TenantTable, schema="billing", tablename="gateway_event"):
    """A webhook's event that was taken, so that it is taken once (BILL-32)."""

    provider = Text()
    event = Text()

    exported = False
    index_on = (Index(("provider", "event"), unique=True),)


ALL = (
    TaxCategory,
    TaxRate,
    BillingProfile,
    Product,
    ProductPrice,
    Counter,
    Batch,
    BatchItem,
    Invoice,
    InvoiceLine,
    Claim,
    Payment,
    Allocation,
    Refund,
    Delivery,
    RevenueEntry,
    GatewayConfig,
    Attempt,
    GatewayEvent,
)
