"""Business time: how much of it passes between two instants, and when some amount of it has passed. Pure.

A calendar is open where a clock on its wall shows a time of one of its windows. A window belongs to the date on which
it begins, so a night shift that has begun isn't cut by the next day's holiday. Everything is exact: instants in,
instants and durations out, nothing is rounded.
"""

import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

DAY = 1440
"""Minutes of a date without a change of clocks."""
_ONE = datetime.timedelta(days=1)
_NONE = datetime.timedelta(0)
_HORIZON = 3660
"""Days after which a calendar that never opens is given up."""

Interval = tuple[datetime.datetime, datetime.datetime]


class NeverOpen(ValueError):
    """A calendar has no open time within ten years, or too little."""


class Window(msgspec.Struct, frozen=True, order=True):
    """Minutes after midnight; an end beyond 1440 is on the next date."""

    start: int
    end: int


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """When there is business: windows by weekday (Monday first), and other ones on special dates.

    `dates` are single days, `yearly` days of every year as `12-25`; what has no windows is closed. Where both
    name a day, the single date holds.
    """

    zone: str
    week: tuple[tuple[Window, ...], ...]
    dates: Mapping[datetime.date, tuple[Window, ...]] = {}
    yearly: Mapping[str, tuple[Window, ...]] = {}

    def windows(self, date: datetime.date) -> tuple[Window, ...]:
        """Return the windows that begin on a date."""
        special = self.dates.get(date)
        if special is None:
            special = self.yearly.get(f"{date:%m-%d}")
        return self.week[date.weekday()] if special is None else special


