"""What the tests share: a double of PayPal, and a tenant that is paid through it, in both tenancies."""

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from psa_sdk.testing import Kit

from .double import Double, running
from .shop import Shop

PLUGINS = ("contacts", "billing", "payments_stripe", "payments_paypal", "web", "portal", "billing.portal")


@pytest.fixture(scope="module")
def paypal() -> Generator[Double]:
    with running() as double:
        yield double


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def either(psa_bench, request, paypal) -> AsyncGenerator[Shop]:
    """One of each tenancy; the single one has no more plugins than it takes."""
    few = {"plugins": PLUGINS} if request.param == "single" else {}
    async with Kit.alone(psa_bench, request.param, **few) as kit:
        yield await Shop.open(kit, paypal)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(psa_bench, paypal) -> Shop:
    return await Shop.open(await Kit.open(await psa_bench.install("multi")), paypal)
