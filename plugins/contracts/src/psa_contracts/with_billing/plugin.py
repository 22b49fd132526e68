"""The bridge between contracts and billing."""

from collections.abc import Sequence

from psa_billing.api import SourceOffer, WorkCover
from psa_contracts.with_billing.cover import ContractCover
from psa_contracts.with_billing.source import NAME, ContractCharges
from psa_contracts.with_billing.topping_up import bill_top_up
from psa_sdk import Manifest, hookimpl, provide


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="contracts.billing",
        title="Contracts on invoices",
        description="Charges of contracts; work that contracts have paid for.",
        requires=("contracts", "billing"),
        enhances=("contracts.time",),
        subscribers=(bill_top_up,),
        services=(provide(WorkCover, ContractCover),),
    )


@hookimpl
def psa_billing_sources() -> Sequence[SourceOffer]:
    """Offer contracts as a source of what can be billed."""
    return (SourceOffer(name=NAME, title="Contracts", open=ContractCharges, order=20),)
