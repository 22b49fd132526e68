"""Orders of billing as bodies of Stripe's requests."""

import hashlib
from collections.abc import Mapping
from typing import Any

from psa_billing.api import PaymentOrder
from psa_payments_stripe.config import methods_for
from psa_payments_stripe.minor_units import to_minor
from psa_sdk.errors import Invalid

LONGEST = 500
"""Characters of a value of metadata."""


def marks(order: PaymentOrder, kind: str) -> dict[str, str]:
    """Return the metadata by which what comes back is recognised; `kind` is page, charge or save."""
    ids = [str(one) for one in order.invoice_ids]
    fitting = ids[: (LONGEST + 1) // 37]
    found = {
        "tenant_id": str(order.tenant_id),
        "company_id": str(order.company_id),
        "attempt_id": str(order.attempt_id),
        "invoice_ids": ",".join(fitting),
        "invoices": order.description,
        "kind": kind,
    }
    return {name: value for name, value in found.items() if value}


def units(order: PaymentOrder) -> int:
    """Return what is to be paid in the smallest unit; raises `Invalid` for fractions that can't be charged."""
    try:
        return to_minor(order.amount, order.currency)
    except ValueError as error:
        raise Invalid(str(error), code="bad_amount") from None


def customer(order: PaymentOrder) -> tuple[str, dict[str, Any]]:
    """Return the key and body that make a company's customer."""
    body: dict[str, Any] = {
        "name": order.company_name,
        "email": order.email,
        "metadata": {"company_id": str(order.company_id), "tenant_id": str(order.tenant_id)},
    }
    digest = hashlib.sha256(f"{order.company_name}\0{order.email}".encode()).hexdigest()[:16]
    return f"customer-{order.tenant_id}-{order.company_id}-{digest}", body


def page(order: PaymentOrder, config: Mapping[str, str], customer_id: str, expires: int) -> dict[str, Any]:
    """Return the body that opens a page to pay on."""
    return {
        "mode": "payment",
        "customer": customer_id,
        "client_reference_id": str(order.attempt_id),
        "payment_method_types": methods_for(config, order.currency),
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency.lower(),
                    "unit_amount": units(order),
                    "product_data": {"name": order.description},
                },
            }
        ],
        "payment_intent_data": {"description": order.description, "metadata": marks(order, "page")},
        "metadata": marks(order, "page"),
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "expires_at": expires,
    }


def saving(order: PaymentOrder, config: Mapping[str, str], customer_id: str) -> dict[str, Any]:
    """Return the body that opens a page to store a card or account on."""
    return {
        "mode": "setup",
        "customer": customer_id,
        "payment_method_types": methods_for(config, order.currency),
        "setup_intent_data": {"metadata": marks(order, "save")},
        "metadata": marks(order, "save"),
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
    }


def charge(order: PaymentOrder, config: Mapping[str, str]) -> dict[str, Any]:
    """Return the body that charges a stored card or account, nobody being present."""
    return {
        "amount": units(order),
        "currency": order.currency.lower(),
        "customer": order.customer,
        "payment_method": order.saved_method,
        "payment_method_types": methods_for(config, order.currency),
        "off_session": True,
        "confirm": True,
        "metadata": marks(order, "charge"),
    }


def is_session(reference: str) -> bool:
    """Tell whether a reference is a page's (`cs_…`)."""
    return reference.startswith("cs_")
