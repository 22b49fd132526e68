"""What the tests of the portal share: a desk with two clients, in both tenancies."""

import pytest_asyncio

from psa_sdk.testing import Kit

from .desk import Desk


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=["multi", "single"])
async def desk(psa_bench, request) -> Desk:
    installed = await psa_bench.install(request.param, shared=request.param == "multi")
    return await Desk.open(await Kit.open(installed))
