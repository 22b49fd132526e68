"""Giving money back through the gateway that it came by: ordered, asked for, noted down."""

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_billing import ledger, money_back
from psa_billing.amounts import positive
from psa_billing.api import PAYMENTS
from psa_billing.api_gateways import RefundAnswer, RefundOrder
from psa_billing.closing import check_open
from psa_billing.gateways import chosen
from psa_sdk import Context
from psa_sdk.errors import Conflict, Problem, Unavailable
from psa_sdk.tables import new_id

ORDERED = "INSERT INTO billing.gateway_refund (id, payment, amount, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)"
WAITING = (
    "SELECT coalesce(sum(amount), 0) FROM billing.gateway_refund WHERE payment = $1 AND state = 'pending'"
)
ENDED = """
UPDATE billing.gateway_refund SET state = $2, reference = $3, failure = $4, updated_at = $5, version = version + 1
WHERE id = $1 AND state = 'pending'"""


async def refund(
    ctx: Context, payment_id: UUID, amount: Decimal, *, date: datetime.date, method: str, reason: str
) -> None:
    """Give back a part of a payment through its gateway; raises `Conflict` where less is left.

    Where the gateway doesn't answer, the order waits until it is known what became of it.
    """
    payment = dict(await ctx.as_system().records.get(PAYMENTS, payment_id))
    await ledger.lock(ctx, await ledger.payers(ctx, payment["company"]))
    payment = dict(await ctx.as_system().records.get(PAYMENTS, payment_id, lock=True))
    amount = positive(amount, payment["currency"], "/data/attributes/amount")
    await check_open(ctx, date)
    await _check_left(ctx, payment, amount)
    gateway, config = await chosen(ctx, payment["gateway"])
    order = RefundOrder(
        key=new_id(),
        reference=payment["gateway_transaction_id"],
        amount=amount,
        currency=payment["currency"],
    )
    await ctx.db.execute(ORDERED, order.key, payment_id, amount, ctx.now)
    problem: Problem | None = None
    answer = RefundAnswer(reference="")
    async with ctx.outside():
        try:
            answer = await gateway.refund(ctx, config, order)
        except Problem as error:
            problem = error
    if problem is not None:
        if not isinstance(problem, Unavailable):
            await ctx.db.execute(ENDED, order.key, "failed", None, str(problem)[:500], ctx.now)
        async with ctx.outside():
            raise problem
    state = "done" if answer.is_final else "accepted"
    await ctx.db.execute(ENDED, order.key, state, answer.reference, "", ctx.now)
    await money_back.refund(
        ctx, payment_id, amount, date=date, method=method, reference=answer.reference, reason=reason
    )


async def _check_left(ctx: Context, payment: dict[str, Any], amount: Decimal) -> None:
    left = payment["amount"] - payment["amount_refunded"] - payment["amount_disputed"]
    left -= await ctx.db.fetch_value(WAITING, payment["id"])
    if payment["status"] != "received":
        raise Conflict("The payment failed; there is nothing to give back.", code="payment_failed")
    if amount > left:
        raise Conflict(
            f"Only {left} of the payment can be given back.",
            code="not_enough_left",
            meta={"left": str(left)},
        )
