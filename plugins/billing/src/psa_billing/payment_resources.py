"""Payments, what became of them, and gateways, as the API shows them."""

from psa_billing import invoice_shapes, payment_rules, shapes
from psa_billing.gateway_tables import GatewayConfig, SavedMethod
from psa_billing.payment_tables import Allocation, Payment, Refund
from psa_sdk import Resource, ToMany, ToOne

READ_ONLY = frozenset(("list", "get"))


payments = Resource(
    name="payments",
    title="Payments",
    table=Payment,
    read=invoice_shapes.PaymentRead,
    write=invoice_shapes.PaymentWrite,
    verbs=frozenset(("list", "get", "create", "update")),
    relations=(
        ToOne("company", "companies", Payment.company, required=True, inverse="payments"),
        ToOne("invoice", "invoices", Payment.invoice),
        ToMany("allocations", "payment-allocations", Allocation.payment),
        ToMany("refunds", "refunds", Refund.payment),
    ),
    filters=(
        Payment.company,
        Payment.payment_date,
        Payment.payment_method,
        Payment.status,
        Payment.currency,
        Payment.reference_number,
        Payment.gateway_transaction_id,
    ),
    sorts=(Payment.payment_date, Payment.created_at),
    default_sort="-payment_date",
    search=(Payment.reference_number,),
    label=Payment.reference_number,
    portal=lambda who: (Payment.company == who.company_id) if who.client_admin else (Payment.id == who.id),
    portal_hidden=("notes", "fee", "needs_attention", "gateway_transaction_id", "failure", "activity"),
    before_create=payment_rules.write_new,
    before_update=payment_rules.write_edit,
    after_write=payment_rules.after_payment,
)


allocations = Resource(
    name="payment-allocations",
    title="Allocations",
    description="What of a payment or credit memo went to which invoice, and what was written off.",
    table=Allocation,
    read=invoice_shapes.AllocationRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("invoice", "invoices", Allocation.invoice, writable=False),
        ToOne("company", "companies", Allocation.company, writable=False),
        ToOne("payment", "payments", Allocation.payment, writable=False),
        ToOne("credit_memo", "invoices", Allocation.credit_memo, inverse="applications", writable=False),
    ),
    filters=(
        Allocation.invoice,
        Allocation.payment,
        Allocation.credit_memo,
        Allocation.company,
        Allocation.date,
    ),
    sorts=(Allocation.date, Allocation.created_at),
    default_sort="-date",
)


refunds = Resource(
    name="refunds",
    title="Refunds",
    table=Refund,
    read=invoice_shapes.RefundRead,
    verbs=READ_ONLY,
    relations=(
        ToOne("company", "companies", Refund.company, writable=False),
        ToOne("payment", "payments", Refund.payment, writable=False),
        ToOne("credit_memo", "invoices", Refund.credit_memo, inverse="refunds", writable=False),
    ),
    filters=(Refund.company, Refund.payment, Refund.credit_memo, Refund.date),
    sorts=(Refund.date, Refund.created_at),
    default_sort="-date",
)


gateway_configs = Resource(
    name="payment-gateway-configs",
    title="Payment gateways",
    description="Which gateways are set up; their credentials are sealed.",
    table=GatewayConfig,
    read=shapes.GatewayConfigRow,
    verbs=READ_ONLY,
    filters=(GatewayConfig.provider,),
    sorts=(GatewayConfig.created_at,),
    label=GatewayConfig.provider,
)

saved_methods = Resource(
    name="saved-payment-methods",
    title="Saved payment methods",
    description="Cards and accounts that a gateway keeps for a company; nothing of their numbers is here.",
    table=SavedMethod,
    read=shapes.SavedMethodRead,
    verbs=READ_ONLY,
    relations=(ToOne("company", "companies", SavedMethod.company, writable=False),),
    filters=(SavedMethod.company, SavedMethod.is_autopay),
    sorts=(SavedMethod.created_at,),
    label=SavedMethod.label,
    portal=lambda who: (
        (SavedMethod.company == who.company_id) if who.client_admin else (SavedMethod.id == who.id)
    ),
    portal_hidden=("activity",),
)

ALL = (payments, allocations, refunds, gateway_configs, saved_methods)
