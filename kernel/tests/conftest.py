"""Kernels for tests: the built-in plugins on a database of their own."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from types import ModuleType

import pytest_asyncio

from psa_kernel.boot import load
from psa_kernel.clock import Clock
from psa_kernel.config import Config
from psa_kernel.kernel import Kernel

NewKernel = Callable[..., Awaitable[Kernel]]


@pytest_asyncio.fixture
async def new_kernel(new_database, tmp_path) -> AsyncGenerator[NewKernel]:
    """Opens kernels with the built-ins and `extra` plugins; `new_kernel.databases` holds their URLs by kernel."""
    async with AsyncExitStack() as stack:
        databases = {}

        async def make(
            extra: Sequence[ModuleType] = (),
            *,
            multi_tenant: bool = True,
            clock: Clock | None = None,
            pool_size: int = 6,
            lifespan: bool = False,
        ) -> Kernel:
            config = Config(
                data_dir=tmp_path, tenancy="multi" if multi_tenant else "single", pool_size=pool_size
            )
            registry = load(config, extra, only=())
            database = await new_database(registry, multi_tenant=multi_tenant)
            config = Config(
                data_dir=tmp_path,
                tenancy=config.tenancy,
                pool_size=pool_size,
                database_url=database.app,
                owner_database_url=database.owner,
            )
            kernel = await stack.enter_async_context(
                Kernel.open(config, registry, clock=clock, lifespan=lifespan)
            )
            databases[kernel] = database
            return kernel

        make.databases = databases
        yield make
