"""Late fees: simple, on overdue principal, once for each thirty days (BILL-42)."""

import datetime
from decimal import Decimal

from psa_billing.engine.money import HUNDRED, rounded

PERIOD = 30


def fees_due(due: datetime.date, today: datetime.date) -> int:
    """Return how many fees have fallen due: one for every thirty days after the due date."""
    return max(0, (today - due).days // PERIOD)


def late_fee(principal: Decimal, percent: Decimal, currency: str) -> Decimal:
    """Return one fee on overdue principal; earlier fees are no part of it.

    Example:
        >>> str(late_fee(Decimal(1000), Decimal("1.5"), "USD"))
        '15.00'
    """
    return rounded(principal * percent / HUNDRED, currency)
