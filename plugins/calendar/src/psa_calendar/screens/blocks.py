"""Where appointments lie on a page of days: cut at midnights, in quarters of an hour, side by side. Pure."""

import datetime
from collections.abc import Sequence

import msgspec

from psa_calendar.shapes import CalendarEntry
from psa_calendar.spans import DAY, Span, lanes

MORNING = 7
EVENING = 19
QUARTERS = 96
LEAST_QUARTERS = 2
"""What a block needs to be read."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an appointment on one day; from a quarter of the local day to another, in a lane of several."""

    entry: CalendarEntry
    first: int
    last: int
    lane: int
    lanes: int


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A day: what lies on it by the clock, and what is all day."""

    date: datetime.date
    blocks: Sequence[Block]
    all_day: Sequence[CalendarEntry]


def columns(
    entries: Sequence[CalendarEntry], dates: Sequence[datetime.date], zone: datetime.tzinfo
) -> list[Column]:
    """Lay appointments out on dates of a zone, by the wall clock."""
    return [
        Column(
            date=date,
            blocks=_blocks([entry for entry in entries if not entry.all_day], date, zone),
            all_day=[entry for entry in entries if _is_on(entry, date)],
        )
        for date in dates
    ]


def hours(days: Sequence[Column]) -> tuple[int, int]:
    """Return the first and last hour to show: the working day, and what lies before or after it."""
    blocks = [block for day in days for block in day.blocks]
    first = min([MORNING, *(block.first // 4 for block in blocks)])
    return first, max([EVENING, *(-(-block.last // 4) for block in blocks)])


def _is_on(entry: CalendarEntry, date: datetime.date) -> bool:
    return bool(entry.start_date and entry.end_date and entry.start_date <= date <= entry.end_date)


def _blocks(entries: Sequence[CalendarEntry], date: datetime.date, zone: datetime.tzinfo) -> list[Block]:
    found: list[tuple[CalendarEntry, int, int]] = []
    for entry in entries:
        first = _quarter(entry.start_time, date, zone)
        last = _quarter(entry.end_time, date, zone, up=True)
        if first < QUARTERS and last > 0:
            first = max(0, min(first, QUARTERS - LEAST_QUARTERS))
            found.append((entry, first, min(max(last, first + LEAST_QUARTERS), QUARTERS)))
    origin = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    quarter = datetime.timedelta(minutes=15)
    beside = lanes([Span(origin + quarter * first, origin + quarter * last) for _, first, last in found])
    return [
        Block(entry=entry, first=first, last=last, lane=lane, lanes=width)
        for (entry, first, last), (lane, width) in zip(found, beside, strict=True)
    ]


def _quarter(
    moment: datetime.datetime, date: datetime.date, zone: datetime.tzinfo, *, up: bool = False
) -> int:
    """Return the quarter of a local date in which a moment lies; below 0 or above 96 on other dates."""
    local = moment.astimezone(zone)
    minutes = (local.date() - date) // DAY * 1440 + local.hour * 60 + local.minute
    return -(-minutes // 15) if up else minutes // 15
