"""The bridge between billing and time."""

from collections.abc import Sequence

from psa_billing.api_sources import SourceOffer
from psa_billing.generating import TIME
from psa_billing.with_time.source import TimeSource
from psa_sdk import Manifest, hookimpl


@hookimpl
def psa_billing_sources() -> Sequence[SourceOffer]:
    """Offer approved time."""
    return (SourceOffer(name=TIME, title="Time", open=TimeSource, order=20),)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="billing.time",
        title="Time on invoices",
        description="Approved time is billed, and released when an invoice is void.",
        requires=("billing", "time"),
    )
