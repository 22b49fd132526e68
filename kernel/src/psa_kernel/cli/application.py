"""What commands work with: an open kernel on a migrated database, one after the other."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import click

from psa_kernel.boot import load
from psa_kernel.config import Config
from psa_kernel.embedded import servers
from psa_kernel.kernel import Kernel
from psa_kernel.process import run

T = TypeVar("T")


def with_kernel(config: Config, work: Callable[[Kernel], Awaitable[T]]) -> T:
    """Open the kernel without serving, run the work and close everything again."""
    with servers(config) as ready:
        registry = load(ready)

        async def main() -> T:
            async with Kernel.open(ready, registry, lifespan=False) as kernel:
                return await work(kernel)

        return run(main())


async def chosen_tenant(kernel: Kernel, slug: str) -> UUID:
    """Return the tenant with a slug; without one, the only tenant there is. Raises `click.UsageError`."""
    if slug:
        tenant = await kernel.directory.by_slug(slug)
        if tenant is None:
            raise click.UsageError(f"There's no tenant {slug}: see `psa tenants list`.")
        return tenant.id
    tenants = await kernel.tenants()
    if not tenants:
        raise click.ClickException("There's no tenant yet: run `psa up`, or `psa tenants create`.")
    if len(tenants) > 1:
        raise click.UsageError("There are several tenants: choose one with --tenant SLUG.")
    return tenants[0]
