"""What the tests of contracts share: a tenant for each module, in both tenancies."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio

from psa_sdk.testing import Kit

from .firm import Firm

NEIGHBOURS = (
    "billing",
    "billing.time",
    "comments",
    "contacts",
    "contracts",
    "contracts.billing",
    "contracts.ticketing",
    "contracts.time",
    "ticketing",
    "time",
    "time.ticketing",
)
"""What contracts works with; other plugins don't matter here."""


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def firm(psa_bench, request) -> Firm:
    shared = request.param == "multi"
    installed = await psa_bench.install(request.param, plugins=NEIGHBOURS, shared=shared)
    found = await Firm.open(await Kit.open(installed))
    tomorrow = found.kit.now.date() + timedelta(days=1)
    noon = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 12, tzinfo=UTC)
    found.kit.advance(noon - found.kit.now)  # far from midnight
    return found
