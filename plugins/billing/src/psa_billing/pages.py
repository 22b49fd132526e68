"""How invoices, payments and receivables look in the console and the portal."""

from psa_billing import accounting_routes
from psa_billing.invoice_actions import (
    APPROVE,
    CREDIT,
    FINALISE,
    READ,
    SEND,
    UPDATE,
    VOID,
    WRITE_OFF,
)
from psa_billing.reports import READ as REPORTS
from psa_billing.screens import accounting, invoice, money, run
from psa_sdk.ui import (
    Action,
    Command,
    ListFilter,
    ListPreset,
    NavItem,
    Page,
    Panel,
    ResourceView,
    SettingsSection,
    Ui,
    Widget,
)

GENERATE = "billing.invoices.generate"
AT = "/invoices/{id:uuid}"
AMOUNT = "billing/amount.html"
TONES = {
    "draft": "gray",
    "pending": "amber",
    "approved": "indigo",
    "sent": "blue",
    "partially_paid": "teal",
    "paid": "green",
    "void": "gray",
    "written_off": "red",
    "received": "green",
    "failed": "red",
}

_LISTS = (
    ("products", "Products", "package"),
    ("tax-rates", "Tax rates", "percent"),
    ("tax-categories", "Tax categories", "tags"),
    ("account-mappings", "Accounts", "book-open"),
)

