"""Receivables in the console: the aging report, a company's panel, a tile; the client's own invoices."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import receivables
from psa_billing.engine.aging import BUCKETS
from psa_billing.formats import Formats
from psa_sdk import Context

COLUMNS = (*BUCKETS, "outstanding", "unapplied", "balance")
MONTH = """
SELECT currency, sum(CASE kind WHEN 'invoice' THEN total ELSE -total END) AS invoiced FROM billing.invoice
WHERE finalised_at IS NOT NULL AND status <> 'void' AND invoice_date >= $1 GROUP BY 1 ORDER BY 1"""


class AgingQuery(msgspec.Struct, kw_only=True):
    """As of which date."""

    as_of: str = ""


async def aging(ctx: Context, query: AgingQuery) -> Mapping[str, Any]:
    """Load what is owed by age."""
    try:
        as_of = datetime.date.fromisoformat(query.as_of)
    except ValueError:
        as_of = ctx.today
    found = await receivables.positions(ctx, as_of)
    return {
        "formats": Formats,
        "as_of": as_of,
        "columns": COLUMNS,
        "rows": [
            {
                "id": one.company_id,
                "name": one.company,
                "currency": one.currency,
                **receivables.columns_of(one.aged),
            }
            for one in found
        ],
        "sums": [{"currency": currency, **row} for currency, row in receivables.summed(found).items()],
    }


async def of_company(ctx: Context, company: UUID | None) -> Mapping[str, Any] | None:
    """Load what a company owes; nothing hides the panel."""
    if company is None:
        return None
    found = await receivables.positions(ctx, ctx.today, company_id=company)
    return {"formats": Formats, "company": company, "positions": found} if found else None


async def tile(ctx: Context, _: UUID | None) -> Mapping[str, Any] | None:
    """Load what is owed, overdue, and invoiced this month."""
    sums = receivables.summed(await receivables.positions(ctx, ctx.today))
    month = await ctx.db.fetch(MONTH, ctx.today.replace(day=1))
    return {"formats": Formats, "sums": sums, "month": month}
