"""Registries for tests, each built once: checking all plugins takes long, and a registry never changes."""

import functools
from types import ModuleType

from psa_kernel.boot import load
from psa_kernel.config import Config, Tenancy
from psa_kernel.registry import Registry


@functools.lru_cache(16)
def loaded(
    tenancy: Tenancy, modules: tuple[ModuleType, ...] = (), plugins: tuple[str, ...] | None = ()
) -> Registry:
    """Return the registry of the built-ins, these modules and these installed plugins, all of them for `None`."""
    return load(Config(tenancy=tenancy), modules, only=plugins)
