"""Billing."""

from psa_billing import api
from psa_sdk import Manifest, hookimpl


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="billing",
        title="Billing",
        description="Invoices, payments, credit, receivables.",
        requires=("contacts",),
        enhances=("ticketing", "time"),
        events=api.EVENTS,
        hookspecs=api,
    )
