"""The fixtures of the kit, registered with pytest by `pytest_psa`."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from psa_sdk.testing.installation import Bench
from psa_sdk.testing.kit import Kit

NewKit = Callable[..., Awaitable[Kit]]


@pytest_asyncio.fixture(loop_scope="session")
async def new_kit(psa_bench: Bench) -> AsyncGenerator[NewKit]:
    """What opens kits, of a tenancy and with the options of `Bench.install` and samples.

    With `shared=False` the installation is the test's own (`Bench.own`); otherwise a fresh tenant has to do.
    """
    async with AsyncExitStack() as stack:

        async def make(
            tenancy: Any = "multi", *, samples: Any = None, shared: bool = True, **options: Any
        ) -> Kit:
            installed = (
                await psa_bench.install(tenancy, **options)
                if shared
                else await stack.enter_async_context(psa_bench.own(tenancy, **options))
            )
            return await Kit.open(installed, samples=samples)

        yield make


@pytest_asyncio.fixture(loop_scope="session")
async def kit(new_kit: NewKit, request: pytest.FixtureRequest) -> Kit:
    """A fresh tenant of all installed plugins; `@pytest.mark.psa(tenancy="single", plugins=…)` asks for another."""
    marker = request.node.get_closest_marker("psa")
    return await new_kit(**(marker.kwargs if marker else {}))
