"""What the tests of billing share: one tenant in each tenancy."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from psa_sdk.testing import Kit

from .counting_house import CountingHouse


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["multi", "single"])
async def house(psa_bench, request) -> AsyncGenerator[CountingHouse]:
    async with Kit.alone(psa_bench, request.param) as kit:
        found = await CountingHouse.open(kit)
        tomorrow = kit.now.date() + timedelta(days=1)
        found.until(datetime(tomorrow.year, tomorrow.month, tomorrow.day, 9, tzinfo=UTC))  # far from midnight
        yield found
