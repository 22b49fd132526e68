"""Gapless numbers: a row per series and year, locked until the invoice is committed (BILL-01, BILL-02)."""

import datetime
from typing import Any

import msgspec

from psa_billing.engine.numbering import written
from psa_sdk import Context
from psa_sdk.errors import Conflict

SERIES = "SELECT pattern, resets_yearly, earlier_dates FROM billing.series WHERE kind = $1"
NEXT = """
INSERT INTO billing.counter AS c (kind, year, last_number, last_date) VALUES ($1, $2, 1, $3)
ON CONFLICT (tenant_id, kind, year) DO UPDATE SET last_number = c.last_number + 1,
    last_date = greatest(c.last_date, excluded.last_date), updated_at = current_timestamp
RETURNING last_number"""
LAST = "SELECT max(last_date) FROM billing.counter WHERE kind = $1"
DEFAULTS: dict[str, str] = {"invoice": "INV-{YYYY}-{seq:04}", "credit_memo": "CM-{YYYY}-{seq:04}"}


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number, and a warning where its date is earlier than its predecessor's."""

    text: str
    warning: str = ""


async def take(ctx: Context, kind: str, date: datetime.date) -> Number:
    """Take the next number; whoever comes second waits for the first one's commit, a rollback leaves no gap."""
    series: dict[str, Any] = dict(await ctx.db.fetch_one(SERIES, kind) or {})
    resets = series.get("resets_yearly", True)
    sequence: int = await ctx.db.fetch_value(NEXT, kind, date.year if resets else 0, date)
    last: datetime.date | None = await ctx.db.fetch_value(LAST, kind)
    warning = ""
    if last is not None and date < last:
        warning = f"Dated {date}, while a number of this series is dated {last} already."
        if series.get("earlier_dates") == "refuse":
            raise Conflict(warning + " Choose a later date.", code="date_out_of_order")
    return Number(text=written(series.get("pattern", DEFAULTS[kind]), date, sequence), warning=warning)
