"""When an entry was: completes clock times, instants and minutes, and cuts at midnight (TIME-06, 10, 11)."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_sdk import Change, Context
from psa_sdk.errors import Invalid
from psa_sdk.identity import Directory
from psa_sdk.tables import new_id
from psa_time.clock_times import DAY, DayPart, Span, clock, day_parts, instant, local_date, zone_of
from psa_time.rounding import minutes_of, shared_minutes

POINTER = "/data/attributes"
TIMES = frozenset(("date", "start_time", "end_time", "duration_minutes", "account"))


async def user_zone(ctx: Context, account_id: UUID) -> tuple[datetime.tzinfo, str]:
    """Return the zone of a user and its name; refuse those who aren't staff."""
    account = (await ctx.service(Directory).users([account_id])).get(account_id)
    if account is None or account.audience != "staff":
        raise Invalid(
            "Time is logged by staff; choose one of your users.",
            code="not_staff",
            pointer="/data/relationships/user",
        )
    zone = zone_of(account.timezone, ctx.timezone)
    return zone, str(zone)


async def complete(ctx: Context, change: Change) -> list[dict[str, Any]]:
    """Fill in the time columns of a write; return what lies on later days, as columns of entries of their own."""
    new = change.new
    if new.get("started_at") is not None:
        await _from_instants(ctx, change)
        return []
    if "duration_minutes" in new and new["duration_minutes"] is None:
        del new["duration_minutes"]
    if not TIMES & new.keys() and change.verb == "update":
        return []
    zone = await _zone(ctx, change)
    written = {name: change.value(name) for name in ("start_time", "end_time")}
    lasts = change.verb == "update" and "duration_minutes" in new and written["start_time"] is not None
    if lasts and not change.changes("end_time"):
        return _stretch(change, zone)
    if written["start_time"] is None and written["end_time"] is None:
        _duration_only(change)
        return []
    if None in written.values():
        missing = next(name for name, value in written.items() if value is None)
        raise Invalid(
            f"Give {missing} too, or neither and duration_minutes.",
            code="incomplete_span",
            pointer=f"{POINTER}/{missing}",
        )
    if change.verb == "update" and not any(change.changes(name) for name in (*written, "date")):
        return []
    return _place(change, _span(change, zone), zone)


async def _zone(ctx: Context, change: Change) -> datetime.tzinfo:
    if change.verb == "update" and not change.changes("account"):
        return zone_of(change.old["timezone"], ctx.timezone)
    zone, change.new["timezone"] = await user_zone(ctx, change.value("account"))
    return zone


async def _from_instants(ctx: Context, change: Change) -> None:
    zone, name = await user_zone(ctx, change.value("account"))
    span = Span(change.new["started_at"], change.new["ended_at"])
    change.new.setdefault("timezone", name)
    change.new.update(
        {
            "date": local_date(span.start, zone),
            "start_time": clock(span.start, zone),
            "end_time": clock(span.end, zone),
        }
    )
    change.new.setdefault("duration_minutes", minutes_of(span.seconds))


def _duration_only(change: Change) -> None:
    worked = change.new.get("duration_minutes", change.old.get("duration_minutes"))
    if worked is None:
        raise Invalid(
            "Say how long it took: duration_minutes, or start_time and end_time.",
            code="no_duration",
            pointer=f"{POINTER}/duration_minutes",
        )
    if change.verb == "create" or change.old["started_at"] is not None:
        change.new.update({"started_at": None, "ended_at": None})


def _span(change: Change, zone: datetime.tzinfo) -> Span:
    """Return the span that a write means; an end before the start is on the next day."""
    date: datetime.date = change.value("date")
    kept: Mapping[str, Any] = change.old if not change.changes("date") else {}
    start_text, end_text = change.value("start_time"), change.value("end_time")
    start = kept.get("started_at")
    if start is None or change.changes("start_time"):
        start = instant(date, start_text, zone, pointer=f"{POINTER}/start_time")
    end = kept.get("ended_at")
    if end is None or change.changes("end_time") or end < start:
        with_offset = end_text.endswith("Z") or end_text[-6:-5] in {"+", "-"}
        next_day = not with_offset and end_text[:5] < clock(start, zone)
        end = instant(date + DAY if next_day else date, end_text, zone, pointer=f"{POINTER}/end_time")
        if end < start:
            end = instant(date + DAY, end_text, zone, pointer=f"{POINTER}/end_time")
    return Span(start, end)


def _stretch(change: Change, zone: datetime.tzinfo) -> list[dict[str, Any]]:
    """A new duration moves the end."""
    start = _start(change, zone)
    end = start + datetime.timedelta(minutes=change.new.pop("duration_minutes"))
    return _place(change, Span(start, end), zone)


def _start(change: Change, zone: datetime.tzinfo) -> datetime.datetime:
    if change.old.get("started_at") is not None and not (
        change.changes("date") or change.changes("start_time")
    ):
        return change.old["started_at"]
    return instant(change.value("date"), change.value("start_time"), zone, pointer=f"{POINTER}/start_time")


def _place(change: Change, span: Span, zone: datetime.tzinfo) -> list[dict[str, Any]]:
    parts = day_parts(span, zone)
    minutes = shared_minutes([part.span.seconds for part in parts])
    given = change.new.get("duration_minutes")
    if given is not None and given != sum(minutes):
        raise Invalid(
            f"From {change.value('start_time')} to {change.value('end_time')} are {sum(minutes)} minutes, not {given};"
            " leave duration_minutes out.",
            code="duration_mismatch",
            pointer=f"{POINTER}/duration_minutes",
        )
    columns = [
        _columns(part, worked, zone)
        for part, worked in zip(parts, minutes, strict=True)
        if worked or len(parts) == 1
    ]
    if len(columns) > 1:
        session = change.value("session") or new_id()
        columns = [{**one, "session": session} for one in columns]
    change.new.update(columns[0])
    return columns[1:]


def _columns(part: DayPart, worked: int, zone: datetime.tzinfo) -> dict[str, Any]:
    return {
        "date": part.date,
        "started_at": part.span.start,
        "ended_at": part.span.end,
        "start_time": clock(part.span.start, zone),
        "end_time": clock(part.span.end, zone),
        "duration_minutes": worked,
    }
