"""Modules: which installed plugins a tenant uses (SET-02)."""

from typing import TYPE_CHECKING, ClassVar

from psa_kernel.boot.order import requirements
from psa_kernel.registry import Registry
from psa_sdk.errors import Conflict, NotFound
from psa_sdk.events import Event
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


class ModulesSwitched(Event, frozen=True, kw_only=True):
    """A tenant switched modules on or off."""

    name: ClassVar[str] = "settings.modules_switched"
    enabled: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()


def needed(registry: Registry, name: str) -> frozenset[str]:
    """Return a plugin and all it needs, directly or not."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found and current in registry.plugins:
            found.add(current)
            waiting += requirements(registry.plugins[current])
    return frozenset(found)


def dependents(registry: Registry, name: str) -> frozenset[str]:
    """Return the plugins that need a plugin, directly or not."""
    return frozenset(other for other in registry.plugins if other != name and name in needed(registry, other))


async def disabled(unit: "Unit") -> frozenset[str]:
    """Return the plugins that the tenant has switched off, as stored now."""
    rows = await unit.db.fetch("SELECT plugin FROM psa.disabled_module WHERE tenant_id = $1", unit.tenant_id)
    return frozenset(row["plugin"] for row in rows)


async def disable(unit: "Unit", name: str, *, cascade: bool = False) -> frozenset[str]:
    """Switch a module off and return all that are; raises `Conflict` while others need it."""
    registry = unit.kernel.registry
    _switchable(registry, name)
    await unit.db.lock("modules")
    off = await disabled(unit)
    needing = sorted(other for other in dependents(registry, name) if off.isdisjoint(needed(registry, other)))
    if needing and not cascade:
        raise Conflict(
            f"{name} is needed by {', '.join(needing)}; disable these first, or send cascade: true.",
            code="module_needed",
            meta={"dependents": needing},
        )
    new = [other for other in (name, *needing) if other not in off]
    for other in new:
        await unit.db.execute("INSERT INTO psa.disabled_module (id, plugin) VALUES ($1, $2)", new_id(), other)
    return await _switched(unit, off | set(new), ModulesSwitched(disabled=tuple(new)))


async def enable(unit: "Unit", name: str, *, cascade: bool = False) -> frozenset[str]:
    """Switch a module on and return all that are off; raises `Conflict` while it needs one of these."""
    registry = unit.kernel.registry
    _switchable(registry, name)
    await unit.db.lock("modules")
    off = await disabled(unit)
    lacking = sorted((needed(registry, name) - {name}) & off)
    if lacking and not cascade:
        raise Conflict(
            f"{name} needs {', '.join(lacking)}; enable these first, or send cascade: true.",
            code="module_needs",
            meta={"requirements": lacking},
        )
    new = [other for other in (*lacking, name) if other in off]
    await unit.db.execute(
        "DELETE FROM psa.disabled_module WHERE tenant_id = $1 AND plugin = ANY ($2)", unit.tenant_id, new
    )
    return await _switched(unit, off - set(new), ModulesSwitched(enabled=tuple(new)))


def _switchable(registry: Registry, name: str) -> None:
    plugin = registry.plugins.get(name)
    if plugin is None:
        raise NotFound(f"There is no module {name}; GET /modules lists them.")
    if plugin.builtin:
        raise Conflict(f"{name} is part of the platform and can't be switched off.", code="module_builtin")


async def _switched(unit: "Unit", off: frozenset[str], event: ModulesSwitched) -> frozenset[str]:
    if event.enabled or event.disabled:
        tenant_id, directory = unit.tenant_id, unit.kernel.directory
        unit.after_commit(lambda: directory.forget(tenant_id))
        await unit.audit("modules_switched", "modules", enabled=event.enabled, disabled=event.disabled)
        await unit.emit(event)
    return frozenset(off)
