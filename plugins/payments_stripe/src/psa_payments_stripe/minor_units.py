"""Amounts as Stripe writes them: whole numbers of the smallest unit, with its own exceptions from ISO 4217."""

from decimal import Decimal

from psa_sdk.values import currency_exponent

# Stripe's list of currencies without decimals; ISK and UGX are written with two of them there, always zero.
_WHOLE = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 - it reads better
)
_PADDED = frozenset(("ISK", "UGX"))


def exponent(currency: str) -> int:
    """Return the number of decimals that Stripe's whole numbers stand for.

    Example:
        >>> exponent("USD"), exponent("JPY"), exponent("KWD"), exponent("ISK")
        (2, 0, 3, 2)
    """
    if currency in _WHOLE:
        return 0
    return 2 if currency in _PADDED else currency_exponent(currency)


def to_minor(amount: Decimal, currency: str) -> int:
    """Return an amount in the smallest unit; raises `ValueError` for what that can't express.

    Example:
        >>> to_minor(Decimal("12.50"), "USD"), to_minor(Decimal("333"), "JPY")
        (1250, 333)
    """
    scaled = amount.scaleb(exponent(currency))
    whole = int(scaled)
    if whole != scaled or (exponent(currency) == 3 and whole % 10):
        raise ValueError(f"{amount} {currency} can't be charged; Stripe takes no such fractions.")
    return whole


def from_minor(units: int, currency: str) -> Decimal:
    """Return the amount that a whole number of the smallest unit is, in the currency's own decimals.

    Example:
        >>> from_minor(1250, "USD"), from_minor(333, "JPY"), from_minor(50000, "ISK")
        (Decimal('12.50'), Decimal('333'), Decimal('500'))
    """
    amount = Decimal(units).scaleb(-exponent(currency))
    quantum = Decimal(1).scaleb(-currency_exponent(currency))
    return amount.quantize(quantum) if amount == amount.quantize(quantum) else amount
