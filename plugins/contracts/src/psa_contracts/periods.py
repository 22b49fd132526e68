"""Anchored periods: the n-th begins n steps after the anchor, counted from the anchor itself (CON-01). Pure."""

import calendar
import datetime
from collections.abc import Iterator
from typing import Literal

import msgspec

Cycle = Literal["monthly", "quarterly", "annually"]
MONTHS: dict[Cycle, int] = {"monthly": 1, "quarterly": 3, "annually": 12}
DAY = datetime.timedelta(days=1)


class Period(msgspec.Struct, frozen=True, order=True):
    """Days from `start` to `end`, both included (X-05)."""

    start: datetime.date
    end: datetime.date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    def within(self, first: datetime.date, last: datetime.date | None) -> "Period | None":
        """Return the part between two dates, both included; None where there is none."""
        start = max(self.start, first)
        end = self.end if last is None else min(self.end, last)
        return Period(start, end) if start <= end else None


def add_months(date: datetime.date, months: int) -> datetime.date:
    """Return the same day some months later, or the month's last where it has no such day.

    Example:
        >>> str(add_months(datetime.date(2026, 1, 31), 1)), str(add_months(datetime.date(2026, 1, 31), 2))
        ('2026-02-28', '2026-03-31')
    """
    place = date.year * 12 + date.month - 1 + months
    year, month = divmod(place, 12)
    return date.replace(
        year=year, month=month + 1, day=min(date.day, calendar.monthrange(year, month + 1)[1])
    )


def period(anchor: datetime.date, cycle: Cycle, number: int) -> Period:
    """Return the n-th period after the anchor; negative ones lie before it."""
    step = MONTHS[cycle]
    return Period(add_months(anchor, number * step), add_months(anchor, (number + 1) * step) - DAY)


def number_at(anchor: datetime.date, cycle: Cycle, day: datetime.date) -> int:
    """Return the number of the period that a day lies in."""
    step = MONTHS[cycle]
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    number = months // step
    return number if add_months(anchor, number * step) <= day else number - 1


def period_at(anchor: datetime.date, cycle: Cycle, day: datetime.date) -> Period:
    """Return the period that a day lies in."""
    return period(anchor, cycle, number_at(anchor, cycle, day))


def periods(
    anchor: datetime.date, cycle: Cycle, first: datetime.date, last: datetime.date
) -> Iterator[Period]:
    """Iterate over the whole periods that have a day between two dates, both included."""
    number = number_at(anchor, cycle, first)
    while (found := period(anchor, cycle, number)).start <= last:
        yield found
        number += 1
