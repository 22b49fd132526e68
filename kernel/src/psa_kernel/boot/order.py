"""Order: what is required comes first; what can't have its requirements is taken off."""

from collections.abc import Mapping

from psa_kernel.boot.discovery import Found, ends
from psa_kernel.registry import Plugin


def requirements(plugin: Plugin) -> tuple[str, ...]:
    """Return the names a plugin needs: its manifest's, and both ends of a bridge."""
    joined = ends(plugin.name)
    return (*plugin.manifest.requires, *(joined if len(joined) > 1 else ()))


def isolate(found: Found) -> dict[str, Plugin]:
    """Return the plugins whose requirements are all present, taking off the others with the reason."""
    plugins = dict(found.plugins)
    while True:
        lacking = {
            name: missing
            for name, plugin in plugins.items()
            if (missing := [need for need in requirements(plugin) if need not in plugins])
        }
        if not lacking:
            return plugins
        for name, missing in lacking.items():
            reasons = ", ".join(
                f"{need} ({found.isolated[need]})"
                if need in found.isolated
                else f"{need}, which is not installed"
                for need in missing
            )
            found.isolated[name] = f"requires {reasons}"
            del plugins[name]


def ordered(plugins: Mapping[str, Plugin], problems: list[str]) -> dict[str, Plugin]:
    """Return the plugins with requirements first, built-ins before the rest, else by name.

    Soft order (`enhances`) gives way where it would make a cycle; a cycle of requirements is a problem.
    """
    builtin = [name for name, plugin in plugins.items() if plugin.builtin]
    rest = sorted(name for name, plugin in plugins.items() if not plugin.builtin)
    result: dict[str, Plugin] = {}
    reported: set[frozenset[str]] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in result:
            return
        if name in path:
            cycle = (*path[path.index(name) :], name)
            if frozenset(cycle) not in reported:
                reported.add(frozenset(cycle))
                problems.append(f"{name}: requires itself in a circle: {' -> '.join(cycle)}.")
            return
        plugin = plugins[name]
        for need in requirements(plugin):
            if need in plugins:
                visit(need, (*path, name))
        for wish in plugin.manifest.enhances:
            if wish in plugins and not _reaches(plugins, wish, name) and wish not in path:
                visit(wish, (*path, name))
        result.setdefault(name, plugin)

    for name in (*builtin, *rest):
        visit(name, ())
    return result


def _reaches(plugins: Mapping[str, Plugin], start: str, goal: str) -> bool:
    """Tell whether `start` needs or enhances `goal`, directly or not."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen and name in plugins:
            seen.add(name)
            waiting.extend((*requirements(plugins[name]), *plugins[name].manifest.enhances))
    return False
