"""Targets of writes: each resource's table with the satellites of enabled extensions, made once."""

from typing import TYPE_CHECKING

from psa_kernel.jsonapi.storage import storage
from psa_kernel.jsonapi.write_plan import Satellite, Target
from psa_kernel.registry import Registry
from psa_sdk.resources import Extension, Resource

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

_targets: dict[tuple[int, str, frozenset[str]], tuple[Registry, Target]] = {}


def extensions_of(unit: "Unit", resource: str) -> tuple[Extension, ...]:
    """Return the extensions of a resource whose plugins are enabled for the unit's tenant."""
    extensions = unit.kernel.registry.extensions.get(resource, ())
    if not extensions:
        return ()
    owners = {table: plugin for plugin, table in unit.kernel.registry.tables}
    return tuple(
        extension
        for extension in extensions
        if unit.kernel.enabled(unit.tenant_facts, owners[extension.table])
    )


def target_of(unit: "Unit", resource: Resource) -> Target:
    """Return what a write of a resource touches in the unit's tenant."""
    registry = unit.kernel.registry
    disabled = unit.tenant_facts.disabled if registry.extensions.get(resource.name) else frozenset[str]()
    key = (id(registry), resource.name, disabled)
    found = _targets.get(key)
    if found is None:
        satellites = tuple(
            Satellite.of(storage(extension.table), extension.column._meta.name)
            for extension in extensions_of(unit, resource.name)
        )
        target = Target(resource.name, storage(resource.table), satellites, resource.unaudited)
        # The registry is kept along, so that its id is not given to another one.
        found = _targets[key] = (registry, target)
    return found[1]
