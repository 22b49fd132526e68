"""Reports: receivables by age, revenue, collections."""

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import receivables
from psa_billing.engine.money import ZERO, rounded
from psa_sdk import Answer, AnswerList, Context, get
from psa_sdk.errors import Invalid
from psa_sdk.values import CurrencyCode

READ = "billing.reports.read"
REVENUE = """
SELECT to_char(m.month, 'YYYY-MM') AS month, m.currency, sum(m.invoiced) AS invoiced, sum(m.credited) AS credited,
    sum(m.tax) AS tax, sum(m.recognised) AS recognised, sum(m.received) AS received, sum(m.refunded) AS refunded,
    sum(m.bad_debt) AS bad_debt
FROM (
    SELECT date_trunc('month', invoice_date) AS month, currency, company,
        CASE WHEN kind = 'invoice' THEN subtotal - discount_amount ELSE 0 END AS invoiced,
        CASE WHEN kind = 'credit_memo' THEN subtotal - discount_amount ELSE 0 END AS credited,
        CASE WHEN kind = 'invoice' THEN tax_amount ELSE -tax_amount END AS tax,
        0 AS recognised, 0 AS received, 0 AS refunded, 0 AS bad_debt
    FROM billing.invoice WHERE finalised_at IS NOT NULL AND status <> 'void' AND invoice_date BETWEEN $1 AND $2
    UNION ALL
    SELECT date_trunc('month', date), currency, company, 0, 0, 0, amount, 0, 0, 0
    FROM billing.revenue_entry WHERE date BETWEEN $1 AND $2
    UNION ALL
    SELECT date_trunc('month', payment_date), currency, company, 0, 0, 0, 0, amount, 0, 0
    FROM billing.payment WHERE status = 'received' AND payment_date BETWEEN $1 AND $2
    UNION ALL
    SELECT date_trunc('month', date), currency, company, 0, 0, 0, 0, 0, amount, 0
    FROM billing.refund WHERE date BETWEEN $1 AND $2
    UNION ALL
    SELECT date_trunc('month', failed_on), currency, company, 0, 0, 0, 0, 0, -amount, 0
    FROM billing.refund WHERE failed_on BETWEEN $1 AND $2
    UNION ALL
    SELECT date_trunc('month', a.date), i.currency, a.company, 0, 0, 0, 0, 0, 0, a.amount
    FROM billing.allocation a JOIN billing.invoice i ON i.tenant_id = a.tenant_id AND i.id = a.invoice
    WHERE a.kind = 'write_off' AND a.reversed_on IS NULL AND a.date BETWEEN $1 AND $2
) m WHERE $3::uuid IS NULL OR m.company = $3
GROUP BY 1, 2 ORDER BY 1, 2"""
BILLED = """
SELECT currency, sum(CASE WHEN kind = 'invoice' THEN total ELSE -total END) AS billed FROM billing.invoice
WHERE finalised_at IS NOT NULL AND status <> 'void' AND invoice_date BETWEEN $1 AND $2 GROUP BY 1"""
DSO_DAYS = 90


class AgingQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """As of which date (today without one), for whom, in which currency."""

    as_of: datetime.date | None = None
    company: UUID | None = None
    currency: CurrencyCode | None = None


class AgingRow(msgspec.Struct, kw_only=True):
    """What a company owes by age; unapplied credit is negative."""

    company: UUID
    company_name: str
    currency: str
    current: Decimal
    days_1_30: Decimal
    days_31_60: Decimal
    days_61_90: Decimal
    days_over_90: Decimal
    outstanding: Decimal
    unapplied: Decimal
    balance: Decimal


class PeriodQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Two dates, both included, and perhaps a company."""

    start_date: datetime.date
    end_date: datetime.date
    company: UUID | None = None


class RevenueRow(msgspec.Struct, kw_only=True):
    """A month in a currency, without tax; void invoices don't count."""

    month: str
    currency: str
    invoiced: Decimal
    credited: Decimal
    tax: Decimal
    recognised: Decimal
    received: Decimal
    refunded: Decimal
    bad_debt: Decimal


