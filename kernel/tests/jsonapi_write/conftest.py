"""The workshop's kernel, in both tenancy modes where it matters, and two tenants."""

from pathlib import Path
from uuid import UUID

import asyncpg
import pytest_asyncio

from psa_kernel.kernel import Kernel
from psa_sdk.tables import new_id

from .workshop import WARRANTIES, WORKSHOP, plugin


async def tenant(kernel_databases, kernel: Kernel, slug: str) -> UUID:
    tenant_id = new_id()
    connection = await asyncpg.connect(kernel_databases[kernel].owner)
    await connection.execute("INSERT INTO psa.tenant (id, slug, name) VALUES ($1, $2, $2)", tenant_id, slug)
    await connection.close()
    return tenant_id


async def workshop(new_kernel, root: Path, **options) -> Kernel:
    kernel = await new_kernel([plugin(root, WORKSHOP), plugin(root, WARRANTIES)], **options)
    kernel.acme = await tenant(new_kernel.databases, kernel, "acme")
    kernel.rival = await tenant(new_kernel.databases, kernel, "rival")
    return kernel


@pytest_asyncio.fixture
async def kernel(new_kernel, tmp_path: Path) -> Kernel:
    return await workshop(new_kernel, tmp_path)


@pytest_asyncio.fixture
async def unit(kernel: Kernel):
    async with kernel.unit(kernel.acme) as unit:
        yield unit
