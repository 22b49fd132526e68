"""Money that goes back or never came: refunds, failed payments, disputes (BILL-31, BILL-33, BILL-35)."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_billing import ledger
from psa_billing.amounts import positive
from psa_billing.api import INVOICES, PAYMENTS, PaymentRefunded, RefundFailed
from psa_billing.closing import check_open
from psa_billing.engine.money import ZERO, rounded
from psa_sdk import Context
from psa_sdk.errors import Conflict

REFUNDS = "refunds"
KNOWN = "SELECT 1 FROM billing.refund WHERE payment = $1 AND reference_number = $2"
STANDING = """
SELECT id, date, amount FROM billing.refund
WHERE payment = $1 AND reference_number = $2 AND failed_on IS NULL FOR UPDATE"""


async def free_up(ctx: Context, payment: Mapping[str, Any], amount: Decimal, date: datetime.date) -> None:
    """Take so much of a payment off its invoices, the latest first, that an amount of it is unapplied."""
    short = amount - payment["unapplied"]
    for allocation in await ledger.active(ctx, "payment", payment["id"]):
        if short <= 0:
            return
        part = min(short, allocation["amount"])
        await ledger.reverse(ctx, allocation, date, keep=allocation["amount"] - part)
        short -= part


async def refund(
    ctx: Context,
    payment_id: UUID,
    amount: Decimal,
    *,
    date: datetime.date,
    method: str,
    reference: str | None,
    reason: str,
) -> UUID | None:
    """Give back a part of a payment; what it had paid is open again. None for a reference known already."""
    system = ctx.as_system()
    payment = await system.records.get(PAYMENTS, payment_id)
    await ledger.lock(ctx, await ledger.payers(ctx, payment["company"]))
    payment = await system.records.get(PAYMENTS, payment_id, lock=True)
    if reference and await ctx.db.fetch_value(KNOWN, payment_id, reference):
        return None
    amount = positive(amount, payment["currency"], "/data/attributes/amount")
    await check_open(ctx, date)
    left = payment["amount"] - payment["amount_refunded"] - payment["amount_disputed"]
    if payment["status"] != "received" or amount > left:
        raise Conflict(
            f"Only {left if payment['status'] == 'received' else ZERO} of the payment can be given back.",
            code="not_enough_left",
            meta={"left": str(left)},
        )
    await free_up(ctx, payment, amount, date)
    made = await system.records.create(
        REFUNDS,
        {
            "company": payment["company"],
            "payment": payment_id,
            "amount": amount,
            "currency": payment["currency"],
            "date": date,
            "refund_method": method,
            "reference_number": reference,
            "reason": reason,
        },
    )
    await ledger.settle_origin(ctx, "payment", payment_id)
    await ctx.emit(PaymentRefunded(payment_id=payment_id, amount=amount, currency=payment["currency"]))
    return made


async def refund_failed(
    ctx: Context, payment_id: UUID, reference: str, reason: str, invoices: Sequence[UUID]
) -> None:
    """Take a refund back that never left: it pays the invoices again that it came off. Repeating it is harmless."""
    system = ctx.as_system()
    payment = await system.records.get(PAYMENTS, payment_id)
    await ledger.lock(ctx, await ledger.payers(ctx, payment["company"]))
    row = await ctx.db.fetch_one(STANDING, payment_id, reference)
    if row is None:
        return
    await check_open(ctx, ctx.today)
    failure = reason[:500]
    values = {"failed_on": max(ctx.today, row["date"]), "failure": failure}
    await system.records.update(REFUNDS, row["id"], values)
    await ledger.settle_origin(ctx, "payment", payment_id)
    payment = await system.records.get(PAYMENTS, payment_id, lock=True)
    await ledger.apply_oldest_first(ctx, "payment", payment, list(invoices))
    await ctx.emit(
        RefundFailed(
            payment_id=payment_id,
            amount=row["amount"],
            currency=payment["currency"],
            reason=failure,
        )
    )


async def refund_credit(
    ctx: Context, memo_id: UUID, amount: Decimal, *, date: datetime.date, method: str, reference: str | None
) -> UUID:
    """Pay out what is left of a credit memo."""
    system = ctx.as_system()
    memo = await system.records.get(INVOICES, memo_id)
    await ledger.lock(ctx, [memo["company"]])
    memo = await system.records.get(INVOICES, memo_id, lock=True)
    amount = positive(amount, memo["currency"], "/data/attributes/amount")
    await check_open(ctx, date)
    if (
        memo["kind"] != "credit_memo"
        or memo["status"] not in {"sent", "partially_paid"}
        or amount > memo["balance_due"]
    ):
        raise Conflict(
            f"Only {memo['balance_due']} of the credit is left.",
            code="not_enough_left",
            meta={"left": str(memo["balance_due"])},
        )
    made = await system.records.create(
        REFUNDS,
        {
            "company": memo["company"],
            "credit_memo": memo_id,
            "amount": amount,
            "currency": memo["currency"],
            "date": date,
            "refund_method": method,
            "reference_number": reference,
            "reason": memo["reason"],
        },
    )
    await ledger.settle_origin(ctx, "credit_memo", memo_id)
    return made


async def fail(ctx: Context, payment_id: UUID, reason: str, date: datetime.date) -> None:
    """Note that a payment didn't arrive after all; what it had paid is open again. Repeating it is harmless."""
    system = ctx.as_system()
    payment = await system.records.get(PAYMENTS, payment_id)
    await ledger.lock(ctx, await ledger.payers(ctx, payment["company"]))
    payment = await system.records.get(PAYMENTS, payment_id, lock=True)
    if payment["status"] == "failed":
        return
    if payment["amount_refunded"]:
        raise Conflict("A part of the payment was given back; it did arrive.", code="refunded")
    await check_open(ctx, date)
    for allocation in await ledger.active(ctx, "payment", payment_id):
        await ledger.reverse(ctx, allocation, date)
    await system.records.update(
        PAYMENTS,
        payment_id,
        {
            "status": "failed",
            "failure": reason,
            "failed_on": date,
            "unapplied": rounded(ZERO, payment["currency"]),
        },
    )


