"""When revenue counts (BILL-50, BILL-51)."""

import calendar
import datetime
from collections.abc import Sequence
from decimal import Decimal

from psa_billing.engine.money import HUNDRED, ZERO, rounded

DAY = datetime.timedelta(days=1)


def month_end(date: datetime.date) -> datetime.date:
    """Return the last day of a date's month."""
    return date.replace(day=calendar.monthrange(date.year, date.month)[1])


def over_period(
    amount: Decimal, first: datetime.date, last: datetime.date, currency: str
) -> list[tuple[datetime.date, Decimal]]:
    """Return (month's end or last day, amount) of an amount earned day by day, both dates included.

    What was earned up to each date is rounded, so that the parts add up exactly.

    Example:
        >>> from datetime import date
        >>> parts = over_period(Decimal(1200), date(2026, 1, 15), date(2027, 1, 14), "USD")
        >>> [str(part) for _, part in parts[:2]], str(sum(part for _, part in parts))
        (['55.89', '92.06'], '1200.00')
    """
    days = (last - first).days + 1
    if days <= 0:
        raise ValueError("a period ends on or after its first day")
    found: list[tuple[datetime.date, Decimal]] = []
    before, end = rounded(ZERO, currency), min(month_end(first), last)
    while True:
        reached = rounded(amount * ((end - first).days + 1) / days, currency)
        found.append((end, reached - before))
        if end == last:
            return found
        before, end = reached, min(month_end(end + DAY), last)


def ended_early(
    schedule: Sequence[tuple[datetime.date, Decimal]], on: datetime.date
) -> list[tuple[datetime.date, Decimal]]:
    """Recognise the rest of a schedule on the date of its end."""
    kept = [(date, amount) for date, amount in schedule if date < on]
    rest = sum((amount for date, amount in schedule if date >= on), ZERO)
    return [*kept, (on, rest)] if rest else kept


def by_progress(amount: Decimal, percent: Decimal, already: Decimal, currency: str) -> Decimal:
    """Return what percent complete recognises now; negative is a reversal.

    Example:
        >>> str(by_progress(Decimal(9000), Decimal("33.3"), Decimal(1000), "USD"))
        '1997.00'
    """
    return rounded(amount * percent / HUNDRED, currency) - already
