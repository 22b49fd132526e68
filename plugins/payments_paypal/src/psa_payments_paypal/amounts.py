"""Amounts as PayPal writes them: texts with a point, in the decimals that it takes of a currency."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from psa_sdk.values import currency_exponent

_WHOLE = frozenset(("HUF", "JPY", "TWD"))
"""PayPal takes no decimals of these, whatever ISO 4217 says."""


def written(amount: Decimal, currency: str) -> dict[str, str]:
    """Return an amount as PayPal's `money`; raises `ValueError` for fractions that it doesn't take.

    Example:
        >>> written(Decimal("12.5"), "USD"), written(Decimal("333.00"), "HUF")
        ({'currency_code': 'USD', 'value': '12.50'}, {'currency_code': 'HUF', 'value': '333'})
    """
    quantum = Decimal(1).scaleb(0 if currency in _WHOLE else -currency_exponent(currency))
    exact = amount.quantize(quantum)
    if exact != amount:
        raise ValueError(f"{amount} {currency} can't be charged; PayPal takes no such fractions.")
    return {"currency_code": currency, "value": f"{exact:f}"}


def read(money: Mapping[str, Any]) -> tuple[Decimal, str]:
    """Return amount and currency of PayPal's `money`, in the currency's own decimals.

    Example:
        >>> read({"currency_code": "HUF", "value": "333"})
        (Decimal('333.00'), 'HUF')
    """
    currency = money["currency_code"]
    amount = Decimal(money["value"])
    own = amount.quantize(Decimal(1).scaleb(-currency_exponent(currency)))
    return (own if own == amount else amount), currency
