"""Cards and accounts as Stripe describes them, for people."""

import calendar
import datetime
from collections.abc import Mapping
from typing import Any

from psa_billing.api import MethodDetails, PaymentMethod


def described(method: Mapping[str, Any]) -> MethodDetails:
    """Return how people know a stored card or account.

    Example:
        >>> card = {"brand": "visa", "last4": "4242", "exp_month": 2, "exp_year": 2028}
        >>> found = described({"id": "pm_1", "type": "card", "card": card})
        >>> found.label, str(found.expires_on)
        ('Visa •••• 4242', '2028-02-29')
    """
    if method.get("type") == "us_bank_account":
        account = method.get("us_bank_account") or {}
        name = account.get("bank_name") or "Bank account"
        return MethodDetails(
            reference=method["id"], kind="bank", label=f"{name} •••• {account.get('last4', '')}"
        )
    card = method.get("card") or {}
    year, month = card.get("exp_year"), card.get("exp_month")
    return MethodDetails(
        reference=method["id"],
        kind="card",
        label=f"{str(card.get('brand', 'card')).title()} •••• {card.get('last4', '')}",
        expires_on=datetime.date(year, month, calendar.monthrange(year, month)[1])
        if year and month
        else None,
    )


def method_of(charge: Mapping[str, Any]) -> PaymentMethod:
    """Return how a charge was paid."""
    kind = (charge.get("payment_method_details") or {}).get("type", "card")
    return "ach" if kind in {"us_bank_account", "ach_debit"} else "credit_card"
