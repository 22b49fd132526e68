"""Finalising: the parties are noted down, the number is taken, and from then on nothing changes."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import ledger, lifecycle, numbers, snapshots
from psa_billing.api import INVOICES, CreditMemoIssued, InvoiceFinalised
from psa_billing.closing import check_open
from psa_billing.computing import LINES, recompute
from psa_billing.documents import keep_document
from psa_billing.engine.money import ZERO
from psa_billing.engine.recognition import over_period
from psa_billing.profiles import Client, client
from psa_billing.settings import BillingSettings
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid

SPENT = """
SELECT coalesce(sum(total), 0) FROM billing.invoice
WHERE company = $1 AND po_number = $2 AND kind = 'invoice' AND finalised_at IS NOT NULL AND status <> 'void'"""
REVENUE = """
INSERT INTO billing.revenue_entry (invoice, line, company, date, amount, currency, reason)
SELECT $1, r.line, $2, r.date, r.amount, $3, $7 FROM unnest($4::uuid[], $5::date[], $6::numeric[]) AS r(line, date, amount)"""


async def finalise(ctx: Context, invoice_id: UUID) -> Mapping[str, Any]:
    """Give an invoice or credit memo its number; returns its columns.

    Raises `Conflict` for one that isn't ready, closed books or a missing PO number, `Invalid` for missing tax rates.
    """
    system = ctx.as_system()
    own = await ctx.settings(BillingSettings)
    invoice = dict(await system.records.get(INVOICES, invoice_id, lock=True))
    lifecycle.check(invoice, "sent")
    if own.approval_required and invoice["status"] != "approved":
        raise Conflict(
            "Invoices are approved before they are finalised.",
            code="approval_required",
            meta={"status": invoice["status"], "allowed": ["pending", "approved"]},
        )
    await check_open(ctx, invoice["invoice_date"])
    invoice = dict(await recompute(ctx, invoice_id))
    who = await client(ctx, invoice["company"])
    lines = await ctx.db.fetch(LINES, invoice_id)
    warnings = await _checked(ctx, invoice, lines, who)
    columns = await snapshots.of_parties(ctx, who, invoice)
    number = await numbers.take(ctx, invoice["kind"], invoice["invoice_date"])
    if number.warning:
        warnings.append(number.warning)
    columns |= {
        "invoice_number": number.text,
        "status": "sent",
        "finalised_at": ctx.now,
        "warnings": warnings,
    }
    if invoice["total"] == 0:
        columns |= {"status": "paid", "paid_at": ctx.now}
    await system.records.update(INVOICES, invoice_id, columns)
    invoice |= columns
    await _recognise(ctx, invoice, lines)
    await ctx.send(keep_document, invoice_id=invoice_id)
    await _tell(ctx, invoice)
    return invoice


async def _checked(
    ctx: Context, invoice: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], who: Client
) -> list[str]:
    """Refuse what can't be finalised; return warnings."""
    warnings = list(_decoded(invoice["warnings"]))
    if not lines:
        raise Conflict("The invoice has no lines.", code="no_lines")
    if invoice["total"] < 0:
        raise Conflict(
            "The invoice comes to less than nothing; make it a credit memo.", code="negative_total"
        )
    if invoice["due_date"] < invoice["invoice_date"]:
        raise Invalid(
            "An invoice isn't due before its date.", code="bad_due_date", pointer="/data/attributes/due_date"
        )
    if invoice["kind"] == "invoice":
        if who.po_required and not invoice["po_number"]:
            raise Conflict(f"{who.name} wants a PO number on invoices; enter it.", code="po_required")
        if who.po_limit is not None and invoice["po_number"]:
            spent = await ctx.db.fetch_value(SPENT, invoice["company"], invoice["po_number"])
            over = spent + invoice["total"] - who.po_limit
            if over > 0:
                warnings.append(f"PO {invoice['po_number']} is exceeded by {over}.")
    return [*dict.fromkeys(warnings)]


async def _recognise(ctx: Context, invoice: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
    """Write when the revenue counts: over a line's period, or at once (BILL-50)."""
    sign = -1 if invoice["kind"] == "credit_memo" else 1
    rows: list[tuple[UUID, Any, Any]] = []
    for line in lines:
        net = sign * (line["total"] - line["discount_amount"])
        if line["recognition"] == "over_period" and line["period_start"] is not None:
            parts = over_period(net, line["period_start"], line["period_end"], invoice["currency"])
            rows += [(line["id"], date, amount) for date, amount in parts]
        else:
            rows.append((line["id"], line["date"] or invoice["invoice_date"], net))
    kept = [row for row in rows if row[2] != ZERO]
    await write_revenue(ctx, invoice, kept, "earned")


async def write_revenue(
    ctx: Context, invoice: Mapping[str, Any], rows: Sequence[tuple[UUID | None, Any, Any]], reason: str
) -> None:
    """Write revenue entries given as (line, date, amount)."""
    if rows:
        ids, dates, amounts = (list(column) for column in zip(*rows, strict=True))
        await ctx.db.execute(
            REVENUE, invoice["id"], invoice["company"], invoice["currency"], ids, dates, amounts, reason
        )


async def _tell(ctx: Context, invoice: Mapping[str, Any]) -> None:
    if invoice["kind"] == "invoice":
        await ctx.emit(
            InvoiceFinalised(
                invoice_id=invoice["id"],
                number=invoice["invoice_number"],
                company_id=invoice["company"],
                total=invoice["total"],
                currency=invoice["currency"],
            )
        )
        return
    await ctx.emit(
        CreditMemoIssued(
            invoice_id=invoice["id"],
            number=invoice["invoice_number"],
            company_id=invoice["company"],
            credits_id=invoice["credits"],
            total=invoice["total"],
            currency=invoice["currency"],
        )
    )
    if invoice["credits"] is not None:
        await _credit_its_invoice(ctx, invoice)


async def _credit_its_invoice(ctx: Context, memo: Mapping[str, Any]) -> None:
    """Apply a credit memo to the invoice that it corrects, as far as that is open."""
    await ledger.lock(ctx, [memo["company"]])
    await ledger.apply_oldest_first(ctx, "credit_memo", memo, [memo["credits"]])


def _decoded(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value