UI = Ui(
    views=(
        ResourceView(
            resource="invoices",
            icon="receipt-text",
            columns=(
                "display_number",
                "company",
                "status",
                "invoice_date",
                "due_date",
                "total",
                "balance_due",
            ),
            cells=dict.fromkeys(("total", "balance_due"), AMOUNT),
            fields=("company", "invoice_date", "payment_terms", "po_number", "currency", "notes"),
            tones=TONES,  # pyright: ignore[reportArgumentType]
            group="finance",
            order=20,
            hotkey="g i",
        ),
        ResourceView(
            resource="payments",
            icon="banknote",
            columns=(
                "payment_date",
                "company",
                "amount",
                "unapplied",
                "payment_method",
                "reference_number",
                "status",
            ),
            cells=dict.fromkeys(("amount", "unapplied"), AMOUNT),
            fields=("company", "amount", "payment_date", "payment_method", "reference_number", "invoice"),
            tones=TONES,  # pyright: ignore[reportArgumentType]
            group="finance",
            order=30,
        ),
        *(ResourceView(resource=name, icon=icon) for name, _, icon in _LISTS),
        ResourceView(resource="invoice-lines", icon="list"),
        ResourceView(resource="product-prices", singular="Price", icon="tag"),
        ResourceView(resource="payment-allocations", icon="arrow-right-left"),
        ResourceView(resource="refunds", icon="undo-2"),
        ResourceView(resource="billing-batches", singular="Billing run", icon="play"),
        ResourceView(resource="billing-batch-items", singular="Result of a billing run", icon="list-checks"),
        ResourceView(resource="invoice-deliveries", singular="Invoice delivery", icon="send"),
        ResourceView(resource="revenue-entries", singular="Revenue entry", icon="trending-up"),
        ResourceView(resource="accounting-exports", singular="Accounting export", icon="book-open"),
        ResourceView(resource="accounting-entries", singular="Exported document", icon="book-open-check"),
        ResourceView(resource="saved-payment-methods", icon="wallet-cards"),
        ResourceView(resource="payment-gateway-configs", singular="Payment gateway", icon="credit-card"),
    ),
    nav=(
        NavItem(
            id="billing-run",
            label="Billing run",
            url="/billing/run",
            permission=GENERATE,
            icon="play",
            group="finance",
            order=10,
        ),
        NavItem(
            id="billing-aging",
            label="Receivables",
            url="/billing/aging",
            permission=REPORTS,
            icon="hourglass",
            group="finance",
            order=40,
        ),
        NavItem(
            id="billing-accounting",
            label="Accounting",
            url="/billing/accounting",
            permission=accounting_routes.READ,
            icon="book-open",
            group="finance",
            order=50,
        ),
    ),
    pages=(
        Page(
            path=AT,
            template="billing/invoice.html",
            permission=READ,
            load=invoice.load,
            active="invoices",
            slots=("invoice.side", "invoice.main"),
        ),
        Page(path=f"{AT}/pdf", template="billing/invoice.html", permission=READ, load=invoice.pdf),
        Page(
            path="/billing/run",
            template="billing/run.html",
            permission=GENERATE,
            load=run.load,
            title="Billing run",
            active="billing-run",
        ),
        Page(
            path="/billing/aging",
            template="billing/aging.html",
            permission=REPORTS,
            load=money.aging,
            title="Receivables",
            active="billing-aging",
        ),
        Page(
            path="/billing/accounting",
            template="billing/accounting.html",
            permission=accounting_routes.READ,
            load=accounting.load,
            title="Accounting",
            active="billing-accounting",
        ),
        Page(
            path="/billing/accounting/{id:uuid}/journal",
            template="billing/accounting.html",
            permission=accounting_routes.READ,
            load=accounting.journal,
        ),
    ),
    actions=(
        Action(path=f"{AT}/finalise", permission=FINALISE, handle=invoice.finalise),
        Action(path=f"{AT}/send", permission=SEND, handle=invoice.send),
        Action(path=f"{AT}/submit", permission=UPDATE, handle=invoice.submit),
        Action(path=f"{AT}/approve", permission=APPROVE, handle=invoice.approve),
        Action(path=f"{AT}/reject", permission=APPROVE, handle=invoice.reject),
        Action(path=f"{AT}/void", permission=VOID, handle=invoice.void),
        Action(path=f"{AT}/write-off", permission=WRITE_OFF, handle=invoice.write_off),
        Action(path=f"{AT}/credit", permission=CREDIT, handle=invoice.credit),
        Action(path=f"{AT}/pay", permission="billing.payments.create", handle=invoice.pay),
        Action(path=f"{AT}/lines", permission="billing.invoice_lines.create", handle=invoice.add_line),
        Action(
            path=f"{AT}/lines/{{line:uuid}}/remove",
            permission="billing.invoice_lines.delete",
            handle=invoice.remove_line,
        ),
        Action(path="/billing/run/preview", permission=GENERATE, handle=run.preview),
        Action(path="/billing/run", permission=GENERATE, handle=run.start),
        Action(path="/billing/run/{id:uuid}/resume", permission=GENERATE, handle=run.resume),
        Action(
            path="/billing/accounting/export", permission=accounting_routes.EXPORT, handle=accounting.export
        ),
        Action(
            path="/billing/accounting/{id:uuid}/cancel",
            permission=accounting_routes.EXPORT,
            handle=accounting.cancel,
        ),
    ),
    panels=(
        Panel(
            slot="company.side",
            id="billing.owed",
            title="Receivables",
            template="billing/owed.html",
            load=money.of_company,
            permission=REPORTS,
            icon="hourglass",
            order=40,
        ),
    ),
    widgets=(
        Widget(
            id="billing.owed",
            title="Receivables",
            template="billing/tile.html",
            load=money.tile,
            permission=REPORTS,
            icon="hourglass",
        ),
    ),
    filters=(
        ListFilter(resource="invoices", name="status", order=10),
        ListFilter(resource="invoices", name="company", order=20),
        ListFilter(resource="payments", name="company", order=10),
    ),
    presets=(
        ListPreset(
            resource="invoices",
            title="Drafts",
            query="status=draft&status=pending&status=approved",
            counted=True,
        ),
        ListPreset(
            resource="invoices",
            title="Open",
            query="status=sent&status=partially_paid&sort=due_date",
            order=20,
        ),
        ListPreset(
            resource="invoices",
            title="Overdue",
            query="is_overdue=true&sort=due_date",
            counted=True,
            order=30,
        ),
    ),
    settings=tuple(
        SettingsSection(
            id=f"billing.{name}",
            title=title,
            url=f"/{name}",
            permission=f"billing.{name.replace('-', '_')}.read",
            group="finance",
            icon=icon,
        )
        for name, title, icon in _LISTS
    ),
    commands=(
        Command(
            id="billing.new-invoice",
            title="New invoice",
            url="/invoices/new",
            permission="billing.invoices.create",
            icon="receipt-text",
        ),
        Command(
            id="billing.record-payment",
            title="Record a payment",
            url="/payments/new",
            permission="billing.payments.create",
            icon="banknote",
        ),
        Command(
            id="billing.run",
            title="Start a billing run",
            url="/billing/run",
            permission=GENERATE,
            icon="play",
        ),
    ),
    styles=("billing.css",),
)
