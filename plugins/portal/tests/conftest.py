"""What the tests of the portal share: a desk with two clients, in both tenancies."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from psa_sdk.testing import Kit

from .desk import Desk


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["multi", "single"])
async def desk(psa_bench, request) -> AsyncGenerator[Desk]:
    async with Kit.alone(psa_bench, request.param) as kit:
        yield await Desk.open(kit)