def merged(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Return windows in order, overlapping and touching ones as one.

    Example:
        >>> merged([Window(780, 1020), Window(540, 720), Window(700, 800)])
        (Window(start=540, end=1020),)
    """
    found: list[Window] = []
    for window in sorted(windows):
        if found and window.start <= found[-1].end:
            found[-1] = Window(found[-1].start, max(found[-1].end, window.end))
        else:
            found.append(window)
    return tuple(found)


class Hours:
    """A calendar ready to reckon with; keeps the open intervals of dates it was asked about."""

    def __init__(self, calendar: Calendar) -> None:
        """Reckon with a calendar; raises `zoneinfo.ZoneInfoNotFoundError` for an unknown zone."""
        self.calendar = calendar
        self._zone = ZoneInfo(calendar.zone)
        self._known: dict[datetime.date, list[Interval]] = {}
        self._begun: dict[datetime.date, list[Interval]] = {}

    def elapsed(self, start: datetime.datetime, end: datetime.datetime) -> datetime.timedelta:
        """Return the business time between two instants; nothing when the end is not later."""
        total = _NONE
        # The day before, whose windows may reach in; the last one begun; and one more where clocks skip an hour.
        for opens, closes in self._from(start, (end - start).days + 4):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def add(self, start: datetime.datetime, amount: datetime.timedelta) -> datetime.datetime:
        """Return the first instant at which an amount of business time has passed since `start`.

        Raises `NeverOpen`.
        """
        if amount <= _NONE:
            return start if amount == _NONE else self.subtract(start, -amount)
        for opens, closes in self._from(start):
            if closes - opens >= amount:
                return opens + amount
            amount -= closes - opens
        raise NeverOpen(f"The calendar has too little open time within ten years of {start}.")

    def subtract(self, end: datetime.datetime, amount: datetime.timedelta) -> datetime.datetime:
        """Return the last instant from which an amount of business time passes until `end`. Raises `NeverOpen`."""
        if amount <= _NONE:
            return end if amount == _NONE else self.add(end, -amount)
        for _ in range(_HORIZON // 7):
            begin = end - _ONE * 7
            week = list(itertools.takewhile(lambda found: found[0] < end, self._from(begin, 10)))  # noqa: B023 - used up at once
            for opens, closes in reversed(week):
                if min(closes, end) - opens >= amount:
                    return min(closes, end) - amount
                amount -= min(closes, end) - opens
            end = begin
        raise NeverOpen(f"The calendar has too little open time within ten years of {end}.")

    def is_open(self, moment: datetime.datetime) -> bool:
        """Tell whether there is business at an instant."""
        return self.elapsed(moment, moment + datetime.timedelta.resolution) > _NONE

    def next_opening(self, moment: datetime.datetime) -> datetime.datetime:
        """Return the instant itself while open, else the next opening. Raises `NeverOpen`."""
        for opens, _ in self._from(moment):
            return opens
        raise NeverOpen(f"The calendar has no open time within ten years of {moment}.")

    def _from(self, start: datetime.datetime, days: int = _HORIZON) -> Iterator[Interval]:
        """Yield the open intervals from an instant on, the first one cut; in order, never overlapping."""
        date = start.astimezone(self._zone).date() - _ONE
        for _ in range(days):
            for opens, closes in self._within(date):
                if closes > start:
                    yield (max(start, opens)), closes
            date += _ONE

    def _within(self, date: datetime.date) -> list[Interval]:
        """Return the open time from a date's beginning to the next one's, whichever date's windows it is of."""
        known = self._known.get(date)
        if known is None:
            found = [one for days in (2, 1, 0) for one in self._beginning(date - _ONE * days)]
            known = self._known[date] = []
            if not found:
                return known
            begins, ends = self._begins(date), self._begins(date + _ONE)
            parts = sorted((max(opens, begins), min(closes, ends)) for opens, closes in found)
            for opens, closes in parts:
                if opens < closes and known and opens <= known[-1][1]:
                    known[-1] = (known[-1][0], max(known[-1][1], closes))
                elif opens < closes:
                    known.append((opens, closes))
        return known

    def _beginning(self, date: datetime.date) -> list[Interval]:
        """Return when the windows are open that begin on a date."""
        begun = self._begun.get(date)
        if begun is None:
            windows = self.calendar.windows(date)
            begun = self._begun[date] = [one for window in windows for one in self._instants(date, window)]
        return begun

    def _begins(self, date: datetime.date) -> datetime.datetime:
        """Return an instant before which no window of the date can begin."""
        midnight = datetime.datetime.combine(date, datetime.time())
        return min(_at(midnight, self._offset(midnight + day)) for day in (-_ONE, _ONE))

    def _instants(self, date: datetime.date, window: Window) -> list[Interval]:
        """Return when a clock on the wall shows a time of the window: in two parts where clocks change in it."""
        midnight = datetime.datetime.combine(date, datetime.time())
        start = midnight + datetime.timedelta(minutes=window.start)
        end = midnight + datetime.timedelta(minutes=window.end)
        before, after = self._offset(start - _ONE), self._offset(end + _ONE)
        if before == after:
            return [(_at(start, before), _at(end, before))]
        change = self._change(_at(start, before) - _ONE, _at(end, after) + _ONE, before)
        parts = (
            (_at(start, before), min(_at(end, before), change)),
            (max(_at(start, after), change), _at(end, after)),
        )
        found = [(opens, closes) for opens, closes in parts if opens < closes]
        if len(found) == 2 and found[0][1] == found[1][0]:
            return [(found[0][0], found[1][1])]
        return found

    def _offset(self, wall: datetime.datetime) -> datetime.timedelta:
        return wall.replace(tzinfo=self._zone).utcoffset() or _NONE

    def _change(
        self, low: datetime.datetime, high: datetime.datetime, before: datetime.timedelta
    ) -> datetime.datetime:
        """Return the instant at which the offset stops being `before`, to the second."""
        while high - low > datetime.timedelta(seconds=1):
            middle = (low + (high - low) / 2).replace(microsecond=0)
            if middle in (low, high):
                break
            if middle.astimezone(self._zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high


def _at(wall: datetime.datetime, offset: datetime.timedelta) -> datetime.datetime:
    return (wall - offset).replace(tzinfo=datetime.UTC)


class AroundTheClock:
    """24x7: all time is business time."""

    def elapsed(self, start: datetime.datetime, end: datetime.datetime) -> datetime.timedelta:
        """Return the time between two instants; nothing when the end is not later."""
        return max(end - start, _NONE)

    def add(self, start: datetime.datetime, amount: datetime.timedelta) -> datetime.datetime:
        """Return the instant after an amount of time."""
        return start + amount

    def subtract(self, end: datetime.datetime, amount: datetime.timedelta) -> datetime.datetime:
        """Return the instant an amount of time before."""
        return end - amount

    def is_open(self, moment: datetime.datetime) -> bool:
        """Tell that there is business."""
        return True

    def next_opening(self, moment: datetime.datetime) -> datetime.datetime:
        """Return the instant itself."""
        return moment


BusinessTime = Hours | AroundTheClock
"""What reckons business time."""
ALWAYS = AroundTheClock()
