"""The bridge between contracts and time."""

from psa_contracts.api import WorkSource
from psa_contracts.with_time import burning, demo
from psa_contracts.with_time.rates import ContractRates
from psa_contracts.with_time.work import ApprovedWork
from psa_sdk import Manifest, hookimpl, provide
from psa_time.api import RateSource


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="contracts.time",
        title="Contracts and time",
        description="Rates of contracts; approved work burns prepaid hours.",
        requires=("contracts", "time"),
        subscribers=burning.ALL,
        services=(provide(RateSource, ContractRates), provide(WorkSource, ApprovedWork)),
        demo=demo.fill,
    )
