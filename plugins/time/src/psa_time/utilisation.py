"""Utilisation: what share of the time that was there was billable work (TIME-37)."""

from decimal import ROUND_HALF_UP, Decimal


def utilisation_percent(billable_worked: int, available: int, away: int) -> Decimal | None:
    """Return worked billable minutes per minute of availability minus absence, in percent with one decimal.

    None where nobody could have worked.

    Example:
        >>> utilisation_percent(24 * 60, 40 * 60, 8 * 60)
        Decimal('75.0')
    """
    there = available - away
    if there <= 0:
        return None
    return (Decimal(100 * billable_worked) / there).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
