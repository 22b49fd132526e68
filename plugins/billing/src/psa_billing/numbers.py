"""Gapless numbers: a row per series and year, locked until the invoice is committed (BILL-01, BILL-02)."""

import datetime

import msgspec

from psa_billing.engine.numbering import written
from psa_billing.settings import BillingSettings
from psa_sdk import Context
from psa_sdk.errors import Conflict

NEXT = """
INSERT INTO billing.counter AS c (kind, year, last_number, last_date) VALUES ($1, $2, 1, $3)
ON CONFLICT (tenant_id, kind, year) DO UPDATE SET last_number = c.last_number + 1,
    last_date = greatest(c.last_date, excluded.last_date), updated_at = current_timestamp
RETURNING last_number"""
LAST = "SELECT max(last_date) FROM billing.counter WHERE kind = $1"


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number, and a warning where its date is earlier than its predecessor's."""

    text: str
    warning: str = ""


async def take(ctx: Context, kind: str, date: datetime.date) -> Number:
    """Take the next number; whoever comes second waits for the first one's commit, a rollback leaves no gap."""
    own = await ctx.settings(BillingSettings)
    sequence: int = await ctx.db.fetch_value(NEXT, kind, date.year if own.numbers_reset_yearly else 0, date)
    last: datetime.date | None = await ctx.db.fetch_value(LAST, kind)
    warning = ""
    if last is not None and date < last:
        warning = f"Dated {date}, while a number of this series is dated {last} already."
        if own.earlier_dates == "refuse":
            raise Conflict(warning + " Choose a later date.", code="date_out_of_order")
    pattern = own.invoice_numbers if kind == "invoice" else own.credit_numbers
    return Number(text=written(pattern, date, sequence), warning=warning)
