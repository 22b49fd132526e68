"""Invoices that are charged by themselves: once a day, four times at most, never while money is moving (BILL-37)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_billing import gateways, sending
from psa_billing.api import INVOICES, AutopayStopped, PaymentFailed
from psa_billing.gateway_methods import autopay_method, refuse_method
from psa_billing.lifecycle import OPEN
from psa_sdk import Context, actor, every, on
from psa_sdk.errors import Conflict

MOST = 4
DUE = """
SELECT i.id FROM billing.invoice i JOIN billing.saved_method m
    ON m.tenant_id = i.tenant_id AND m.company = i.company AND m.is_autopay AND m.failure = ''
WHERE i.kind = 'invoice' AND i.status IN ('sent', 'partially_paid') AND i.balance_due > 0 AND i.due_date <= $1
    AND NOT i.in_dispute AND NOT i.is_processing
ORDER BY i.due_date, i.id"""
MADE = """
SELECT count(*) AS made, coalesce(bool_or(day >= $2), false) AS today,
    coalesce(bool_or(state IN ('pending', 'processing')), false) AS waiting,
    coalesce(bool_or(is_hard AND saved_method = $3), false) AS refused
FROM billing.attempt WHERE automatic AND invoices ? $1"""
ATTEMPT = "SELECT provider, automatic, is_hard, saved_method FROM billing.attempt WHERE id = $1"
FAILED = "SELECT count(*) FROM billing.attempt WHERE automatic AND state = 'failed' AND invoices ? $1"


@actor(queue="bulk")
async def charge_due(ctx: Context) -> None:
    """Look through what is due of companies that pay by themselves."""
    for row in await ctx.db.fetch(DUE, ctx.today):
        await ctx.send(charge_invoice, invoice_id=row["id"])


@actor(queue="default", max_attempts=2, time_limit=120)
async def charge_invoice(ctx: Context, *, invoice_id: UUID) -> None:
    """Charge what is open of an invoice to the company's stored method, unless that was tried today."""
    await ctx.db.lock("billing.autopay", invoice_id)
    invoice = await ctx.records.get(INVOICES, invoice_id)
    method = await autopay_method(ctx, invoice["company"])
    if method is None or not _wanted(ctx, invoice):
        return
    made = dict(await ctx.db.fetch_one(MADE, str(invoice_id), ctx.today, method["reference"]) or {})
    if made["today"] or made["waiting"] or made["refused"] or made["made"] >= MOST:
        return
    try:
        await gateways.begin(
            ctx,
            [invoice_id],
            provider=method["provider"],
            saved_method=method["reference"],
            automatic=True,
        )
    except Conflict:
        return  # somebody is paying, or the gateway was switched off meanwhile


def _wanted(ctx: Context, invoice: Mapping[str, Any]) -> bool:
    moving = invoice["in_dispute"] or invoice["is_processing"]
    return invoice["status"] in OPEN and invoice["due_date"] <= ctx.today and not moving


@on(PaymentFailed)
async def give_up(ctx: Context, event: PaymentFailed) -> None:
    """After a refusal for good, or the fourth, charge no more and tell."""
    attempt = await ctx.db.fetch_one(ATTEMPT, event.attempt_id)
    if attempt is None or not attempt["automatic"] or not event.invoice_ids:
        return
    invoice_id = event.invoice_ids[0]
    made = await ctx.db.fetch_value(FAILED, str(invoice_id))
    if attempt["is_hard"]:
        await refuse_method(ctx, attempt["provider"], attempt["saved_method"], event.reason)
    if attempt["is_hard"] or made >= MOST:
        await ctx.emit(
            AutopayStopped(invoice_id=invoice_id, company_id=event.company_id, reason=event.reason)
        )


@on(AutopayStopped)
async def tell_client(ctx: Context, event: AutopayStopped) -> None:
    """Write to the client that they have to pay otherwise, unless they have by now."""
    invoice = await ctx.records.get(INVOICES, event.invoice_id)
    if invoice["status"] in OPEN:
        await sending.or_skipped(
            ctx,
            lambda: sending.send_autopay_stopped(ctx, invoice),
            {"kind": "autopay", "company": invoice["company"], "invoice": invoice["id"]},
        )


ACTORS = (charge_due, charge_invoice)
SCHEDULES = (every("0 8 * * *", charge_due),)
SUBSCRIBERS = (give_up, tell_client)
