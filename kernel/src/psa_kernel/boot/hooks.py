"""Hooks: registers modules with pluggy, finds unusable implementations, traces and times calls."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import pluggy
import structlog

from psa_kernel.registry import Plugin
from psa_sdk import hooks as platform_hooks

SLOW_HOOK = 0.050
"""Seconds after which a hook call is worth a warning: hooks are meant to be pure."""

log = structlog.get_logger("psa.hooks")


def plugin_manager(
    plugins: Mapping[str, Plugin], problems: list[str], *, trace: bool
) -> pluggy.PluginManager:
    """Register the plugins' hooks so that requirements answer first (pluggy calls the last one first)."""
    manager = pluggy.PluginManager("psa")
    manager.add_hookspecs(platform_hooks)
    for name, plugin in plugins.items():
        if plugin.manifest.hookspecs is not None:
            try:
                manager.add_hookspecs(plugin.manifest.hookspecs)
            except ValueError as error:
                problems.append(f"{name}: its hookspecs are not usable: {error}.")
    for name, plugin in reversed(list(plugins.items())):
        try:
            manager.register(plugin.module, name=name)
        except (pluggy.PluginValidationError, ValueError) as error:
            problems.append(f"{name}: a hook is not usable: {' '.join(str(error).split())}.")
    problems.extend(_undeclared(manager))
    _watch(manager, trace=trace)
    return manager


def _undeclared(manager: pluggy.PluginManager) -> list[str]:
    callers: dict[str, pluggy.HookCaller] = vars(manager.hook)
    return [
        f"{implementation.plugin_name}: implements the hook {name}, which nobody declares."
        for name, caller in callers.items()
        if isinstance(caller, pluggy.HookCaller) and not caller.has_spec()
        for implementation in caller.get_hookimpls()
        if not implementation.optionalhook
    ]


def _watch(manager: pluggy.PluginManager, *, trace: bool) -> None:
    started = threading.local()

    def before(hook_name: str, hook_impls: Any, kwargs: Mapping[str, Any]) -> None:
        if not hasattr(started, "at"):
            started.at = []
        started.at.append(time.perf_counter())

    def after(
        outcome: pluggy.Result[Any], hook_name: str, hook_impls: Any, kwargs: Mapping[str, Any]
    ) -> None:
        seconds = time.perf_counter() - started.at.pop()
        names = [implementation.plugin_name for implementation in hook_impls]
        if trace:
            failed = outcome.exception
            log.info(
                "hook",
                hook=hook_name,
                plugins=names,
                milliseconds=round(seconds * 1000, 3),
                outcome=repr(failed) if failed else repr(outcome.get_result())[:200],
            )
        if seconds > SLOW_HOOK:
            log.warning("slow hook", hook=hook_name, plugins=names, milliseconds=round(seconds * 1000))

    manager.add_hookcall_monitoring(before, after)