async def dispute(ctx: Context, payment_id: UUID, amount: Decimal) -> None:
    """Withdraw a disputed amount and mark the invoices that it had paid."""
    system = ctx.as_system()
    payment = await system.records.get(PAYMENTS, payment_id)
    await ledger.lock(ctx, await ledger.payers(ctx, payment["company"]))
    payment = await system.records.get(PAYMENTS, payment_id, lock=True)
    if payment["amount_disputed"] or payment["status"] != "received":
        return
    amount = min(amount, payment["amount"] - payment["amount_refunded"])
    paid = [one["invoice"] for one in await ledger.active(ctx, "payment", payment_id)]
    await free_up(ctx, payment, amount, ctx.today)
    current = await system.records.get(PAYMENTS, payment_id)
    await system.records.update(
        PAYMENTS, payment_id, {"amount_disputed": amount, "unapplied": current["unapplied"] - amount}
    )
    await mark_disputed(ctx, paid, disputed=True)


async def dispute_over(ctx: Context, payment_id: UUID, invoices: Sequence[UUID], *, won: bool) -> None:
    """End a dispute: won restores the amount, lost makes it a failed or smaller payment for good."""
    system = ctx.as_system()
    payment = await system.records.get(PAYMENTS, payment_id)
    await ledger.lock(ctx, await ledger.payers(ctx, payment["company"]))
    payment = await system.records.get(PAYMENTS, payment_id, lock=True)
    amount = payment["amount_disputed"]
    if not amount:
        return
    await mark_disputed(ctx, invoices, disputed=False)
    if won:
        values = {
            "amount_disputed": rounded(ZERO, payment["currency"]),
            "unapplied": payment["unapplied"] + amount,
        }
        await system.records.update(PAYMENTS, payment_id, values)
        restored = await system.records.get(PAYMENTS, payment_id)
        await ledger.apply_oldest_first(ctx, "payment", restored, list(invoices))


async def mark_disputed(ctx: Context, invoices: Sequence[UUID], *, disputed: bool) -> None:
    """Set or take away the mark of a dispute."""
    for invoice_id in sorted(set(invoices)):
        await ctx.as_system().records.update(INVOICES, invoice_id, {"in_dispute": disputed})
