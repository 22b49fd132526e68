"""Terms, notice, uplift and when to warn (CON-06). Pure."""

import datetime
from collections.abc import Collection, Iterator
from decimal import Decimal

import msgspec

from psa_contracts.periods import DAY, Period, add_months
from psa_sdk import Money

WARN_DAYS = (90, 60, 30, 7)
HUNDRED = Decimal(100)


def uplifted(price: Decimal, percent: Decimal, currency: str) -> Decimal:
    """Return a unit price raised by a percentage, rounded once.

    Example:
        >>> uplifted(Decimal("99.00"), Decimal(3), "USD")
        Decimal('101.97')
    """
    return Money(price * (HUNDRED + percent) / HUNDRED, currency).rounded().amount


def next_term(start: datetime.date, end: datetime.date, months: int) -> Period:
    """Return the term after one that ends, counted from the contract's start as far as the days agree."""
    begins = end + DAY
    past = (begins.year - start.year) * 12 + begins.month - start.month
    for whole in (past, past - 1):
        if add_months(start, whole) == begins:
            return Period(begins, add_months(start, whole + months) - DAY)
    return Period(begins, add_months(begins, months) - DAY)


def terms_until(
    start: datetime.date, end: datetime.date, months: int, through: datetime.date
) -> Iterator[Period]:
    """Iterate over the terms that begin after one by a date, as automatic renewal makes them."""
    while end < through:
        term = next_term(start, end, months)
        yield term
        end = term.end


class Ending(msgspec.Struct, frozen=True):
    """When a contract ends by notice, and whether another term begins before."""

    on: datetime.date
    renews: bool


def ending(
    *,
    given: datetime.date,
    start: datetime.date,
    end: datetime.date | None,
    notice_days: int,
    renews: bool,
    months: int,
) -> Ending:
    """Return what notice given on a date does: too late for this term ends the next one.

    Notice counts when it comes at least `notice_days` before the end. Without an end, that many days later is it.
    """
    notice = datetime.timedelta(days=notice_days)
    if end is None:
        return Ending(given + notice, renews=False)
    if not renews or given <= end - notice:
        return Ending(end, renews=False)
    last = end
    for term in terms_until(start, end, months, given + notice + DAY * 366 * max(months, 12)):
        last = term.end
        if given <= last - notice:
            break
    return Ending(last, renews=True)


def warnings_due(end: datetime.date, today: datetime.date, sent: Collection[int]) -> list[int]:
    """Return the days before the end that a warning is due for, the nearest last; each is told once."""
    left = (end - today).days
    return [days for days in WARN_DAYS if 0 <= left <= days and days not in sent]
