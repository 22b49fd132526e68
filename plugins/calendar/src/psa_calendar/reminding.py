"""Reminders before appointments (CAL-11): a job waits for each, and looks at what holds when it is time."""

import datetime
from collections.abc import Sequence
from uuid import UUID

from psa_calendar.api import APPOINTMENTS, ReminderDue
from psa_calendar.participants import staff_of
from psa_sdk import Context, actor

GIVEN = """
INSERT INTO calendar.reminder (appointment, start_time, offset_minutes, account) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING id"""


async def plan(
    ctx: Context, appointment_id: UUID, start_time: datetime.datetime, *, reminder_minutes: Sequence[int]
) -> None:
    """Have reminders given; those that are overdue at once. One of a former start finds that it is none any more."""
    for minutes in sorted(set(reminder_minutes)) if start_time > ctx.now else ():
        wait = start_time - datetime.timedelta(minutes=minutes) - ctx.now
        await ctx.send(
            remind,
            delay=max(wait, datetime.timedelta()),
            appointment_id=appointment_id,
            start_time=start_time,
            minutes=minutes,
        )


@actor(queue="critical")
async def remind(ctx: Context, *, appointment_id: UUID, start_time: datetime.datetime, minutes: int) -> None:
    """Remind staff who take part, each once; nobody of what was moved, is off or has begun."""
    row = await ctx.records.get(APPOINTMENTS, appointment_id)
    if (
        row["start_time"] != start_time
        or start_time <= ctx.now
        or minutes not in row["reminder_minutes"]
        or row["status"] != "scheduled"
        or row["archived_at"] is not None
    ):
        return
    for account in await staff_of(ctx, row):
        if await ctx.db.fetch_value(GIVEN, appointment_id, start_time, minutes, account) is not None:
            await ctx.emit(
                ReminderDue(appointment_id=appointment_id, account_id=account, starts_at=start_time)
            )
