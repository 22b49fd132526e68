"""What only one plugin may claim: resources, paths, tables, events, permissions and names of code."""

from collections.abc import Iterator

from psa_kernel.boot.paths import resource_endpoints, shape
from psa_kernel.registry import Plugin, Registry


def claims(registry: Registry) -> Iterator[str]:
    """Find what is claimed twice, naming both claimants."""
    owners: dict[tuple[str, str], str] = {}
    for plugin in registry.plugins.values():
        for kind, thing in _claimed(registry, plugin):
            first = owners.setdefault((kind, thing), plugin.name)
            if first != plugin.name:
                yield f"{plugin.name}: claims the {kind} {thing}, which {first} claims too."
        yield from _twice(registry, plugin)


def _claimed(registry: Registry, plugin: Plugin) -> Iterator[tuple[str, str]]:
    """Yield (kind, thing) of everything that must have one owner; a thing may be yielded twice."""
    manifest = plugin.manifest
    for resource in manifest.resources:
        yield "resource", resource.name
        yield "path", resource.url
    for table in manifest.tables:
        yield "table", f"{table._meta.schema}.{table._meta.tablename}"
    for event in manifest.events:
        yield "event", event.name
    for permission in manifest.permissions:
        yield "permission", permission.name
    for resource in manifest.resources:
        for verb in ("read", "create", "update", "delete"):
            yield "permission", f"{plugin.name.split('.')[0]}.{resource.name.replace('-', '_')}.{verb}"
    for service in manifest.services:
        yield "service", f"{service.protocol.__module__}.{service.protocol.__qualname__}"
    yield from _claimed_places(plugin)
    for method, path in _endpoints(registry, plugin):
        yield "route", f"{method} {path}"


def _claimed_places(plugin: Plugin) -> Iterator[tuple[str, str]]:
    """Yield what a plugin claims of the shells."""
    ui = plugin.manifest.ui
    for page in ui.pages:
        yield f"{page.shell} page", shape(page.path)
    for action in ui.actions:
        yield f"{action.shell} action", shape(action.path)
    for view in ui.views:
        yield "resource view", view.resource
    for frame in ui.frames:
        yield "shell", frame.name
    for entry in ui.nav:
        yield f"{entry.shell} navigation entry", entry.id


def _endpoints(registry: Registry, plugin: Plugin) -> Iterator[tuple[str, str]]:
    for route in plugin.manifest.routes:
        yield route.method, shape(route.path)
    for resource in plugin.manifest.resources:
        # A second plugin's resource of the same name is reported by its name, not by each of its paths.
        if registry.resource_owner[resource.name] == plugin.name.split(".")[0]:
            yield from resource_endpoints(registry, resource.name)


def _twice(registry: Registry, plugin: Plugin) -> Iterator[str]:
    """Find what one plugin declares twice where only one can take effect."""
    manifest = plugin.manifest
    listed: dict[str, list[str]] = {
        "resource": [resource.name for resource in manifest.resources],
        "table": [f"{table._meta.schema}.{table._meta.tablename}" for table in manifest.tables],
        "event": [event.name for event in manifest.events],
        "permission": [permission.name for permission in manifest.permissions],
        "subscriber": [subscriber.name for subscriber in manifest.subscribers],
        "actor": [actor.name for actor in manifest.actors],
        "service": [service.protocol.__qualname__ for service in manifest.services],
        "route": [f"{method} {path}" for method, path in _endpoints(registry, plugin)],
    }
    for kind, things in listed.items():
        for thing in sorted({thing for thing in things if things.count(thing) > 1}):
            yield f"{plugin.name}: declares the {kind} {thing} twice."
