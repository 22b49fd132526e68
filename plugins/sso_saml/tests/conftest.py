"""An installation with single sign-on and its fresh tenant."""

import pytest_asyncio

from psa_sdk.testing import Kit


@pytest_asyncio.fixture(loop_scope="session")
async def kit(psa_bench) -> Kit:
    return await Kit.open(await psa_bench.install("multi", plugins=("sso_saml",)))
