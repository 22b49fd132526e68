"""Orders of billing as bodies of PayPal's requests, and what they are recognised by when they come back."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing.api import PaymentOrder, RefundOrder
from psa_payments_paypal.amounts import written
from psa_sdk.errors import Invalid

OPEN = datetime.timedelta(hours=3)
"""How long a payer may agree to an order, and we fetch the money; PayPal's default."""
LONGEST = 127
"""Characters of a description and of `custom_id`."""


class Marks(msgspec.Struct, frozen=True):
    """Whose an order is."""

    tenant_id: UUID
    attempt_id: UUID


def custom_id(order: PaymentOrder) -> str:
    """Return what an order carries through PayPal; its payments carry it too."""
    return f"{order.tenant_id}.{order.attempt_id}"


def marks_of(text: str) -> Marks | None:
    """Return what a `custom_id` says; None for one that isn't ours.

    Example:
        >>> marks_of("Order 17") is None
        True
    """
    tenant, _, attempt = text.partition(".")
    try:
        return Marks(UUID(tenant), UUID(attempt))
    except ValueError:
        return None


def money(amount: Decimal, currency: str) -> dict[str, str]:
    """Return an amount as PayPal takes it; raises `Invalid` for fractions that can't be charged."""
    try:
        return written(amount, currency)
    except ValueError as error:
        raise Invalid(str(error), code="bad_amount") from None


def page(order: PaymentOrder, return_url: str, cancel_url: str) -> dict[str, Any]:
    """Return the body that makes an order to which a payer agrees at PayPal."""
    unit: dict[str, Any] = {
        "custom_id": custom_id(order),
        "amount": money(order.amount, order.currency),
    }
    description = order.description.encode("ascii", "ignore").decode()[:LONGEST]
    if description:
        unit["description"] = description
    return {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    "shipping_preference": "NO_SHIPPING",
                    "user_action": "PAY_NOW",
                    "return_url": return_url,
                    "cancel_url": cancel_url,
                }
            }
        },
    }


def refund(order: RefundOrder) -> dict[str, Any]:
    """Return the body that gives a part of a payment back."""
    return {"amount": money(order.amount, order.currency), "custom_id": str(order.key)}


def page_of(made: Mapping[str, Any]) -> str:
    """Return where the payer agrees to an order: `payer-action` where a source was named, else `approve`."""
    links = {one["rel"]: one["href"] for one in made.get("links") or ()}
    return links.get("payer-action") or links.get("approve") or ""
