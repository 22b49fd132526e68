"""Spans of time: what overlaps, which instants a date is, how blocks lie side by side. Pure; half-open throughout (X-05)."""

import datetime
from collections.abc import Sequence

import msgspec

DAY = datetime.timedelta(days=1)


class Span(msgspec.Struct, frozen=True, order=True):
    """From an instant to another, exclusive."""

    start: datetime.datetime
    end: datetime.datetime


def overlaps(one: Span, other: Span) -> bool:
    """Tell whether two spans share time; touching ends don't (CAL-06)."""
    return one.start < other.end and other.start < one.end


def days_span(first: datetime.date, last: datetime.date, zone: datetime.tzinfo) -> Span:
    """Return the instants at which the first date begins and the last one ends in a zone (CAL-08).

    Example:
        >>> from zoneinfo import ZoneInfo
        >>> day = datetime.date(2026, 3, 29)  # 23 hours long
        >>> span = days_span(day, day, ZoneInfo("Europe/Berlin"))
        >>> (span.end - span.start).total_seconds() / 3600
        23.0
    """
    return Span(_midnight(first, zone), _midnight(last + DAY, zone))


def _midnight(date: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    return datetime.datetime.combine(date, datetime.time(), tzinfo=zone).astimezone(datetime.UTC)


def lanes(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Return for each span the lane it lies in and how many lanes its group of overlapping ones has.

    Spans that overlap never share a lane, and no group has more lanes than spans at its fullest instant.

    Example:
        >>> at = lambda hour: datetime.datetime(2026, 6, 1, hour, tzinfo=datetime.UTC)
        >>> lanes([Span(at(9), at(11)), Span(at(10), at(12)), Span(at(11), at(13)), Span(at(13), at(14))])
        [(0, 2), (1, 2), (0, 2), (0, 1)]
    """
    found: list[tuple[int, int]] = [(0, 1)] * len(spans)
    group: list[tuple[int, int]] = []
    ends: list[datetime.datetime] = []
    for index in sorted(range(len(spans)), key=lambda one: spans[one]):
        span = spans[index]
        if ends and max(ends) <= span.start:
            _close(found, group, len(ends))
            group, ends = [], []
        lane = next((number for number, end in enumerate(ends) if end <= span.start), len(ends))
        ends[lane : lane + 1] = [span.end]
        group.append((index, lane))
    _close(found, group, len(ends))
    return found


def _close(found: list[tuple[int, int]], group: Sequence[tuple[int, int]], width: int) -> None:
    for index, lane in group:
        found[index] = (lane, width)
