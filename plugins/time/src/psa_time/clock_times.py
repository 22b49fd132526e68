"""Clock times of people and the instants they mean: zones, days that are 23 or 25 hours long, midnight.

Half-open intervals throughout (X-05). Nothing here looks at a clock.
"""

import datetime
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from psa_sdk.errors import Invalid

_WRITTEN = re.compile(r"^(\d{2}):(\d{2})(?::(\d{2}))?(Z|[+-]\d{2}:\d{2})?$")
DAY = datetime.timedelta(days=1)


class Span(msgspec.Struct, frozen=True):
    """From an instant to another, exclusive."""

    start: datetime.datetime
    end: datetime.datetime

    @property
    def seconds(self) -> int:
        """Its length in whole seconds of real time."""
        return int((self.end - self.start).total_seconds())


class DayPart(msgspec.Struct, frozen=True):
    """The part of a span that lies on one local date."""

    date: datetime.date
    span: Span


def zone_of(name: str | None, otherwise: datetime.tzinfo) -> datetime.tzinfo:
    """Return the zone of a name; what isn't known counts as none."""
    try:
        return ZoneInfo(name) if name else otherwise
    except (ZoneInfoNotFoundError, ValueError):
        return otherwise


def instant(date: datetime.date, written: str, zone: datetime.tzinfo, *, pointer: str) -> datetime.datetime:
    """Return the instant that a clock time such as `09:30` or `01:30-05:00` means on a date (TIME-10).

    A time that exists twice needs its offset, one that is skipped doesn't exist: `Invalid` says so.
    """
    match = _WRITTEN.match(written)
    hour, minute, second = (int(part or 0) for part in match.groups()[:3]) if match else (99, 0, 0)
    if match is None or hour > 23 or minute > 59 or second > 59:
        raise Invalid(
            f"{written!r} is no time of day; write HH:MM, with an offset such as -05:00 if need be.",
            code="bad_time",
            pointer=pointer,
        )
    naive = datetime.datetime.combine(date, datetime.time(hour, minute, second))
    offset = match[4]
    if offset:
        iso = "+00:00" if offset == "Z" else offset
        return datetime.datetime.fromisoformat(f"{naive.isoformat()}{iso}").astimezone(datetime.UTC)
    found = [naive.replace(tzinfo=zone, fold=fold).astimezone(datetime.UTC) for fold in (0, 1)]
    real = [one for one in found if one.astimezone(zone).replace(tzinfo=None) == naive]
    if not real:
        raise Invalid(
            f"{written} does not exist on {date}: the clocks jump over it. Choose a time before or after.",
            code="nonexistent_local_time",
            pointer=pointer,
        )
    if len(real) == 2 and real[0] != real[1]:
        choices = " or ".join(_with_offset(one, zone) for one in real)
        raise Invalid(
            f"{written} happens twice on {date}; write {choices}.",
            code="ambiguous_local_time",
            pointer=pointer,
        )
    return real[0]


def _with_offset(moment: datetime.datetime, zone: datetime.tzinfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="minutes")[11:]


def clock(moment: datetime.datetime, zone: datetime.tzinfo) -> str:
    """Return the clock time of an instant as people write it, to the minute."""
    return moment.astimezone(zone).strftime("%H:%M")


def local_date(moment: datetime.datetime, zone: datetime.tzinfo) -> datetime.date:
    """Return the date that an instant has in a zone."""
    return moment.astimezone(zone).date()


def midnight(date: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """Return the instant at which a local date begins."""
    return datetime.datetime.combine(date, datetime.time(), tzinfo=zone).astimezone(datetime.UTC)


def day_parts(span: Span, zone: datetime.tzinfo) -> list[DayPart]:
    """Cut a span at the midnights of a zone (TIME-11); an empty span stays on its date."""
    date, start = local_date(span.start, zone), span.start
    parts: list[DayPart] = []
    while True:
        end = min(span.end, midnight(date + DAY, zone))
        if end > start or not parts:
            parts.append(DayPart(date, Span(start, end)))
        if end >= span.end:
            return parts
        date, start = date + DAY, end


def snapped(
    moment: datetime.datetime, minutes: int, zone: datetime.tzinfo, how: Literal["nearest", "down", "up"]
) -> datetime.datetime:
    """Move an instant to the local clock's next multiple of some minutes (TIME-22); ties go up."""
    step = minutes * 60
    local = moment.astimezone(zone)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    below = seconds % step
    move = {"down": -below, "up": -below % step, "nearest": -below if 2 * below < step else step - below}[how]
    return moment + datetime.timedelta(seconds=move, microseconds=-local.microsecond)


def overlaps(one: Span, other: Span) -> bool:
    """Tell whether two spans share time; touching ends don't (TIME-14)."""
    return one.start < other.end and other.start < one.end


def week_of(date: datetime.date, first_weekday: int) -> tuple[datetime.date, datetime.date]:
    """Return the first and last date of a date's week; 0 is Monday (TIME-31).

    Example:
        >>> week_of(datetime.date(2026, 5, 6), 0)[0].isoformat(), week_of(datetime.date(2026, 5, 6), 6)[0].isoformat()
        ('2026-05-04', '2026-05-03')
    """
    first = date - datetime.timedelta(days=(date.weekday() - first_weekday) % 7)
    return first, first + datetime.timedelta(days=6)


def minutes_per_date(
    spans: Sequence[Span], zone: datetime.tzinfo, start: datetime.date, end: datetime.date
) -> int:
    """Return the whole minutes of spans that fall between two local dates, inclusive (TIME-15)."""
    seconds = sum(
        part.span.seconds for span in spans for part in day_parts(span, zone) if start <= part.date <= end
    )
    return seconds // 60


def minutes_entered(text: str) -> int:
    """Return minutes from `45`, `1:30`, `1.5` or `1.5h`; raises `ValueError`.

    Example:
        >>> minutes_entered("45"), minutes_entered("1:30"), minutes_entered("1.5"), minutes_entered("1,5 h")
        (45, 90, 90, 90)
    """
    text = text.strip().lower().replace(",", ".")
    if ":" in text:
        hours, minutes = text.split(":", 1)
        return int(hours or 0) * 60 + int(minutes)
    if text.endswith("h") or "." in text:
        return _hours(text.removesuffix("h").strip())
    return int(text.removesuffix("min").removesuffix("m"))


def _hours(text: str) -> int:
    try:
        return int((Decimal(text) * 60).to_integral_value(ROUND_HALF_UP))
    except InvalidOperation as error:
        raise ValueError(f"{text} is no number of hours.") from error
