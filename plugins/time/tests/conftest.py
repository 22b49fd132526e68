"""What the tests of time share: one tenant in each tenancy."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from psa_sdk.testing import Kit

from .office import Office

ALONE = ("contacts", "comments", "ticketing", "time", "web", "console")
"""Without those who bill time and rate it: their rules are tested with them."""


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["multi", "single"])
async def office(psa_bench, request) -> AsyncGenerator[Office]:
    async with Kit.alone(psa_bench, request.param, plugins=ALONE) as kit:
        found = await Office.open(kit)
        tomorrow = kit.now.date() + timedelta(days=1)
        found.until(datetime(tomorrow.year, tomorrow.month, tomorrow.day, 9, tzinfo=UTC))  # far from midnight
        yield found
