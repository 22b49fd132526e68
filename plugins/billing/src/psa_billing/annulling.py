"""Void and written off: revenue that never was, and revenue that is never paid (BILL-05, BILL-36)."""

from decimal import Decimal
from uuid import UUID

from psa_billing import ledger, lifecycle
from psa_billing.api import INVOICES, InvoiceVoided, InvoiceWrittenOff
from psa_billing.claims import release_sources
from psa_billing.closing import check_open
from psa_billing.documents import keep_document
from psa_billing.engine.money import ZERO, rounded
from psa_billing.finalising import write_revenue
from psa_sdk import Context
from psa_sdk.errors import Conflict

CREDITED = "SELECT invoice_number FROM billing.invoice WHERE credits = $1 AND status <> 'void' LIMIT 1"
EARNED = "SELECT line, sum(amount) AS amount FROM billing.revenue_entry WHERE invoice = $1 GROUP BY line HAVING sum(amount) <> 0"


async def void(ctx: Context, invoice_id: UUID, reason: str) -> None:
    """Annul what nothing was applied to: its number stays, its sources can be billed again."""
    system = ctx.as_system()
    invoice = await system.records.get(INVOICES, invoice_id)
    await ledger.lock(ctx, [invoice["company"]])
    invoice = await system.records.get(INVOICES, invoice_id, lock=True)
    if invoice["status"] in lifecycle.DRAFTS:
        raise Conflict("A draft is deleted, not voided.", code="illegal_transition", meta={"allowed": []})
    await check_open(ctx, ctx.today)
    await check_open(ctx, invoice["invoice_date"])
    applied = await ledger.active(ctx, "invoice", invoice_id) + await ledger.active(
        ctx, "credit_memo", invoice_id
    )
    if invoice["status"] != "void" and (applied or invoice["amount_paid"] or invoice["amount_written_off"]):
        raise Conflict(
            f"Something was applied to {lifecycle.shown(invoice)}; write a credit memo instead.",
            code="has_allocations",
        )
    if await ctx.db.fetch_value(CREDITED, invoice_id):
        raise Conflict(
            f"{lifecycle.shown(invoice)} is credited in part; credit the rest.", code="has_credits"
        )
    if invoice["status"] != "paid":
        lifecycle.check(invoice, "void")
    await system.records.update(
        INVOICES,
        invoice_id,
        {
            "status": "void",
            "voided_at": ctx.now,
            "voided_on": ctx.today,
            "balance_due": rounded(ZERO, invoice["currency"]),
            "reason": reason,
        },
    )
    await release_sources(ctx, invoice_id)
    reversal = [(row["line"], ctx.today, -row["amount"]) for row in await ctx.db.fetch(EARNED, invoice_id)]
    await write_revenue(ctx, invoice, reversal, "reversal")
    await ctx.send(keep_document, invoice_id=invoice_id)
    await ctx.emit(InvoiceVoided(invoice_id=invoice_id, company_id=invoice["company"], reason=reason))


async def write_off(ctx: Context, invoice_id: UUID, reason: str, amount: Decimal | None) -> None:
    """Give up what is open, or a part of it; the revenue stays and the bad debt shows."""
    system = ctx.as_system()
    invoice = await system.records.get(INVOICES, invoice_id)
    await ledger.lock(ctx, [invoice["company"]])
    invoice = await system.records.get(INVOICES, invoice_id, lock=True)
    if invoice["kind"] != "invoice" or invoice["status"] not in lifecycle.OPEN:
        lifecycle.check(invoice, "written_off")
    await check_open(ctx, ctx.today)
    given_up = invoice["balance_due"] if amount is None else rounded(amount, invoice["currency"])
    if not 0 < given_up <= invoice["balance_due"]:
        raise Conflict(
            f"Only {invoice['balance_due']} of {lifecycle.shown(invoice)} is open.",
            code="overpaid",
            meta={"balance": str(invoice["balance_due"])},
        )
    await system.records.create(
        ledger.ALLOCATIONS,
        {
            "invoice": invoice_id,
            "company": invoice["company"],
            "kind": "write_off",
            "amount": given_up,
            "date": max(ctx.today, invoice["invoice_date"]),
        },
    )
    await system.records.update(INVOICES, invoice_id, {"reason": reason})
    await ledger.settle_invoice(ctx, await system.records.get(INVOICES, invoice_id, lock=True))
    await ctx.emit(InvoiceWrittenOff(invoice_id=invoice_id, company_id=invoice["company"], amount=given_up))
