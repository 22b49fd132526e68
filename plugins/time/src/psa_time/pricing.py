"""What work costs: the rate that holds, premiums by segment, amounts from minutes (TIME-04, 05, 20, 33).

Decimal only; an amount is rounded once, half away from zero, to the currency's exponent (X-01, X-02).
"""

import datetime
import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from psa_sdk import Money
from psa_time.clock_times import DAY, Span, local_date

RateOrigin = Literal["entry", "contract", "project", "company", "user", "work_type", "tenant", "none"]
RATE_ORDER: tuple[RateOrigin, ...] = (
    "entry",
    "contract",
    "project",
    "company",
    "user",
    "work_type",
    "tenant",
)
"""Who is asked for the rate, in this order; the first that knows one decides (TIME-20)."""
ONE = Decimal(1)


class Segment(msgspec.Struct, frozen=True):
    """Minutes that are charged at one multiple of the rate."""

    minutes: int
    multiplier: Decimal


class BusinessHours(msgspec.Struct, frozen=True, kw_only=True):
    """When work costs what it costs: local hours by weekday (0 is Monday), minus holidays."""

    start: datetime.time
    end: datetime.time
    weekdays: frozenset[int]
    holidays: frozenset[datetime.date] = frozenset()
    multiplier: Decimal = ONE
    """What work outside of them is multiplied by."""


def chosen_rate(known: dict[RateOrigin, Decimal | None]) -> tuple[Decimal | None, RateOrigin]:
    """Return the rate that holds and where it comes from.

    Example:
        >>> chosen_rate({"tenant": Decimal(100), "user": Decimal(120), "contract": None})
        (Decimal('120'), 'user')
    """
    for origin in RATE_ORDER:
        rate = known.get(origin)
        if rate is not None:
            return rate, origin
    return None, "none"


def premium(*multipliers: Decimal) -> Decimal:
    """Several premiums don't multiply: the highest wins."""
    return max((ONE, *multipliers))


def segments(span: Span, zone: datetime.tzinfo, hours: BusinessHours, always: Decimal = ONE) -> list[Segment]:
    """Cut a span at the edges of business hours (TIME-20); `always` is a premium on all of it.

    An empty span is classified by its start. Minutes are whole; they add up to the span's.
    """
    edges = {span.start, span.end}
    date = local_date(span.start, zone)
    while date <= local_date(span.end, zone):
        for time in (hours.start, hours.end, datetime.time()):
            edge = datetime.datetime.combine(date, time, tzinfo=zone).astimezone(datetime.UTC)
            if span.start < edge < span.end:
                edges.add(edge)
        date += DAY
    ordered = sorted(edges)
    found: list[tuple[int, Decimal]] = []
    pairs = list(itertools.pairwise(ordered)) or [(span.start, span.end)]
    done = 0
    for start, end in pairs:
        factor = premium(always, ONE if _within(start, zone, hours) else hours.multiplier)
        # Rounding running totals keeps the sum that of the whole.
        until = (int((end - span.start).total_seconds()) + 30) // 60
        if found and found[-1][1] == factor:
            found[-1] = (found[-1][0] + until - done, factor)
        else:
            found.append((until - done, factor))
        done = until
    return [Segment(minutes, factor) for minutes, factor in found]


def _within(moment: datetime.datetime, zone: datetime.tzinfo, hours: BusinessHours) -> bool:
    local = moment.astimezone(zone)
    return (
        local.weekday() in hours.weekdays
        and local.date() not in hours.holidays
        and hours.start <= local.time().replace(tzinfo=None) < hours.end
    )


def fitted(parts: Sequence[Segment], minutes: int) -> list[Segment]:
    """Stretch or cut segments to a number of billable minutes; the end gives and takes."""
    kept: list[Segment] = []
    left = minutes
    for place, part in enumerate(parts):
        share = left if place == len(parts) - 1 else min(part.minutes, left)
        if share or not minutes:
            kept.append(Segment(share, part.multiplier))
        left -= share
    return kept


def exact_amount(parts: Sequence[Segment], rate: Decimal) -> Decimal:
    """Return minutes times rate, unrounded: never through displayed hours (TIME-04)."""
    return sum((part.multiplier * part.minutes for part in parts), Decimal(0)) * rate / 60


def amount(parts: Sequence[Segment], rate: Decimal | None, currency: str) -> Money:
    """Return what segments cost; without a rate, nothing.

    Example:
        >>> parts = [Segment(30, Decimal(1)), Segment(90, Decimal("1.5"))]
        >>> str(amount(parts, Decimal(100), "USD").amount)
        '275.00'
    """
    return Money(exact_amount(parts, rate or Decimal(0)), currency).rounded()


def grouped(lines: Sequence[tuple[Sequence[Segment], Decimal]], currency: str) -> list[Money]:
    """Price entries as one line: their amounts add up to the line's (TIME-05).

    Example:
        >>> twenty = ([Segment(20, Decimal(1))], Decimal(100))
        >>> [str(part.amount) for part in grouped([twenty, twenty, twenty], "USD")]
        ['33.34', '33.33', '33.33']
    """
    exact = [exact_amount(parts, rate) for parts, rate in lines]
    whole = sum(exact, Decimal(0))
    if not whole:
        return [Money(Decimal(0), currency).rounded() for _ in lines]
    return Money(whole, currency).allocate(exact)
