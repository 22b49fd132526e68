"""What the tests of contracts share: one tenant in each tenancy."""

from collections.abc import AsyncGenerator
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


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["multi", "single"])
async def firm(psa_bench, request) -> AsyncGenerator[Firm]:
    async with Kit.alone(psa_bench, request.param, plugins=NEIGHBOURS) as kit:
        found = await Firm.open(kit)
        tomorrow = kit.now.date() + timedelta(days=1)
        noon = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 12, tzinfo=UTC)
        kit.advance(noon - kit.now)  # far from midnight
        yield found
