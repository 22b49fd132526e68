"""Billing."""

from psa_billing import (
    accounting_routes,
    api,
    autopay,
    defaults,
    demo,
    documents,
    dunning,
    gateway_configs,
    gateway_sweep,
    generating,
    invoice_actions,
    list_resources,
    method_actions,
    pages,
    payment_actions,
    public_links,
    reports,
    resources,
    runs,
    statements,
    tables,
)
from psa_billing.desk import StoredInvoiceDesk
from psa_billing.gateway_ledger import StoredGatewayLedger
from psa_billing.settings import BillingSettings
from psa_sdk import Manifest, Permission, hookimpl, provide

PERMISSIONS = (
    Permission(name=generating.GENERATE, title="Generate invoices"),
    Permission(name=invoice_actions.APPROVE, title="Approve invoices"),
    Permission(name=invoice_actions.FINALISE, title="Finalise invoices"),
    Permission(name=invoice_actions.SEND, title="Send invoices"),
    Permission(name=invoice_actions.VOID, title="Void invoices"),
    Permission(name=invoice_actions.WRITE_OFF, title="Write invoices off"),
    Permission(name=invoice_actions.CREDIT, title="Write credit memos"),
    Permission(name=payment_actions.ALLOCATE, title="Apply payments and credit"),
    Permission(name=payment_actions.REFUND, title="Give money back"),
    Permission(name=payment_actions.CHARGE, title="Take payments through a gateway"),
    Permission(name=gateway_configs.MANAGE, title="Set up payment gateways"),
    Permission(name=accounting_routes.EXPORT, title="Export to the bookkeeping"),
    Permission(name=reports.READ, title="See billing reports"),
)

LISTS = ("billing.products.read", "billing.product_prices.read", "billing.tax_categories.read")
FINANCE = (
    "billing.invoices.*",
    "billing.invoice_lines.*",
    "billing.payments.*",
    "billing.payment_allocations.*",
    "billing.refunds.*",
    "billing.saved_payment_methods.*",
    "billing.billing_batches.*",
    "billing.billing_batch_items.*",
    "billing.invoice_deliveries.*",
    "billing.revenue_entries.*",
    "billing.products.*",
    "billing.product_prices.*",
    "billing.tax_categories.*",
    "billing.tax_rates.*",
    "billing.account_mappings.*",
    "billing.accounting_exports.*",
    "billing.accounting_entries.*",
    gateway_configs.MANAGE,
    reports.READ,
)
ROLES = {
    "finance": FINANCE,
    "manager": (
        *LISTS,
        "billing.invoices.read",
        "billing.invoice_lines.read",
        "billing.payments.read",
        "billing.payment_allocations.read",
        invoice_actions.APPROVE,
        reports.READ,
    ),
    "sales": (*LISTS, "billing.invoices.read", "billing.invoice_lines.read"),
    "client_admin": (
        "billing.invoices.read",
        "billing.invoice_lines.read",
        "billing.payments.read",
        "billing.saved_payment_methods.read",
    ),
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="billing",
        title="Billing",
        description="Invoices, payments, credit, receivables.",
        requires=("contacts",),
        enhances=("ticketing", "time"),
        tables=tables.ALL,
        resources=resources.ALL,
        extensions=(list_resources.profile,),
        routes=(
            *generating.ALL,
            *invoice_actions.ALL,
            *payment_actions.ALL,
            *method_actions.ALL,
            *gateway_configs.ALL,
            *public_links.ALL,
            *reports.ALL,
            *statements.ALL,
            *accounting_routes.ALL,
        ),
        permissions=PERMISSIONS,
        roles=ROLES,
        events=api.EVENTS,
        services=(
            provide(api.InvoiceDesk, StoredInvoiceDesk),
            provide(api.GatewayLedger, StoredGatewayLedger),
        ),
        actors=(*documents.ACTORS, *runs.ACTORS, *dunning.ACTORS, *autopay.ACTORS, *gateway_sweep.ACTORS),
        schedules=(*dunning.SCHEDULES, *autopay.SCHEDULES, *gateway_sweep.SCHEDULES),
        subscribers=(*autopay.SUBSCRIBERS, *gateway_sweep.SUBSCRIBERS),
        settings=BillingSettings,
        hookspecs=api,
        seed=defaults.seed,
        demo=demo.fill,
        ui=pages.UI,
    )
