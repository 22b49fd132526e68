"""The fixtures of the kit, registered with pytest by `pytest_psa`."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from psa_sdk.testing.installation import Bench
from psa_sdk.testing.kit import Kit

NewKit = Callable[..., Awaitable[Kit]]


@pytest_asyncio.fixture(loop_scope="session")
async def new_kit(psa_bench: Bench) -> NewKit:
    """What opens kits, of a tenancy and with the options of `Bench.install` and samples.

    With `shared=False` the installation boots on a database that nobody else uses; otherwise a fresh tenant has to do.
    """

    async def make(tenancy: Any = "multi", *, samples: Any = None, **options: Any) -> Kit:
        return await Kit.open(await psa_bench.install(tenancy, **options), samples=samples)

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def kit(new_kit: NewKit, request: pytest.FixtureRequest) -> Kit:
    """A fresh tenant of all installed plugins; `@pytest.mark.psa(tenancy="single", plugins=…)` asks for another."""
    marker = request.node.get_closest_marker("psa")
    return await new_kit(**(marker.kwargs if marker else {}))
