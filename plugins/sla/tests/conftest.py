"""What the tests of service levels share: a fresh tenant in New York for each module, at a known Monday."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from psa_sdk.testing import Kit

from .promises import Promises


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def promises(psa_bench, request) -> AsyncGenerator[Promises]:
    async with Kit.alone(psa_bench, request.param) as kit:
        yield await Promises.open(kit)
