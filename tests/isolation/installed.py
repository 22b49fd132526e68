"""The installed plugins and how their records are made: what each one's conformance test says."""

from collections.abc import Collection
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from psa_sdk.tables import new_id
from psa_sdk.testing import PluginBattery

CONFORMANCE = "*/tests/test_conformance.py"
PLUGINS = Path(__file__).parents[2] / "plugins"
SERVICE_DESK = ("contacts", "comments", "ticketing", "web", "console", "portal")
"""Enough for the negative controls and for a single tenant; of many tenants, one has everything that is installed."""
BUILT_IN: dict[str, Any] = {
    "custom-fields": {"resource": "companies", "kind": "text"},
    # Unique across tenants: keys are looked up before the tenant is known.
    "api-keys": {"secret_hash": lambda _n: new_id().hex},
    "roles": {"grants": ["contacts.companies.read"]},
}


@cache
def batteries() -> dict[str, type[PluginBattery]]:
    """Return the conformance tests of the plugins in this tree, by plugin."""
    found: dict[str, type[PluginBattery]] = {}
    for path in sorted((*PLUGINS.glob(CONFORMANCE), *PLUGINS.with_name("tests").glob(CONFORMANCE))):
        spec = spec_from_file_location(f"conformance_of_{path.parts[-3]}", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, PluginBattery) and value is not PluginBattery:
                found[value.plugin] = value
    return found


@cache
def samples(plugins: Collection[str] | None = None) -> dict[str, Any]:
    """Return how to make the records that a declaration alone doesn't tell how to make; of all, unless some are named.

    A plugin that extends another's resource says so of that resource, too.
    """
    found = dict(BUILT_IN)
    for name, battery in batteries().items():
        if plugins is None or name in plugins or battery.modules:
            found |= battery.samples
    return found


@cache
def modules() -> tuple[ModuleType, ...]:
    """Return the plugins of the tests themselves: the one that uses every extension point."""
    return tuple(module for battery in batteries().values() for module in battery.modules)
