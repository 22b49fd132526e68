"""Invoices and what belongs to them, as the API shows them."""

from psa_billing import accounting_resources, invoice_rules, invoice_shapes, list_resources, payment_resources
from psa_billing.payment_resources import READ_ONLY
from psa_billing.payment_tables import Allocation
from psa_billing.tables import Batch, BatchItem, Delivery, Invoice, InvoiceLine, RevenueEntry
from psa_sdk import Derived, Resource, ToMany, ToOne, Who
from psa_sdk.tables import Condition, QueryString

OVERDUE = (
    "({row}.status IN ('sent', 'partially_paid') AND {row}.due_date < (now() AT TIME ZONE"
    " (SELECT t.timezone FROM psa.tenant t WHERE t.id = psa.current_tenant()))::date)"
)
SHOWN = "coalesce({row}.invoice_number, 'DRAFT-' || right({row}.id::text, 8))"


def billed_to(who: Who) -> Condition:
    """Client admins see what was finalised for their company and isn't void (PRT-04); other clients nothing."""
    nobody = Invoice.id == who.id
    final = Invoice.finalised_at.is_not_null() & (Invoice.status != "void")
    return (Invoice.company == who.company_id) & final if who.client_admin else nobody


def lines_billed_to(who: Who) -> Condition | QueryString:
    """Lines of such invoices."""
    return QueryString(
        '("invoice_line".company = {} AND {} AND EXISTS (SELECT 1 FROM billing.invoice i'
        ' WHERE i.tenant_id = "invoice_line".tenant_id AND i.id = "invoice_line".invoice'
        " AND i.finalised_at IS NOT NULL AND i.status <> 'void'))",
        who.company_id,
        who.client_admin,
    )


invoices = Resource(
    name="invoices",
    title="Invoices",
    description="Invoices and credit memos, from draft to paid.",
    table=Invoice,
    read=invoice_shapes.InvoiceRead,
    write=invoice_shapes.InvoiceWrite,
    derived=(Derived("is_overdue", OVERDUE), Derived("display_number", SHOWN)),
    relations=(
        ToOne("company", "companies", Invoice.company, required=True, inverse="invoices"),
        ToOne("billing_contact", "contacts", Invoice.billing_contact),
        ToOne("contract", "contracts", Invoice.contract, inverse="invoices"),
        ToOne("credits", "invoices", Invoice.credits, inverse="credit-memos", writable=False),
        ToOne("batch", "billing-batches", Invoice.batch, inverse="invoices", writable=False),
        ToOne("approved_by", "users", Invoice.approved_by, writable=False),
        ToMany("lines", "invoice-lines", InvoiceLine.invoice, create=True),
        ToMany("allocations", "payment-allocations", Allocation.invoice),
        ToMany("deliveries", "invoice-deliveries", Delivery.invoice),
        ToMany("attachments", "attachments"),
        ToMany("comments", "comments", create=True),
    ),
    filters=(
        Invoice.invoice_number,
        Invoice.kind,
        Invoice.status,
        "is_overdue",
        Invoice.company,
        Invoice.contract,
        Invoice.credits,
        Invoice.batch,
        Invoice.invoice_date,
        Invoice.due_date,
        Invoice.currency,
        Invoice.po_number,
        Invoice.created_at,
        Invoice.updated_at,
    ),
    sorts=(Invoice.invoice_date, Invoice.due_date, Invoice.invoice_number, Invoice.created_at),
    default_sort="-invoice_date",
    search=(Invoice.invoice_number, Invoice.po_number),
    label=Invoice.invoice_number,
    portal=billed_to,
    portal_hidden=(
        "internal_notes",
        "warnings",
        "promised_on",
        "reminders_paused",
        "batch",
        "approved_by",
        "approved_at",
        "reason",
        "deliveries",
        "comments",
        "activity",
    ),
    before_create=invoice_rules.write_new,
    before_update=invoice_rules.write_edit,
    before_delete=invoice_rules.delete_draft,
    after_write=invoice_rules.after_invoice,
)


lines = Resource(
    name="invoice-lines",
    title="Invoice lines",
    table=InvoiceLine,
    read=invoice_shapes.LineRead,
    write=invoice_shapes.LineWrite,
    relations=(
        ToOne("invoice", "invoices", InvoiceLine.invoice, required=True),
        ToOne("company", "companies", InvoiceLine.company, writable=False),
        ToOne("tax_category", "tax-categories", InvoiceLine.tax_category),
        ToOne("product", "products", InvoiceLine.product),
        ToOne("ticket", "tickets", InvoiceLine.ticket, inverse="invoice-lines"),
        ToOne("project", "projects", InvoiceLine.project, inverse="invoice-lines"),
        ToOne("credits_line", "invoice-lines", InvoiceLine.credits_line, writable=False),
    ),
    filters=(
        InvoiceLine.invoice,
        InvoiceLine.company,
        InvoiceLine.ticket,
        InvoiceLine.project,
        InvoiceLine.product,
        InvoiceLine.line_type,
    ),
    sorts=(InvoiceLine.sort_order, InvoiceLine.created_at),
    default_sort="sort_order",
    search=(InvoiceLine.description,),
    portal=lines_billed_to,
    portal_hidden=("source", "time_entry_ids", "ticket", "project", "activity"),
    before_create=invoice_rules.write_line,
    before_update=invoice_rules.write_line,
    before_delete=invoice_rules.delete_line,
    after_write=invoice_rules.after_line,
)


batches = Resource(
    name="billing-batches",
    title="Billing runs",
    table=Batch,
    read=invoice_shapes.BatchRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("started_by", "users", Batch.started_by, writable=False),
        ToMany("items", "billing-batch-items", BatchItem.batch),
    ),
    filters=(Batch.status, Batch.through),
    sorts=(Batch.created_at,),
)


batch_items = Resource(
    name="billing-batch-items",
    title="Results of billing runs",
    table=BatchItem,
    read=invoice_shapes.BatchItemRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("batch", "billing-batches", BatchItem.batch, writable=False),
        ToOne("company", "companies", BatchItem.company, writable=False),
    ),
    filters=(BatchItem.batch, BatchItem.company, BatchItem.state),
    sorts=(BatchItem.created_at,),
    default_sort="created_at",
    unaudited=("state", "reason", "invoices", "amount", "currency"),
)


deliveries = Resource(
    name="invoice-deliveries",
    title="Invoice deliveries",
    table=Delivery,
    read=invoice_shapes.DeliveryRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("company", "companies", Delivery.company, writable=False),
        ToOne("invoice", "invoices", Delivery.invoice, writable=False),
    ),
    filters=(Delivery.company, Delivery.invoice, Delivery.kind, Delivery.state),
    sorts=(Delivery.created_at,),
)


revenue = Resource(
    name="revenue-entries",
    title="Revenue entries",
    description="Revenue on the day that it counts.",
    table=RevenueEntry,
    read=invoice_shapes.RevenueRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("invoice", "invoices", RevenueEntry.invoice, inverse="revenue", writable=False),
        ToOne("company", "companies", RevenueEntry.company, writable=False),
    ),
    filters=(RevenueEntry.invoice, RevenueEntry.company, RevenueEntry.date),
    sorts=(RevenueEntry.date, RevenueEntry.created_at),
    default_sort="date",
)

ALL = (
    *list_resources.ALL,
    invoices,
    lines,
    *payment_resources.ALL,
    batches,
    batch_items,
    deliveries,
    revenue,
    *accounting_resources.ALL,
)
