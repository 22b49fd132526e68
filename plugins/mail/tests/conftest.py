"""What the tests of mail share: an installation whose mail is kept in place of being sent, and a fresh tenant."""

import pytest_asyncio

from psa_sdk.testing import Kit

from . import carrier
from .post_office import NEEDED, Outbox, PostOffice


@pytest_asyncio.fixture(loop_scope="session")
async def office(psa_bench) -> PostOffice:
    return await PostOffice.open(
        await Kit.open(await psa_bench.install("multi", plugins=NEEDED, modules=(carrier,)))
    )


@pytest_asyncio.fixture(loop_scope="session")
async def outbox(office) -> Outbox:
    # What earlier tests left to be sent is none of this one's.
    await office.kit.drain()
    carrier.OUTBOX.envelopes.clear()
    return carrier.OUTBOX
