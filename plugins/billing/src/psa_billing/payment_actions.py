"""What one can do with payments: apply, take back, refund, note that they failed, start one at a gateway."""

import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_billing import gateway_refunds, gateways, ledger, money_back
from psa_billing.api import PAYMENTS
from psa_billing.api_gateways import PaymentMethod
from psa_billing.invoice_actions import Share
from psa_sdk import Answer, Context, Record, post
from psa_sdk.errors import Conflict

ALLOCATE = "billing.payments.allocate"
REFUND = "billing.payments.refund"
CHARGE = "billing.payments.charge"
Text = Annotated[str, Meta(max_length=2000)]


class Allocate(msgspec.Struct, forbid_unknown_fields=True):
    """Which invoices a payment goes to: those due first without any."""

    allocations: Annotated[list[Share], Meta(max_length=500)] | None = None


class RefundPayment(msgspec.Struct, forbid_unknown_fields=True):
    """How much goes back: all that is unapplied without an amount."""

    amount: Decimal | None = None
    date: datetime.date | None = None
    refund_method: PaymentMethod | None = None
    reference_number: Annotated[str, Meta(max_length=100)] | None = None
    reason: Text = ""


class FailPayment(msgspec.Struct, forbid_unknown_fields=True):
    """Why it didn't arrive."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class ProcessCard(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be paid, and how: on the gateway's page, or with a saved method."""

    invoices: Annotated[list[UUID], Meta(min_length=1, max_length=100)]
    provider: str | None = None
    saved_method: Annotated[str, Meta(max_length=200)] = ""
    expected_amount: Decimal | None = None
    success_url: Annotated[str, Meta(max_length=500, pattern="^https?://")] | None = None
    cancel_url: Annotated[str, Meta(max_length=500, pattern="^https?://")] | None = None


class PaymentStarted(msgspec.Struct):
    """An attempt to be paid: where the payer goes on, or what became of it."""

    state: str
    amount: Decimal
    currency: str
    redirect: str
    failure: str


@post("/payments/{id:uuid}/allocate", permission=ALLOCATE, returns=PAYMENTS)
async def allocate(ctx: Context, id: UUID, body: Allocate) -> Record:
    """Apply what is left of a payment to open invoices."""
    payment = await ctx.records.get(PAYMENTS, id)
    await ledger.lock(ctx, await ledger.payers(ctx, payment["company"]))
    payment = await ctx.records.get(PAYMENTS, id, lock=True)
    if payment["status"] != "received":
        raise Conflict("The payment failed; there is nothing to apply.", code="payment_failed")
    if body.allocations is None:
        await ledger.apply_oldest_first(ctx, "payment", payment)
    else:
        parts = [(one.invoice, one.amount) for one in body.allocations]
        await ledger.apply(ctx, "payment", payment, ledger.checked(parts, payment["currency"]), ctx.today)
    return Record(PAYMENTS, id)


@post("/payment-allocations/{id:uuid}/reverse", permission=ALLOCATE, returns="payment-allocations")
async def reverse(ctx: Context, id: UUID) -> Record:
    """Take an allocation or write-off back: the invoice is open again, the money unapplied."""
    allocation = await ctx.records.get("payment-allocations", id)
    await ledger.lock(ctx, [allocation["company"]])
    allocation = await ctx.records.get("payment-allocations", id, lock=True)
    if allocation["reversed_on"] is not None:
        raise Conflict("It was taken back before.", code="already_reversed")
    await ledger.reverse(ctx, allocation, ctx.today)
    return Record("payment-allocations", id)


@post("/payments/{id:uuid}/refund", permission=REFUND, returns=PAYMENTS)
async def refund(ctx: Context, id: UUID, body: RefundPayment) -> Record:
    """Give money back, through the gateway that it came by if there was one."""
    payment = await ctx.records.get(PAYMENTS, id)
    amount = payment["unapplied"] if body.amount is None else body.amount
    date, method = body.date or ctx.today, body.refund_method or payment["payment_method"]
    if payment["gateway"] is not None and body.reference_number is None:
        await gateway_refunds.refund(ctx, id, amount, date=date, method=method, reason=body.reason)
    else:
        await money_back.refund(
            ctx, id, amount, date=date, method=method, reference=body.reference_number, reason=body.reason
        )
    return Record(PAYMENTS, id)


@post("/invoices/{id:uuid}/refund", permission=REFUND, returns="invoices")
async def refund_credit(ctx: Context, id: UUID, body: RefundPayment) -> Record:
    """Pay out what is left of a credit memo."""
    memo = await ctx.records.get("invoices", id)
    await money_back.refund_credit(
        ctx,
        id,
        memo["balance_due"] if body.amount is None else body.amount,
        date=body.date or ctx.today,
        method=body.refund_method or "other",
        reference=body.reference_number,
    )
    return Record("invoices", id)


@post("/payments/{id:uuid}/fail", permission=REFUND, returns=PAYMENTS)
async def fail(ctx: Context, id: UUID, body: FailPayment) -> Record:
    """Note that a payment didn't arrive after all: a bounced check, a returned debit."""
    await ctx.records.get(PAYMENTS, id)
    await money_back.fail(ctx, id, body.reason, ctx.today)
    return Record(PAYMENTS, id)


@post(
    "/payments/process-card",
    permission=CHARGE,
    returns=PaymentStarted,
    answer_type="payment-attempts",
    status=201,
)
async def process_card(ctx: Context, body: ProcessCard) -> Answer:
    """Have invoices paid through a gateway; the amount is what is open of them now."""
    started = await gateways.settled(
        ctx,
        await gateways.begin(
            ctx,
            body.invoices,
            provider=body.provider,
            saved_method=body.saved_method,
            expected=body.expected_amount,
            success_url=body.success_url or "",
            cancel_url=body.cancel_url or "",
        ),
    )
    return Answer(
        type="payment-attempts",
        id=str(started.attempt_id),
        status=201,
        attributes=PaymentStarted(
            state=started.state,
            amount=started.amount,
            currency=started.currency,
            redirect=started.redirect,
            failure=started.failure,
        ),
    )


ALL = (allocate, reverse, refund, refund_credit, fail, process_card)
