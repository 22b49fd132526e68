"""What was paid, what of it was applied to which invoice, and what was given back."""

import decimal

from psa_sdk.tables import (
    Choice,
    Date,
    Decimal,
    Index,
    Ref,
    TenantTable,
    Text,
)

METHODS = ("check", "credit_card", "ach", "wire", "cash", "other")
ZERO = decimal.Decimal(0)


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
    """Money given back, of a payment or for a credit memo; from `failed_on` on it never left."""

    company = Ref("companies")
    payment = Ref("payments", null=True)
    credit_memo = Ref("invoices", null=True)
    amount = Decimal()
    currency = Text()
    date = Date()
    refund_method = Choice(*METHODS, default="other")
    reference_number = Text(null=True)
    reason = Text(default="")
    failed_on = Date(null=True)
    failure = Text(default="")

    index_on = (
        Index(("payment",), where="payment IS NOT NULL"),
        Index(("credit_memo",), where="credit_memo IS NOT NULL"),
        Index(("company", "date")),
        Index(("payment", "reference_number"), unique=True, where="reference_number IS NOT NULL"),
    )
    checks = ("amount > 0", "num_nonnulls(payment, credit_memo) = 1", "failed_on >= date")


ALL = (Payment, Allocation, Refund)
