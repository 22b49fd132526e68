"""What is owed, as of any date: what happened later counts as not happened (BILL-40, BILL-41)."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing.engine.aging import Aged, Bucket, aged, bucket_of
from psa_billing.engine.money import ZERO, rounded
from psa_sdk import Context

# Portal principals: PostgreSQL hides other companies' rows in multi-tenant mode only, so $2 names the company.
OPEN = """
SELECT i.id, i.company, c.name, i.currency, i.invoice_number, i.invoice_date, i.due_date, i.total, i.promised_on, i.in_dispute,
    i.total - coalesce((
        SELECT sum(a.amount) FROM billing.allocation a
        WHERE a.tenant_id = i.tenant_id AND a.invoice = i.id AND a.date <= $1
            AND (a.reversed_on IS NULL OR a.reversed_on > $1)), 0) AS open
FROM billing.invoice i JOIN contacts.company c ON c.tenant_id = i.tenant_id AND c.id = i.company
WHERE i.kind = 'invoice' AND i.finalised_at IS NOT NULL AND i.invoice_date <= $1
    AND (i.voided_on IS NULL OR i.voided_on > $1)
    AND ($2::uuid IS NULL OR i.company = $2) AND ($3::text IS NULL OR i.currency = $3)
ORDER BY lower(c.name), i.company, i.due_date, i.id"""
CREDIT = """
SELECT x.company, c.name, x.currency, sum(x.unapplied) AS unapplied FROM (
    SELECT p.tenant_id, p.company, p.currency, p.amount - p.amount_disputed - coalesce((
            SELECT sum(a.amount) FROM billing.allocation a WHERE a.tenant_id = p.tenant_id AND a.payment = p.id
                AND a.date <= $1 AND (a.reversed_on IS NULL OR a.reversed_on > $1)), 0)
        - coalesce((SELECT sum(r.amount) FROM billing.refund r
            WHERE r.tenant_id = p.tenant_id AND r.payment = p.id AND r.date <= $1
                AND (r.failed_on IS NULL OR r.failed_on > $1)), 0) AS unapplied
    FROM billing.payment p WHERE p.payment_date <= $1 AND (p.failed_on IS NULL OR p.failed_on > $1)
    UNION ALL
    SELECT m.tenant_id, m.company, m.currency, m.total - coalesce((
            SELECT sum(a.amount) FROM billing.allocation a WHERE a.tenant_id = m.tenant_id AND a.credit_memo = m.id
                AND a.date <= $1 AND (a.reversed_on IS NULL OR a.reversed_on > $1)), 0)
        - coalesce((SELECT sum(r.amount) FROM billing.refund r
            WHERE r.tenant_id = m.tenant_id AND r.credit_memo = m.id AND r.date <= $1), 0)
    FROM billing.invoice m WHERE m.kind = 'credit_memo' AND m.finalised_at IS NOT NULL AND m.invoice_date <= $1
        AND (m.voided_on IS NULL OR m.voided_on > $1)
) x JOIN contacts.company c ON c.tenant_id = x.tenant_id AND c.id = x.company
WHERE ($2::uuid IS NULL OR x.company = $2) AND ($3::text IS NULL OR x.currency = $3)
GROUP BY x.company, c.name, x.currency HAVING sum(x.unapplied) <> 0"""


class OpenItem(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as it stood on a date."""

    id: UUID
    company_id: UUID
    company: str
    currency: str
    number: str
    invoice_date: datetime.date
    due_date: datetime.date
    total: Decimal
    open: Decimal
    bucket: Bucket
    days_overdue: int
    promised_on: datetime.date | None
    in_dispute: bool


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """What a company owed on a date, in one currency."""

    company_id: UUID
    company: str
    currency: str
    aged: Aged


async def open_items(
    ctx: Context, as_of: datetime.date, *, company_id: UUID | None = None, currency: str | None = None
) -> list[OpenItem]:
    """Return invoices with something open on a date, by company and due date."""
    rows = await ctx.db.fetch(OPEN, as_of, company_id, currency)
    return [
        OpenItem(
            id=row["id"],
            company_id=row["company"],
            company=row["name"],
            currency=row["currency"],
            number=row["invoice_number"],
            invoice_date=row["invoice_date"],
            due_date=row["due_date"],
            total=row["total"],
            open=row["open"],
            bucket=bucket_of(row["due_date"], as_of),
            days_overdue=max(0, (as_of - row["due_date"]).days),
            promised_on=row["promised_on"],
            in_dispute=row["in_dispute"],
        )
        for row in rows
        if row["open"] > 0
    ]


async def positions(
    ctx: Context, as_of: datetime.date, *, company_id: UUID | None = None, currency: str | None = None
) -> list[Position]:
    """Return what companies owed on a date, by name; credit that isn't applied is a negative column."""
    items = await open_items(ctx, as_of, company_id=company_id, currency=currency)
    credit = await ctx.db.fetch(CREDIT, as_of, company_id, currency)
    found: dict[tuple[str, UUID, str], list[OpenItem]] = {}
    for item in items:
        found.setdefault((item.company, item.company_id, item.currency), []).append(item)
    unapplied: dict[tuple[str, UUID, str], Decimal] = {}
    for row in credit:
        unapplied[row["name"], row["company"], row["currency"]] = row["unapplied"]
    keys = sorted({*found, *unapplied}, key=lambda key: (key[0].lower(), str(key[1]), key[2]))
    return [
        Position(
            company_id=key[1],
            company=key[0],
            currency=key[2],
            aged=aged(
                [(item.due_date, item.open) for item in found.get(key, [])], unapplied.get(key, ZERO), as_of
            ),
        )
        for key in keys
    ]


def summed(found: Sequence[Position]) -> dict[str, dict[str, Decimal]]:
    """Return the sums of all columns by currency."""
    sums: dict[str, dict[str, Decimal]] = {}
    for one in found:
        row = sums.setdefault(one.currency, {})
        for name, amount in columns_of(one.aged).items():
            row[name] = row.get(name, ZERO) + amount
    return {
        currency: {name: rounded(amount, currency) for name, amount in row.items()}
        for currency, row in sorted(sums.items())
    }


def columns_of(one: Aged) -> dict[str, Any]:
    """Return the columns of a row: buckets, what is outstanding, unapplied credit, the balance."""
    return {
        **msgspec.structs.asdict(one),
        "outstanding": one.outstanding,
        "balance": one.balance,
    }
