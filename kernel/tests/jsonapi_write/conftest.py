"""The workshop's kernel, in both tenancy modes where it matters, and two tenants."""

from pathlib import Path

import asyncpg
import pytest_asyncio

from psa_kernel.kernel import Kernel
from psa_sdk.tables import new_id

from .workshop import WARRANTIES, WORKSHOP, plugin


async def tenants(owner: asyncpg.Connection, kernel: Kernel) -> None:
    """Give a kernel two new tenants: `acme` and `rival`."""
    kernel.acme, kernel.rival = new_id(), new_id()
    await owner.executemany(
        "INSERT INTO psa.tenant (id, slug, name) VALUES ($1, $2, $2)",
        [(id, f"t{id.hex}") for id in (kernel.acme, kernel.rival)],
    )


async def workshop(new_kernel, root: Path, **options) -> Kernel:
    kernel = await new_kernel([plugin(root, WORKSHOP), plugin(root, WARRANTIES)], **options)
    owner = await asyncpg.connect(new_kernel.databases[kernel].owner)
    await tenants(owner, kernel)
    await owner.close()
    return kernel


@pytest_asyncio.fixture(scope="session")
async def opened(lasting_kernel, tmp_path_factory):
    """The kernel of all tests that need no other, and its database's owner."""
    root = tmp_path_factory.mktemp("workshop")
    kernel = await lasting_kernel([plugin(root, WORKSHOP), plugin(root, WARRANTIES)])
    owner = await asyncpg.connect(lasting_kernel.databases[kernel].owner)
    yield kernel, owner
    await owner.close()


@pytest_asyncio.fixture
async def kernel(opened) -> Kernel:
    kernel, owner = opened
    await tenants(owner, kernel)
    return kernel


@pytest_asyncio.fixture
async def unit(kernel: Kernel):
    async with kernel.unit(kernel.acme) as unit:
        yield unit
