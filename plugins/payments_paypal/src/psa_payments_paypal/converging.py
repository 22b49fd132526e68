"""What is true at PayPal is reported to billing: asked anew each time, so that order and number of events don't matter.

An order holds its payments and their refunds; they are reported in the order in which they must have happened. What a
payer agreed to is fetched here, after billing has noted that it is under way (BILL-32, BILL-33).
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from psa_billing.api import GatewayLedger, Receipt, Refused
from psa_payments_paypal.amounts import read
from psa_payments_paypal.client import Client, Json
from psa_payments_paypal.orders import OPEN, Marks, marks_of
from psa_payments_paypal.refusals import sentence
from psa_sdk import Context

PAYPAL = "paypal"
_ARRIVED = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")
_WON = ("RESOLVED_SELLER_FAVOUR", "CANCELED_BY_BUYER", "DENIED")
_log = structlog.get_logger(__name__)


async def order(ctx: Context, client: Client, order_id: str, *, attempt_id: UUID | None = None) -> None:
    """Fetch what was agreed to and is still wanted, and report what became of an order.

    `attempt_id` is the attempt that it was made for, where that is known: an order that is gone was left.
    """
    async with ctx.outside():
        try:
            found = await client.get(f"/v2/checkout/orders/{order_id}")
        except Refused as problem:
            if not problem.gone:
                raise
            found = {}
    if not found:
        if attempt_id is not None:
            await _left(ctx, order_id, attempt_id)
        return
    marks = _marks(found)
    if marks is None or marks.tenant_id != ctx.tenant_id:
        _log.info("an order of somebody else's", order=order_id)
        return
    if found["status"] == "APPROVED" and await ctx.service(GatewayLedger).take(PAYPAL, marks.attempt_id):
        found = await _fetch(ctx, client, order_id, marks) or found
    await _report(ctx, order_id, found, marks)


async def capture(ctx: Context, client: Client, capture_id: str) -> None:
    """Report the order that a payment belongs to; raises `Refused` where there is no such payment."""
    async with ctx.outside():
        found = await client.get(f"/v2/payments/captures/{capture_id}")
    related = (found.get("supplementary_data") or {}).get("related_ids") or {}
    if related.get("order_id"):
        await order(ctx, client, related["order_id"])


async def dispute(ctx: Context, client: Client, dispute_id: str) -> None:
    """Report a dispute and what it is about. While the two talk (`INQUIRY`) no money moves."""
    async with ctx.outside():
        found = await client.get(f"/v1/customer/disputes/{dispute_id}")
    ledger, over = ctx.service(GatewayLedger), found.get("status") == "RESOLVED"
    for one in found.get("disputed_transactions") or ():
        reference = one["seller_transaction_id"]
        await capture(ctx, client, reference)
        if found.get("dispute_life_cycle_stage") != "INQUIRY":
            amount, _ = read(found["dispute_amount"])
            await ledger.disputed(PAYPAL, reference, dispute=dispute_id, amount=amount)
        if over:
            outcome = (found.get("dispute_outcome") or {}).get("outcome_code")
            paid_out = outcome == "RESOLVED_WITH_PAYOUT" and one.get("transaction_status") == "COMPLETED"
            won = outcome in _WON or paid_out
            await ledger.dispute_closed(PAYPAL, reference, dispute=dispute_id, won=won)


async def _fetch(ctx: Context, client: Client, order_id: str, marks: Marks) -> Json:
    """Fetch the money; returns the order after it, nothing where that was refused for good."""
    refused: Refused | None = None
    found: Json = {}
    async with ctx.outside():
        try:
            found = await client.post(
                f"/v2/checkout/orders/{order_id}/capture", {}, f"capture-{marks.attempt_id}"
            )
        except Refused as problem:
            refused = problem
            if problem.reason == "ORDER_ALREADY_CAPTURED":
                refused = None
        if refused is None:
            found = await client.get(f"/v2/checkout/orders/{order_id}")
    if refused is not None:
        await ctx.service(GatewayLedger).failed(
            PAYPAL, order_id, reason=str(refused), hard=refused.hard, attempt_id=marks.attempt_id
        )
    return found


async def _report(ctx: Context, order_id: str, found: Mapping[str, Any], marks: Marks) -> None:
    captures = _payments(found, "captures")
    if not captures and _is_over(ctx, found):
        await _left(ctx, order_id, marks.attempt_id)
    for one in captures:
        await _report_payment(ctx, order_id, one, marks)
    arrived = [one for one in captures if one["status"] in _ARRIVED]
    for one in _payments(found, "refunds") if arrived else ():
        await _report_refund(ctx, arrived[0]["id"], one)


async def _report_payment(ctx: Context, order_id: str, one: Mapping[str, Any], marks: Marks) -> None:
    ledger = ctx.service(GatewayLedger)
    if one["status"] in _ARRIVED:
        amount, currency = read(one["amount"])
        fee = (one.get("seller_receivable_breakdown") or {}).get("paypal_fee")
        receipt = Receipt(
            reference=one["id"],
            amount=amount,
            currency=currency,
            at=datetime.datetime.fromisoformat(one["create_time"]),
            method="other",
            fee=read(fee)[0] if fee and fee["currency_code"] == currency else None,
            attempt_id=marks.attempt_id,
        )
        await ledger.succeeded(PAYPAL, receipt)
    elif one["status"] == "PENDING":
        await ledger.processing(PAYPAL, order_id, attempt_id=marks.attempt_id)
    else:
        reason = (one.get("status_details") or {}).get("reason", "")
        said = f"PayPal declined the payment ({reason.replace('_', ' ').lower()})." if reason else ""
        await ledger.failed(
            PAYPAL,
            one["id"],
            reason=sentence(reason, said or "PayPal declined the payment."),
            returned=True,
            attempt_id=marks.attempt_id,
        )


async def _report_refund(ctx: Context, capture_id: str, one: Mapping[str, Any]) -> None:
    ledger, key = ctx.service(GatewayLedger), one.get("custom_id") or ""
    if one["status"] in {"COMPLETED", "PENDING"}:
        amount, _ = read(one["amount"])
        final = one["status"] == "COMPLETED"
        await ledger.refunded(PAYPAL, capture_id, refund=one["id"], amount=amount, key=key, is_final=final)
    else:
        reason = "PayPal couldn't give the money back."
        await ledger.refund_failed(PAYPAL, capture_id, refund=one["id"], reason=reason, key=key)


async def _left(ctx: Context, order_id: str, attempt_id: UUID) -> None:
    await ctx.service(GatewayLedger).failed(
        PAYPAL, order_id, reason="The page was left.", attempt_id=attempt_id
    )


def _is_over(ctx: Context, found: Mapping[str, Any]) -> bool:
    """Tell whether nobody can agree to an order any more."""
    made = datetime.datetime.fromisoformat(found["create_time"])
    return found["status"] == "VOIDED" or (found["status"] != "APPROVED" and ctx.now > made + OPEN)


def _payments(found: Mapping[str, Any], kind: str) -> Sequence[Mapping[str, Any]]:
    parts = [one for unit in found["purchase_units"] for one in (unit.get("payments") or {}).get(kind) or ()]
    return sorted(parts, key=lambda one: one.get("create_time", ""))


def _marks(found: Mapping[str, Any]) -> Marks | None:
    return marks_of(found["purchase_units"][0].get("custom_id") or "")
