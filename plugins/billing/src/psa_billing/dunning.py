"""Reminders and late fees of open invoices, each once (BILL-42). What is paid meanwhile isn't reminded of."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_billing import sending
from psa_billing.api import INVOICES
from psa_billing.api_sources import BillableLine, DraftRequest
from psa_billing.desk import StoredInvoiceDesk
from psa_billing.engine.fees import fees_due, late_fee
from psa_billing.lifecycle import shown
from psa_billing.settings import BillingSettings
from psa_sdk import Context, actor, every

FEES = "late_fees"
DUE = """
SELECT i.id, i.due_date FROM billing.invoice i LEFT JOIN billing.profile p
    ON p.tenant_id = i.tenant_id AND p.company = i.company
WHERE i.kind = 'invoice' AND i.status IN ('sent', 'partially_paid') AND i.due_date <= $1
    AND NOT i.reminders_paused AND NOT coalesce(p.reminders_paused, false) AND NOT i.in_dispute AND NOT i.is_processing
ORDER BY i.due_date, i.id"""
REMINDED = "SELECT step FROM billing.delivery WHERE invoice = $1 AND kind = 'reminder'"
PRINCIPAL = """
SELECT coalesce(sum(l.total - l.discount_amount + l.tax_amount), 0) FROM billing.invoice_line l
WHERE l.invoice = $1 AND l.source <> 'late_fees'"""


@actor(queue="bulk")
async def remind(ctx: Context) -> None:
    """Look through what is open, and send for what is to be said."""
    own = await ctx.settings(BillingSettings)
    if not own.reminders and not own.late_fee_percent:
        return
    earliest = min((*own.reminder_days, 0))
    for row in await ctx.db.fetch(DUE, ctx.today - datetime.timedelta(days=earliest)):
        await ctx.send(remind_of, invoice_id=row["id"])


@actor(queue="bulk")
async def remind_of(ctx: Context, *, invoice_id: UUID) -> None:
    """Send the latest reminder that is due and wasn't sent; charge the late fees that are due."""
    own = await ctx.settings(BillingSettings)
    invoice = await ctx.records.get(INVOICES, invoice_id, lock=True)
    if invoice["status"] not in {"sent", "partially_paid"} or invoice["is_processing"]:
        return
    late = (ctx.today - invoice["due_date"]).days
    reached = [step for step in own.reminder_days if step <= late]
    if own.reminders and reached:
        step = max(reached)
        done = {row["step"] for row in await ctx.db.fetch(REMINDED, invoice_id)}
        if step not in done and not (step < 0 and late >= 0):
            await sending.or_skipped(
                ctx,
                lambda: sending.send_reminder(ctx, invoice, step),
                {"kind": "reminder", "company": invoice["company"], "invoice": invoice_id, "step": step},
            )
    if own.late_fee_percent:
        await _charge(ctx, invoice, own.late_fee_percent)


async def _charge(ctx: Context, invoice: Mapping[str, Any], percent: Decimal) -> None:
    """Draft a late fee for every thirty days; on what is overdue without earlier fees."""
    principal = min(invoice["balance_due"], await ctx.db.fetch_value(PRINCIPAL, invoice["id"]))
    fee = late_fee(principal, percent, invoice["currency"])
    if fee <= 0:
        return
    lines = [
        BillableLine(
            key=f"{invoice['id']}:{number}",
            description=f"Late fee {number} on {shown(invoice)}",
            currency=invoice["currency"],
            date=ctx.today,
            unit_price=fee,
            line_type="adjustment",
        )
        for number in range(1, fees_due(invoice["due_date"], ctx.today) + 1)
    ]
    await StoredInvoiceDesk(ctx).draft(
        DraftRequest(company_id=invoice["company"], source=FEES, lines=lines, invoice_date=ctx.today)
    )


ACTORS = (remind, remind_of)
SCHEDULES = (every("0 7 * * *", remind),)
