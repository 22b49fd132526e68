"""Timers that nobody stopped: a reminder first, then a mark for review; never cut short (TIME-13)."""

import datetime

from psa_sdk import Context, actor, every
from psa_time.api import TimerForgotten
from psa_time.settings import TimeSettings
from psa_time.timekeeping import TIMERS

LONG = """
SELECT id, account, running_since, reminded_at, needs_review FROM time.timer
WHERE state = 'running' AND running_since <= $1 AND (reminded_at IS NULL OR running_since <= $2 AND NOT needs_review)
ORDER BY running_since FOR UPDATE SKIP LOCKED"""


@actor()
async def watch_timers(ctx: Context) -> None:
    """Remind of timers that run for too long and mark them for review."""
    own = await ctx.settings(TimeSettings)
    reminder = ctx.now - datetime.timedelta(hours=own.timer_reminder_hours)
    review = ctx.now - datetime.timedelta(hours=own.timer_review_hours)
    for row in await ctx.db.fetch(LONG, reminder, review):
        values: dict[str, object] = {}
        if row["reminded_at"] is None:
            values["reminded_at"] = ctx.now
            minutes = int((ctx.now - row["running_since"]).total_seconds()) // 60
            await ctx.emit(TimerForgotten(timer_id=row["id"], account_id=row["account"], minutes=minutes))
        if row["running_since"] <= review:
            values["needs_review"] = True
        await ctx.records.update(TIMERS, row["id"], values)


SCHEDULES = (every("*/15 * * * *", watch_timers),)
