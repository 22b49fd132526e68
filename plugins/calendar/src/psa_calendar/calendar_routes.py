"""Calendars over HTTP: what lies between two dates, of everybody or of one person."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psa_calendar.api import APPOINTMENTS
from psa_calendar.conflicts import FURTHEST
from psa_calendar.participants import zone_of
from psa_calendar.shapes import CalendarEntry
from psa_calendar.spans import DAY, days_span
from psa_calendar.tables import Appointment
from psa_sdk import Answer, AnswerList, Context, get
from psa_sdk.errors import BadRequest

READ = "calendar.appointments.read"
MOST_DAYS = 366
MOST_ENTRIES = 2000
BETWEEN = """
SELECT a.id, a.title, a.start_time, a.end_time, a.all_day, a.start_date, a.end_date, a.status, a.is_busy,
    a.appointment_type, a.location,
    array_remove(array_agg(DISTINCT who.account), NULL) AS users
FROM calendar.appointment a
LEFT JOIN LATERAL (
    SELECT a.assigned_to AS account UNION SELECT t.account FROM calendar.attendee t WHERE t.appointment = a.id
) who ON true
WHERE a.archived_at IS NULL AND a.start_time > $3 AND a.start_time < $2::timestamptz + interval '1 day'
    AND CASE WHEN a.all_day THEN a.start_date <= $5 AND a.end_date >= $4
        ELSE a.start_time < $2 AND a.end_time > $1 END
    AND ($6::uuid IS NULL OR a.assigned_to = $6
        OR a.id IN (SELECT t.appointment FROM calendar.attendee t WHERE t.account = $6))
GROUP BY a.tenant_id, a.id ORDER BY a.start_time, a.id LIMIT $7"""


async def entries(
    ctx: Context,
    first: datetime.date,
    last: datetime.date,
    zone: datetime.tzinfo,
    *,
    account: UUID | None = None,
) -> list[CalendarEntry]:
    """Return what lies between two dates of a zone, both included, by start; all-day ones by their dates (CAL-08).

    Of those that the principal doesn't see, only that somebody is busy.
    """
    if not first <= last < first + DAY * MOST_DAYS:
        raise BadRequest(
            f"Ask for 1 to {MOST_DAYS} days, the first one first.", code="bad_span", parameter="end_date"
        )
    span = days_span(first, last, zone)
    earliest = span.start - FURTHEST - DAY
    rows = await ctx.db.fetch(BETWEEN, span.start, span.end, earliest, first, last, account, MOST_ENTRIES)
    seen = await _seen(ctx, rows)
    return [
        _entry(row, known=row["id"] in seen)
        for row in rows
        if row["id"] in seen or (row["is_busy"] and row["status"] != "cancelled" and row["users"])
    ]


async def _seen(ctx: Context, rows: Sequence[Any]) -> set[UUID]:
    if not rows:
        return set()
    where = Appointment.id.is_in([row["id"] for row in rows])
    return {row["id"] for row in await ctx.records.find(APPOINTMENTS, where, limit=MOST_ENTRIES)}


def _entry(row: Any, *, known: bool) -> CalendarEntry:
    return CalendarEntry(
        appointment=str(row["id"]) if known else None,
        title=row["title"] if known else None,
        start_time=row["start_time"],
        end_time=row["end_time"],
        all_day=row["all_day"],
        start_date=row["start_date"],
        end_date=row["end_date"],
        status=row["status"] if known else None,
        appointment_type=row["appointment_type"] if known else None,
        location=row["location"] if known else "",
        users=sorted(str(account) for account in row["users"]),
    )


def _answers(found: Sequence[CalendarEntry]) -> AnswerList:
    return AnswerList(
        items=[
            Answer(type="calendar-entries", id=one.appointment or f"busy-{number}", attributes=one)
            for number, one in enumerate(found, 1)
        ]
    )


@get(
    "/appointments/calendar/{start_date:date}/{end_date:date}",
    permission=READ,
    returns=CalendarEntry,
    answer_type="calendar-entries",
)
async def calendar(ctx: Context, start_date: datetime.date, end_date: datetime.date) -> AnswerList:
    """List what lies between two dates of the tenant's zone, both included."""
    return _answers(await entries(ctx, start_date, end_date, ctx.timezone))


@get(
    "/appointments/user/{user_id:uuid}/{start_date:date}/{end_date:date}",
    permission=READ,
    returns=CalendarEntry,
    answer_type="calendar-entries",
)
async def of_user(
    ctx: Context, user_id: UUID, start_date: datetime.date, end_date: datetime.date
) -> AnswerList:
    """List what a person has between two dates of their own zone, both included."""
    return _answers(await entries(ctx, start_date, end_date, await zone_of(ctx, user_id), account=user_id))


ALL = (calendar, of_user)
