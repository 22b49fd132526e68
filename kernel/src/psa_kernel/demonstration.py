"""Demonstration data: every plugin's `demo`, once per tenant."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from psa_sdk.context import Context
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel


_BEGUN = "demo"


async def begin(kernel: "Kernel", tenant_id: UUID) -> None:
    """Make a tenant one for demonstrations; repeating is fine."""
    async with kernel.unit(tenant_id) as unit:
        await _mark(unit, _BEGUN)


async def begun(kernel: "Kernel", tenant_id: UUID) -> bool:
    """Tell whether a tenant is one for demonstrations."""
    async with kernel.unit(tenant_id, readonly=True) as unit:
        return await _marked(unit, _BEGUN)


async def fill(kernel: "Kernel", tenant_id: UUID, *, progress: Callable[[str], None]) -> list[str]:
    """Run the demos that a tenant lacks, each in a unit of work of its own, requirements first.

    Returns the plugins whose demo ran; `progress` is told each one's title before.
    """
    filled: list[str] = []
    for name, plugin in kernel.registry.plugins.items():
        if plugin.manifest.demo is None:
            continue
        mark = f"demo:{name}"
        async with kernel.unit(tenant_id) as unit:
            if not kernel.enabled(unit.tenant_facts, name):
                continue
            await unit.db.lock("demo")
            await unit.db.execute("SET LOCAL statement_timeout = '5min'")
            if await _marked(unit, mark):
                continue
            progress(plugin.manifest.title)
            await plugin.manifest.demo(unit)
            await _mark(unit, mark)
        filled.append(name)
    return filled


async def _mark(unit: Context, mark: str) -> None:
    insert = "INSERT INTO psa.seeded_plugin (id, plugin) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    await unit.db.execute(insert, new_id(), mark)


async def _marked(unit: Context, mark: str) -> bool:
    return bool(await unit.db.fetch_value("SELECT true FROM psa.seeded_plugin WHERE plugin = $1", mark))
