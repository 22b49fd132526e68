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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demonstration(psa_bench: Bench) -> AsyncGenerator[Kit]:
    """A tenant of all installed plugins with their demonstration data and somebody to work on it.

    It is filled once per run, in an installation whose clock stands at that instant: read it, and add what changes
    nothing of what is there.
    """
    async with psa_bench.own("multi") as installed:
        kit = await Kit.open(installed)
        for role in ("manager", "manager", "technician", "technician", "technician"):
            person = await kit.staff(roles=(role,), name=f"Demo {role} {kit.number()}")
            await person.account_id()
        for manifest in installed.manifests.values():
            if manifest.demo is not None:
                async with kit.unit() as ctx:
                    await manifest.demo(ctx)
        yield kit
