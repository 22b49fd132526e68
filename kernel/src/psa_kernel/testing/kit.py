"""The kernel's side of `psa_sdk.testing`, offered under the entry-point group `psa.testing`."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from psa_kernel.testing.bench import KernelBench
    from psa_kernel.testing.database import DatabaseServer

pytest_plugins = ("psa_kernel.testing.database",)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def psa_bench(
    database_server: "DatabaseServer", tmp_path_factory: pytest.TempPathFactory
) -> "AsyncGenerator[KernelBench]":
    """Boots installations for the tests of plugins."""
    from psa_kernel.testing.bench import KernelBench

    async with KernelBench.open(database_server, tmp_path_factory.mktemp("psa")) as bench:
        yield bench
