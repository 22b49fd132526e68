"""Amounts that come from outside: finite, not absurd, no finer than the currency."""

from decimal import Decimal

from psa_billing.engine.money import is_exact, quantum
from psa_sdk.errors import Invalid

MOST = Decimal(10) ** 12


def positive(amount: Decimal, currency: str, pointer: str) -> Decimal:
    """Return an amount above zero in the currency's own decimals; raises `Invalid`."""
    if not amount.is_finite() or amount <= 0 or amount >= MOST:
        raise Invalid("The amount must be above 0 and below 10^12.", code="bad_amount", pointer=pointer)
    if not is_exact(amount, currency):
        raise Invalid(
            f"{currency} amounts are multiples of {quantum(currency)}.", code="too_fine", pointer=pointer
        )
    return amount.quantize(quantum(currency))


def bounded(amount: Decimal, pointer: str) -> Decimal:
    """Return any amount that isn't absurd; raises `Invalid`."""
    if not amount.is_finite() or abs(amount) >= MOST:
        raise Invalid("The number must lie between -10^12 and 10^12.", code="bad_amount", pointer=pointer)
    return amount
