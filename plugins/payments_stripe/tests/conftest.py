"""What the tests share: a double of Stripe, and a tenant that is paid through it, in both tenancies."""

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from psa_sdk.testing import Kit

from .double import Double, running
from .shop import Shop

PLUGINS = ("contacts", "billing", "payments_stripe", "web", "portal", "billing.portal")


@pytest.fixture(scope="module")
def stripe() -> Generator[Double]:
    with running() as double:
        yield double


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def either(psa_bench, request, stripe) -> AsyncGenerator[Shop]:
    """One of each tenancy; the single one has no more plugins than it takes."""
    few = {"plugins": PLUGINS} if request.param == "single" else {}
    async with Kit.alone(psa_bench, request.param, **few) as kit:
        yield await Shop.open(kit, stripe, methods="card,us_bank_account")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(psa_bench, stripe) -> AsyncGenerator[Shop]:
    async with Kit.alone(psa_bench, "multi") as kit:
        yield await Shop.open(kit, stripe, methods="card,us_bank_account")
