"""Quantities that count themselves: at the end, at the peak, on average (CON-09). Pure."""

import datetime
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from psa_contracts.periods import DAY, Period

QuantityRule = Literal["at_end", "peak", "average"]


def counted(counts: Mapping[datetime.date, int], period: Period, rule: QuantityRule) -> Decimal | None:
    """Return the quantity of a period out of daily counts; None without one up to its end.

    A day without a count has that of the last day before. The average is over days, to two places.

    Example:
        >>> days = {datetime.date(2026, 6, 1): 10, datetime.date(2026, 6, 16): 12}
        >>> june = Period(datetime.date(2026, 6, 1), datetime.date(2026, 6, 30))
        >>> [str(counted(days, june, rule)) for rule in ("at_end", "peak", "average")]
        ['12', '12', '11.00']
    """
    before = [day for day in counts if day <= period.start]
    held = counts[max(before)] if before else None
    by_day: list[int] = []
    day = period.start
    while day <= period.end:
        held = counts.get(day, held)
        if held is not None:
            by_day.append(held)
        day += DAY
    if not by_day:
        return None
    if rule == "at_end":
        return Decimal(by_day[-1])
    if rule == "peak":
        return Decimal(max(by_day))
    return (Decimal(sum(by_day)) / len(by_day)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
