"""What the tests of contracts share: a tenant for each module, in both tenancies."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio

from psa_sdk.testing import Kit

from .firm import Firm


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def firm(psa_bench, request) -> Firm:
    installed = await psa_bench.install(request.param, shared=request.param == "multi")
    found = await Firm.open(await Kit.open(installed))
    tomorrow = found.kit.now.date() + timedelta(days=1)
    noon = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 12, tzinfo=UTC)
    found.kit.advance(noon - found.kit.now)  # far from midnight
    return found
