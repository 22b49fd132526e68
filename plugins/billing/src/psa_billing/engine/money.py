"""Rounding and splitting in a currency's smallest unit (X-01 to X-03)."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from psa_sdk.values import currency_exponent

ZERO = Decimal(0)
HUNDRED = Decimal(100)


def quantum(currency: str) -> Decimal:
    """Return a currency's smallest unit.

    Example:
        >>> [str(quantum(code)) for code in ("USD", "JPY", "KWD")]
        ['0.01', '1', '0.001']
    """
    return Decimal(1).scaleb(-currency_exponent(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round once, half away from zero (X-02).

    Example:
        >>> [str(rounded(Decimal(text), "USD")) for text in ("2.345", "-2.345", "0")]
        ['2.35', '-2.35', '0.00']
    """
    result = amount.quantize(quantum(currency), rounding=ROUND_HALF_UP)
    return result or abs(result)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add up."""
    return sum(amounts, ZERO)


def is_exact(amount: Decimal, currency: str) -> bool:
    """Tell whether an amount has no more decimals than its currency."""
    return amount == rounded(amount, currency)


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split a rounded amount by weights of any sign; the parts add up to it (X-03).

    The remainder goes to the largest fractions, ties to the earliest. Where the weights cancel out, the first part
    takes all. Splitting the negative amount gives the negative parts.

    Example:
        >>> [str(part) for part in split(Decimal("100.00"), [Decimal(1)] * 3, "USD")]
        ['33.34', '33.33', '33.33']
        >>> [str(part) for part in split(Decimal(-100), [Decimal(1)] * 3, "JPY")]
        ['-34', '-33', '-33']
    """
    if not weights:
        if amount:
            raise ValueError("there is nothing to split the amount over")
        return []
    unit = quantum(currency)
    if amount < 0:
        return [-part if part else part for part in split(-amount, weights, currency)]
    whole = total(weights)
    if not whole:
        return [rounded(amount, currency), *[rounded(ZERO, currency)] * (len(weights) - 1)]
    exact = [amount * weight / whole for weight in weights]
    parts = [share.quantize(unit, rounding=ROUND_FLOOR) for share in exact]
    missing = int((rounded(amount, currency) - total(parts)) / unit)
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for step in range(missing):
        parts[order[step % len(order)]] += unit
    return [part or abs(part) for part in parts]
