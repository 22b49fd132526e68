"""What the tests of billing share: a tenant for each module, in both tenancies."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio

from psa_sdk.testing import Kit

from .counting_house import CountingHouse


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def house(psa_bench, request) -> CountingHouse:
    installed = await psa_bench.install(request.param, shared=request.param == "multi")
    found = await CountingHouse.open(await Kit.open(installed))
    tomorrow = found.kit.now.date() + timedelta(days=1)
    found.until(datetime(tomorrow.year, tomorrow.month, tomorrow.day, 9, tzinfo=UTC))  # far from midnight
    return found
