"""The estate, furnished once per run."""

import pytest_asyncio

from .estate import Estate, open_estate


@pytest_asyncio.fixture(loop_scope="session")
async def estate(psa_bench) -> Estate:
    return await open_estate(psa_bench)
