"""Weeks: which one a date belongs to, and that new work opens a handed-in week again (TIME-30, TIME-31)."""

import datetime
from uuid import UUID

from psa_sdk import Context
from psa_time.clock_times import week_of
from psa_time.settings import TimeSettings, weekday_number

SHEETS = "timesheets"
COVERING = "SELECT id FROM time.timesheet WHERE account = $1 AND $2 BETWEEN start_date AND end_date AND status <> 'open'"


async def week(ctx: Context, date: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Return the first and last date of the tenant's week around a date."""
    return week_of(date, weekday_number((await ctx.settings(TimeSettings)).week_start))


async def reopen(ctx: Context, account_id: UUID, date: datetime.date) -> None:
    """Open the week again that a change falls into."""
    for row in await ctx.db.fetch(COVERING, account_id, date):
        await ctx.as_system().records.update(SHEETS, row["id"], {"status": "open"})
