"""Boot: finds the installed plugins, orders and checks them, and builds the registry."""

import gc
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import ModuleType

from psa_kernel.boot.assemble import build_registry
from psa_kernel.boot.discovery import Found, builtin_plugins, from_module, installed
from psa_kernel.boot.order import isolate, ordered
from psa_kernel.boot.present_routes import with_present_routes
from psa_kernel.boot.problems import BootError
from psa_kernel.config import Config
from psa_kernel.registry import Plugin, Registry

__all__ = ["BootError", "build_registry", "load"]


def load(config: Config, extra: Sequence[ModuleType] = (), *, only: Sequence[str] | None = None) -> Registry:
    """Build the registry of this process from built-ins, entry points and `extra` modules.

    Plugins that can't be imported or lack a requirement are taken off with whatever needs them and named
    in `registry.isolated`; with `config.strict` they are problems too. `only` limits the entry points to
    some names. Raises `BootError` with every problem found.
    """
    found = Found()
    with _uncollected():
        builtin_plugins(found)
        installed(found, config.quarantine, only)
        for module in extra:
            from_module(found, module, module.__name__)
        plugins = isolate(found)
        problems = list(found.problems)
        if config.strict:
            problems += [f"{name}: {reason}" for name, reason in found.isolated.items()]
        plugins = ordered(plugins, problems)
        registry = build_registry(
            plugins, problems=problems, isolated=found.isolated, trace=config.trace_hooks
        )
        return with_present_routes(registry, config)


@contextmanager
def _uncollected() -> Generator[None]:
    """Import without garbage collection: what modules make stays, and looking through it costs a fifth of a start."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def plugin_of(module: ModuleType) -> Plugin:
    """Return the plugin that a module declares; raises `BootError` when its manifest is unusable."""
    found = Found()
    from_module(found, module, module.__name__)
    if found.problems or found.isolated:
        raise BootError([*found.problems, *(f"{name}: {why}" for name, why in found.isolated.items())])
    return next(iter(found.plugins.values()))
