"""What the tests of service levels share: a fresh tenant in New York for each module, at a known Monday."""

import pytest_asyncio

from psa_sdk.testing import Kit

from .promises import Promises


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def promises(psa_bench, request) -> Promises:
    installed = await psa_bench.install(request.param, shared=False)
    return await Promises.open(await Kit.open(installed))
