"""What the tests of ticketing share: a fresh tenant for each module."""

import pytest_asyncio

from psa_sdk.testing import Kit

from .desk import Desk


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(psa_bench) -> Desk:
    return await Desk.open(await Kit.open(await psa_bench.install("multi")))
