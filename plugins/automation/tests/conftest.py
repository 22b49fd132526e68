"""What the tests of automation share: a tenant with a service desk for each module."""

import pytest_asyncio

from psa_sdk.testing import Kit

from .shop import Shop


@pytest_asyncio.fixture(loop_scope="session")
async def shop(psa_bench) -> Shop:
    return await Shop.open(await Kit.open(await psa_bench.install("multi")))
