"""Invoices paid through PayPal."""

from collections.abc import Sequence

from psa_billing.api import PaymentGateway
from psa_payments_paypal import webhooks
from psa_payments_paypal.gateway import PayPalGateway
from psa_sdk import Manifest, hookimpl


@hookimpl
def psa_payment_gateways() -> Sequence[PaymentGateway]:
    """Return PayPal."""
    return (PayPalGateway(),)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="payments_paypal",
        title="Payments by PayPal",
        description="Invoices paid with PayPal: orders, captures, refunds, disputes.",
        requires=("billing",),
        routes=webhooks.ROUTES,
        actors=webhooks.ACTORS,
    )
