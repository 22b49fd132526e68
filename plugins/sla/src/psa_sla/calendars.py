"""From what people enter to what is reckoned with: windows, weeks, holidays, versions of calendars."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from psa_sdk import Context
from psa_sdk.errors import Fault, Invalid
from psa_sdk.tables import new_id
from psa_sdk.values import zone_names
from psa_sla.api import CalendarChanged
from psa_sla.business_time import DAY, Calendar, Hours, Window, merged
from psa_sla.shapes import Holiday, OpenHours, Week

DAYS = Week.__struct_fields__
_KEPT = 512
_ready: dict[UUID, Hours] = {}

ENTERED = """
SELECT h.id, h.timezone, h.schedule::text AS schedule, coalesce((SELECT jsonb_agg(c.holidays ORDER BY c.id)
    FROM sla.hours_holidays l JOIN sla.holiday_calendar c ON c.id = l.calendar WHERE l.hours = h.id), '[]')::text
    AS holidays,
    (SELECT v.definition::text FROM sla.calendar_version v WHERE v.hours = h.id ORDER BY v.effective_at DESC, v.id DESC
     LIMIT 1) AS definition
FROM sla.business_hours h WHERE h.id = ANY ($1::uuid[])"""
ADD_VERSION = """
INSERT INTO sla.calendar_version (id, hours, effective_at, definition) VALUES ($1, $2, $3, $4::text::jsonb)"""
DEFINITIONS = (
    "SELECT id, definition::text AS definition FROM sla.calendar_version WHERE id = ANY ($1::uuid[])"
)


def minutes(text: str) -> int:
    """Return the minute of a clock time; `24:00` is 1440."""
    return int(text[:2]) * 60 + int(text[3:])


def shown(minute: int) -> str:
    """Return a minute as clock time; what is beyond the day is the next day's."""
    return f"{minute // 60:02}:{minute % 60:02}" if minute <= DAY else shown(minute - DAY)


def window_of(entered: OpenHours) -> Window:
    """Return the window of a day that somebody entered; equal times are refused."""
    start, end = minutes(entered.start), minutes(entered.end)
    if start == end:
        raise ValueError(f"{entered.start} to {entered.end} is no time; the whole day is 00:00 to 24:00.")
    return Window(start, end if end > start else end + DAY)


def tidy(entered: Iterable[OpenHours]) -> list[OpenHours]:
    """Return windows in order, overlapping ones merged (SLA-32). Raises `ValueError`."""
    return [
        OpenHours(shown(one.start), shown(one.end)) for one in merged([window_of(one) for one in entered])
    ]


def tidy_week(week: Week, pointer: str) -> Week:
    """Return a week with its windows in order; raises `Invalid` for bad ones and for a week without any (SLA-32)."""
    faults: list[Fault] = []
    found: dict[str, list[OpenHours]] = {}
    for day in DAYS:
        try:
            found[day] = tidy(getattr(week, day))
        except ValueError as error:
            faults.append(Fault(detail=str(error), code="bad_window", pointer=f"{pointer}/{day}"))
    if not faults and not any(found.values()):
        faults.append(Fault(detail="Give at least one day its hours.", code="never_open", pointer=pointer))
    if faults:
        raise Invalid(faults=faults)
    return Week(**found)


def check_zone(name: str) -> None:
    """Raise `Invalid` for a zone that nobody knows."""
    if name not in zone_names():
        raise Invalid(
            f"There is no time zone {name}; name one such as Europe/Berlin.",
            code="unknown_zone",
            pointer="/data/attributes/timezone",
        )
    ZoneInfo(name)


def calendar_of(zone: str, week: Week, holidays: Sequence[Holiday]) -> Calendar:
    """Return the calendar that business hours and holidays make; of two entries for a day the shorter day holds."""
    dates: dict[datetime.date, tuple[Window, ...]] = {}
    yearly: dict[str, tuple[Window, ...]] = {}
    for holiday in holidays:
        windows = merged([window_of(one) for one in holiday.windows])
        if holiday.yearly:
            key = f"{holiday.date:%m-%d}"
            yearly[key] = _shorter(yearly.get(key), windows)
        else:
            dates[holiday.date] = _shorter(dates.get(holiday.date), windows)
    return Calendar(
        zone=zone,
        week=tuple(merged([window_of(one) for one in getattr(week, day)]) for day in DAYS),
        dates=dict(sorted(dates.items())),
        yearly=dict(sorted(yearly.items())),
    )


def _shorter(one: tuple[Window, ...] | None, other: tuple[Window, ...]) -> tuple[Window, ...]:
    return min((one, other), key=_length) if one is not None else other


def _length(windows: tuple[Window, ...]) -> int:
    return sum(window.end - window.start for window in windows)


async def renew(ctx: Context, ids: Sequence[UUID]) -> list[UUID]:
    """Write a version for each of some business hours whose meaning has changed; return those."""
    changed: list[UUID] = []
    for row in await ctx.db.fetch(ENTERED, list(ids)):
        lists = msgspec.json.decode(row["holidays"], type=list[list[Holiday]])
        week = msgspec.json.decode(row["schedule"], type=Week)
        calendar = calendar_of(row["timezone"], week, [one for each in lists for one in each])
        text = msgspec.json.encode(calendar).decode()
        before = row["definition"]
        if before is None or msgspec.json.decode(before, type=Calendar) != calendar:
            await ctx.db.execute(ADD_VERSION, new_id(), row["id"], ctx.now, text)
            changed.append(row["id"])
    if changed:
        await ctx.emit(CalendarChanged(business_hours_ids=changed, effective_at=ctx.now))
    return changed


async def hours_of(ctx: Context, versions: Iterable[UUID]) -> Mapping[UUID, Hours]:
    """Return calendars by version, ready to reckon with; versions never change, so they are kept in memory."""
    wanted = set(versions)
    missing = [version for version in wanted if version not in _ready]
    for row in await ctx.db.fetch(DEFINITIONS, missing) if missing else ():
        if len(_ready) >= _KEPT:
            _ready.pop(next(iter(_ready)))
        _ready[row["id"]] = Hours(msgspec.json.decode(row["definition"], type=Calendar))
    return {version: _ready[version] for version in wanted if version in _ready}


def entered_holidays(values: Any, pointer: str) -> list[Holiday]:
    """Return holidays in order of their dates, each once; raises `Invalid` for a bad window."""
    holidays = msgspec.convert(values, list[Holiday])
    found: dict[tuple[datetime.date, str, bool], Holiday] = {}
    for index, one in enumerate(holidays):
        try:
            windows = tidy(one.windows)
        except ValueError as error:
            raise Invalid(str(error), code="bad_window", pointer=f"{pointer}/{index}/windows") from error
        found[one.date, one.name, one.yearly] = Holiday(
            date=one.date, name=one.name, yearly=one.yearly, windows=windows
        )
    return sorted(found.values(), key=lambda one: (one.date, one.name))
