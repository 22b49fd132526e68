"""What is to be booked: invoices, credit memos, payments and what became of them, each a document of its own."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_billing.engine import journal
from psa_billing.engine.journal import Document, Posting
from psa_billing.paper import decoded
from psa_sdk import Context

AT_ONCE = 10_000
"""Documents of one export, the oldest first."""
_ALL = """
SELECT x.*, c.name FROM (
    SELECT i.tenant_id, i.kind AS kind, i.id, i.invoice_date AS date, i.invoice_number AS reference, i.company, i.currency,
        i.total AS amount, '' AS method, i.id AS invoice FROM billing.invoice i WHERE i.finalised_at IS NOT NULL
    UNION ALL
    SELECT i.tenant_id, 'void', i.id, i.voided_on, i.invoice_number, i.company, i.currency, i.total, i.kind, i.id
    FROM billing.invoice i WHERE i.voided_on IS NOT NULL
    UNION ALL
    SELECT p.tenant_id, 'payment', p.id, p.payment_date, coalesce(p.reference_number, ''), p.company, p.currency,
        p.amount - p.amount_disputed, p.payment_method, NULL FROM billing.payment p
    UNION ALL
    SELECT p.tenant_id, 'payment_failed', p.id, p.failed_on, coalesce(p.reference_number, ''), p.company, p.currency,
        p.amount - p.amount_disputed, p.payment_method, NULL FROM billing.payment p WHERE p.failed_on IS NOT NULL
    UNION ALL
    SELECT r.tenant_id, 'refund', r.id, r.date, coalesce(r.reference_number, ''), r.company, r.currency, r.amount,
        r.refund_method, NULL FROM billing.refund r
    UNION ALL
    SELECT r.tenant_id, 'refund_failed', r.id, r.failed_on, coalesce(r.reference_number, ''), r.company, r.currency,
        r.amount, r.refund_method, NULL FROM billing.refund r WHERE r.failed_on IS NOT NULL
    UNION ALL
    SELECT a.tenant_id, 'write_off', a.id, a.date, i.invoice_number, a.company, i.currency, a.amount, '', NULL
    FROM billing.allocation a JOIN billing.invoice i ON (i.tenant_id, i.id) = (a.tenant_id, a.invoice)
    WHERE a.kind = 'write_off'
    UNION ALL
    SELECT a.tenant_id, 'write_off_reversed', a.id, a.reversed_on, i.invoice_number, a.company, i.currency, a.amount, '', NULL
    FROM billing.allocation a JOIN billing.invoice i ON (i.tenant_id, i.id) = (a.tenant_id, a.invoice)
    WHERE a.kind = 'write_off' AND a.reversed_on IS NOT NULL
) x JOIN contacts.company c ON (c.tenant_id, c.id) = (x.tenant_id, x.company)"""
_KNOWN = """
EXISTS (SELECT 1 FROM billing.accounting_entry e
    WHERE (e.tenant_id, e.kind, e.document) = (x.tenant_id, x.kind, x.id))"""
WAITING = f"{_ALL} WHERE x.date <= $1 AND NOT {_KNOWN} ORDER BY x.date, x.kind, x.id LIMIT {AT_ONCE + 1}"
BOOKED_MONEY = f"""
SELECT y.*, e.content_hash FROM ({_ALL} WHERE x.kind IN ('payment', 'payment_failed')) y
JOIN billing.accounting_entry e ON (e.tenant_id, e.kind, e.document) = (y.tenant_id, y.kind, y.id)
ORDER BY y.date, y.id"""
REVENUE = """
SELECT l.invoice, l.line_type, coalesce(p.sku, '') AS sku, sum(l.total - l.discount_amount) AS amount
FROM billing.invoice_line l LEFT JOIN billing.product p ON (p.tenant_id, p.id) = (l.tenant_id, l.product)
WHERE l.invoice = ANY($1) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
TAXES = "SELECT id, taxes FROM billing.invoice WHERE id = ANY($1)"


async def waiting(ctx: Context, through: datetime.date) -> tuple[list[Document], bool]:
    """Return what is dated through a day and was not exported, and whether there is more than one export takes."""
    rows = await ctx.db.fetch(WAITING, through)
    return await _documents(ctx, rows[:AT_ONCE]), len(rows) > AT_ONCE


async def changed(ctx: Context) -> list[Document]:
    """Return payments that were exported and are something else by now; all others can't change."""
    rows = await ctx.db.fetch(BOOKED_MONEY)
    found = await _documents(ctx, rows)
    return [
        one for one, row in zip(found, rows, strict=True) if journal.fingerprint(one) != row["content_hash"]
    ]


async def _documents(ctx: Context, rows: Sequence[Mapping[str, Any]]) -> list[Document]:
    invoices = list({row["invoice"] for row in rows if row["invoice"] is not None})
    sales = await _sales(ctx, invoices) if invoices else {}
    return [
        Document(
            kind=row["kind"],
            id=row["id"],
            date=row["date"],
            reference=row["reference"],
            company_id=row["company"],
            company=row["name"],
            currency=row["currency"],
            amount=row["amount"],
            postings=_postings(row, sales),
        )
        for row in rows
    ]


async def _sales(ctx: Context, invoices: Sequence[UUID]) -> dict[UUID, list[Posting]]:
    revenue: dict[UUID, list[tuple[tuple[str, ...], Any]]] = {}
    for row in await ctx.db.fetch(REVENUE, invoices):
        keys = (row["sku"], row["line_type"]) if row["sku"] else (row["line_type"],)
        revenue.setdefault(row["invoice"], []).append((keys, row["amount"]))
    found: dict[UUID, list[Posting]] = {}
    for row in await ctx.db.fetch(TAXES, invoices):
        taxes = [(one["name"], Decimal(one["amount"])) for one in decoded(row["taxes"])]
        found[row["id"]] = journal.sale(revenue.get(row["id"], []), taxes)
    return found


def _postings(row: Mapping[str, Any], sales: Mapping[UUID, list[Posting]]) -> list[Posting]:
    match row["kind"]:
        case "invoice":
            return sales[row["id"]]
        case "credit_memo":
            return journal.reversed_(sales[row["id"]])
        case "void":
            booked = sales[row["id"]]
            return booked if row["method"] == "credit_memo" else journal.reversed_(booked)
        case "payment" | "refund_failed":
            return journal.receipt(row["amount"], row["method"])
        case "payment_failed" | "refund":
            return journal.reversed_(journal.receipt(row["amount"], row["method"]))
        case "write_off":
            return journal.given_up(row["amount"])
        case _:
            return journal.reversed_(journal.given_up(row["amount"]))
