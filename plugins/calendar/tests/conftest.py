"""What the tests of the calendar share: an installation with what it works with, and a tenant for each test."""

import pytest

from psa_sdk.testing import Kit

from . import carrier
from .desk import Desk

NEEDED = (
    "contacts",
    "comments",
    "ticketing",
    "mail",
    "calendar",
    "web",
    "console",
    "portal",
)


@pytest.fixture
async def desk(psa_bench) -> Desk:
    return await Desk.open(
        await Kit.open(await psa_bench.install("multi", plugins=NEEDED, modules=(carrier,)))
    )
