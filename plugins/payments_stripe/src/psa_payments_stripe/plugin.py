"""Invoices paid through Stripe."""

from collections.abc import Sequence

from psa_billing.api import PaymentGateway
from psa_payments_stripe import webhooks
from psa_payments_stripe.gateway import StripeGateway
from psa_sdk import Manifest, hookimpl


@hookimpl
def psa_payment_gateways() -> Sequence[PaymentGateway]:
    """Return Stripe."""
    return (StripeGateway(),)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="payments_stripe",
        title="Payments by Stripe",
        description="Cards and bank debits through Stripe: hosted pages, stored methods, refunds, disputes.",
        requires=("billing",),
        routes=webhooks.ROUTES,
        actors=webhooks.ACTORS,
    )
