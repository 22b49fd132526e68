"""What is owed for a period of an item: prorated once, from unrounded prices (CON-02 to CON-05). Pure, Decimal."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from psa_contracts.periods import DAY, Period
from psa_sdk import Money

Timing = Literal["advance", "arrears"]
FirstPeriod = Literal["prorate", "full"]
Decrease = Literal["credit", "next_period", "none"]
"""What a decrease within a period does: a credit for the rest, less from the next period on, nothing in the term."""


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """What holds from a date on; of two of one date the later in a sequence holds."""

    effective_on: datetime.date
    quantity: Decimal
    unit_price: Decimal

    @property
    def value(self) -> Decimal:
        """The price of the whole line for a whole period."""
        return self.quantity * self.unit_price


def in_force(revisions: Sequence[Revision], day: datetime.date) -> Revision | None:
    """Return the revision that holds on a day (CON-07), None before the first."""
    found: Revision | None = None
    for revision in revisions:
        if revision.effective_on <= day and (found is None or revision.effective_on >= found.effective_on):
            found = revision
    return found


def prorated(value: Decimal, part: int, whole: int) -> Decimal:
    """Return the share of some days of all, unrounded.

    Example:
        >>> prorated(Decimal(100), 15, 30)
        Decimal('50')
    """
    return value * part / whole


def owed(
    period: Period,
    covered: Period | None,
    revisions: Sequence[Revision],
    *,
    decrease: Decrease = "credit",
    term_start: datetime.date | None = None,
    whole: bool = False,
) -> Decimal:
    """Return what a period costs, unrounded: each day at the value in force, divided once by the period's days.

    `covered` are the days of service in the period. `whole` charges a partial one in full (CON-21). Where
    decreases don't count, the value never falls within the period, or since `term_start`.
    """
    if covered is None:
        return Decimal(0)
    turns = sorted(
        {covered.start, *(r.effective_on for r in revisions if covered.start < r.effective_on <= covered.end)}
    )
    least = _floor(revisions, covered.start, decrease, term_start)
    weighted, last = Decimal(0), Decimal(0)
    for place, turn in enumerate(turns):
        until = turns[place + 1] - DAY if place + 1 < len(turns) else covered.end
        found = in_force(revisions, turn)
        value = found.value if found else Decimal(0)
        if decrease != "credit":
            least = value = max(value, least)
        weighted += value * ((until - turn).days + 1)
        last = value
    if whole and weighted:
        return last if len(turns) == 1 else weighted / covered.days
    return weighted / period.days


def _floor(
    revisions: Sequence[Revision], day: datetime.date, decrease: Decrease, term_start: datetime.date | None
) -> Decimal:
    if decrease != "none" or term_start is None:
        return Decimal(0)
    begun = in_force(revisions, term_start)
    values = [r.value for r in revisions if term_start < r.effective_on <= day]
    return max([begun.value if begun else Decimal(0), *values])


def still_due(exact: Decimal, charged: Decimal, currency: str) -> Decimal:
    """Return what is owed, rounded once, less what was charged for it before; negative is a credit."""
    return Money(exact, currency).rounded().amount - charged


def is_due(covered: Period, timing: Timing, through: datetime.date) -> bool:
    """Tell whether days of service are charged by a date: at their beginning or at their end."""
    return (covered.start if timing == "advance" else covered.end) <= through
