"""Who is taken when: what stands in the way of a booking, also of one made at the same moment (CAL-06)."""

import datetime
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from psa_calendar.api import APPOINTMENTS
from psa_calendar.spans import Span
from psa_calendar.tables import LONGEST_DAYS, Appointment
from psa_sdk import Context
from psa_sdk.errors import Conflict, Fault
from psa_sdk.identity import Directory

ALLOW = "calendar.conflicts.allow"
MOST_TOLD = 50
BLOCKING = frozenset(("scheduled", "in_progress"))
TAKEN = """
SELECT a.id, a.title, a.start_time, a.end_time, who.account
FROM calendar.appointment a
JOIN LATERAL (
    SELECT a.assigned_to AS account WHERE a.assigned_to = ANY($1::uuid[])
    UNION SELECT t.account FROM calendar.attendee t WHERE t.appointment = a.id AND t.account = ANY($1::uuid[])
) who ON true
WHERE a.start_time < $3 AND a.end_time > $2 AND a.start_time > $4
    AND a.id <> $5 AND a.is_busy AND a.status IN ('scheduled', 'in_progress') AND a.archived_at IS NULL
ORDER BY a.start_time, a.id, who.account LIMIT $6"""
FURTHEST = datetime.timedelta(days=LONGEST_DAYS + 1)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment in the way of somebody; `title` is None where the principal may not see it."""

    appointment: UUID
    account: UUID
    span: Span
    title: str | None


async def taken(ctx: Context, accounts: Collection[UUID], span: Span, *, besides: UUID) -> list[Taken]:
    """Return what people have in a span besides an appointment, by start; at most `MOST_TOLD`."""
    if not accounts:
        return []
    rows = await ctx.db.fetch(
        TAKEN, list(accounts), span.start, span.end, span.start - FURTHEST, besides, MOST_TOLD
    )
    seen: set[UUID] = set()
    if rows and ctx.principal.kind != "system":
        visible = Appointment.id.is_in([row["id"] for row in rows])
        seen = {row["id"] for row in await ctx.records.find(APPOINTMENTS, visible)}
    return [
        Taken(
            appointment=row["id"],
            account=row["account"],
            span=Span(row["start_time"], row["end_time"]),
            title=row["title"] if row["id"] in seen else None,
        )
        for row in rows
    ]


async def hold(ctx: Context) -> None:
    """Let bookings of the tenant wait for each other until this one is committed."""
    await ctx.db.lock("calendar.bookings")


async def refuse_taken(
    ctx: Context, accounts: Collection[UUID], span: Span, *, besides: UUID, allowed: bool
) -> None:
    """Refuse to book people twice, telling all that stands in the way; `allowed` is the appointment's own word."""
    await hold(ctx)
    if allowed and ctx.principal.allows(ALLOW):
        return
    found = await taken(ctx, accounts, span, besides=besides)
    if found:
        raise Conflict(faults=await _told(ctx, found))


async def _told(ctx: Context, found: Sequence[Taken]) -> list[Fault]:
    people = await ctx.service(Directory).users({one.account for one in found})
    faults: list[Fault] = []
    for one in found:
        name = people[one.account].name if one.account in people else "Somebody"
        when = " - ".join(
            moment.astimezone(ctx.timezone).strftime("%Y-%m-%d %H:%M")
            for moment in (one.span.start, one.span.end)
        )
        what = f"has {one.title!r}" if one.title is not None else "is busy"
        meta = {
            "kind": "appointment",
            "user": str(one.account),
            "start_time": one.span.start.isoformat(),
            "end_time": one.span.end.isoformat(),
        }
        if one.title is not None:
            meta["appointment"] = str(one.appointment)
        faults.append(
            Fault(
                detail=f"{name} {what} {when}; choose another time or person, or send allow_conflicts=true"
                f" if you hold {ALLOW}.",
                code="appointment_conflict",
                meta=meta,
            )
        )
    return faults