class CollectionRow(msgspec.Struct, kw_only=True):
    """An overdue invoice and what was promised."""

    invoice: UUID
    number: str
    company: UUID
    company_name: str
    currency: str
    open: Decimal
    due_date: datetime.date
    days_overdue: int
    promised_on: datetime.date | None
    promise_broken: bool
    in_dispute: bool


@get("/billing/reports/ar-aging", permission=READ, returns=AgingRow, answer_type="ar-aging")
async def ar_aging(ctx: Context, query: AgingQuery) -> AnswerList:
    """Show what is owed by age, as of any date."""
    as_of = query.as_of or ctx.today
    found = await receivables.positions(ctx, as_of, company_id=query.company, currency=query.currency)
    items = [
        Answer(
            type="ar-aging",
            id=f"{one.company_id}:{one.currency}",
            attributes=AgingRow(
                company=one.company_id,
                company_name=one.company,
                currency=one.currency,
                **{
                    name: rounded(value, one.currency)
                    for name, value in receivables.columns_of(one.aged).items()
                },
            ),
        )
        for one in found
    ]
    totals = {
        currency: {name: str(value) for name, value in row.items()}
        for currency, row in receivables.summed(found).items()
    }
    return AnswerList(items=items, meta={"as_of": str(as_of), "totals": totals})


@get("/billing/reports/revenue", permission=READ, returns=RevenueRow, answer_type="revenue-months")
async def revenue(ctx: Context, query: PeriodQuery) -> AnswerList:
    """Show invoiced, credited, recognised and received amounts by month."""
    _check(query)
    rows = await ctx.db.fetch(REVENUE, query.start_date, query.end_date, query.company)
    names = ("invoiced", "credited", "tax", "recognised", "received", "refunded", "bad_debt")
    return AnswerList(
        items=[
            Answer(
                type="revenue-months",
                id=f"{row['month']}:{row['currency']}",
                attributes=RevenueRow(
                    month=row["month"],
                    currency=row["currency"],
                    **{name: rounded(row[name], row["currency"]) for name in names},
                ),
            )
            for row in rows
        ],
        meta={"start_date": str(query.start_date), "end_date": str(query.end_date)},
    )


def _check(query: PeriodQuery) -> None:
    if query.end_date < query.start_date:
        raise Invalid("The period ends before it begins.", code="bad_period", parameter="end_date")


@get("/billing/reports/collections", permission=READ, returns=CollectionRow, answer_type="collections")
async def collections(ctx: Context, query: AgingQuery) -> AnswerList:
    """Show overdue invoices with promises, and days sales outstanding over the last ninety days (BILL-45)."""
    as_of = query.as_of or ctx.today
    items = await receivables.open_items(ctx, as_of, company_id=query.company, currency=query.currency)
    overdue = [item for item in items if item.days_overdue]
    return AnswerList(
        items=[
            Answer(
                type="collections",
                id=str(item.id),
                attributes=CollectionRow(
                    invoice=item.id,
                    number=item.number,
                    company=item.company_id,
                    company_name=item.company,
                    currency=item.currency,
                    open=item.open,
                    due_date=item.due_date,
                    days_overdue=item.days_overdue,
                    promised_on=item.promised_on,
                    promise_broken=item.promised_on is not None and item.promised_on < as_of,
                    in_dispute=item.in_dispute,
                ),
            )
            for item in sorted(overdue, key=lambda item: (-item.days_overdue, item.number))
        ],
        meta={"as_of": str(as_of), "dso": await _dso(ctx, as_of)},
    )


async def _dso(ctx: Context, as_of: datetime.date) -> dict[str, str | None]:
    """Receivables over what was billed in ninety days, times ninety; None where nothing was billed."""
    since = as_of - datetime.timedelta(days=DSO_DAYS - 1)
    billed = {row["currency"]: row["billed"] for row in await ctx.db.fetch(BILLED, since, as_of)}
    owed: dict[str, Decimal] = {}
    for one in await receivables.positions(ctx, as_of):
        owed[one.currency] = owed.get(one.currency, ZERO) + one.aged.balance
    return {
        currency: str((amount / billed[currency] * DSO_DAYS).quantize(Decimal("0.1")))
        if billed.get(currency, ZERO) > 0
        else None
        for currency, amount in sorted(owed.items())
    }


ALL: tuple[Any, ...] = (ar_aging, revenue, collections)
