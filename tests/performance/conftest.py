"""The stage and the houses on it, made once per run."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from .load import Meter
from .stage import House, Stage


@pytest.fixture(scope="session")
def size(pytestconfig: pytest.Config) -> tuple[int, int]:
    """Tenants, and tickets in each."""
    tenants, _, tickets = pytestconfig.getoption("--size").partition("x")
    return int(tenants), int(tickets)


@pytest_asyncio.fixture(scope="session")
async def stage() -> AsyncGenerator[Stage]:
    async with Stage.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def meter(stage: Stage) -> Meter:
    return Meter(stage.postmaster)


@pytest_asyncio.fixture(scope="session")
async def house(stage: Stage, size: tuple[int, int]) -> House:
    """Many tenants under row-level security."""
    return await stage.house("many", "multi", *size)
