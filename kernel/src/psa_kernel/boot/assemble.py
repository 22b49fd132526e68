"""Assembly: turns ordered plugins into the registry, or refuses with every problem named."""

from collections.abc import Mapping, Sequence

import msgspec

from psa_kernel.boot.checks import check
from psa_kernel.boot.discovery import ends
from psa_kernel.boot.hooks import plugin_manager
from psa_kernel.boot.problems import BootError
from psa_kernel.boot.relations import inverses, present_relations
from psa_kernel.registry import Inverse, Plugin, Registry
from psa_sdk.access import Permission
from psa_sdk.events import Interceptor, Verb
from psa_sdk.resources import Extension, ManyToMany, Resource
from psa_sdk.tables import Table

VERBS: tuple[tuple[str, str], ...] = (
    ("read", "See"),
    ("create", "Create"),
    ("update", "Change"),
    ("delete", "Delete"),
)


def build_registry(
    plugins: Mapping[str, Plugin],
    *,
    problems: Sequence[str] = (),
    isolated: Mapping[str, str] | None = None,
    trace: bool = False,
) -> Registry:
    """Build the registry of plugins given in dependency order; raises `BootError` with all problems.

    Relationships to resources of absent plugins are left out, extensions of them too.
    """
    found = list(problems)
    hooks = plugin_manager(plugins, found, trace=trace)
    declared = {
        resource.name: resource for plugin in plugins.values() for resource in plugin.manifest.resources
    }
    extensions = _extensions(plugins, declared)
    resources = {
        name: present_relations(resource, declared, extensions) for name, resource in declared.items()
    }
    registry = Registry(
        plugins=dict(plugins),
        hooks=hooks,
        resources=resources,
        resource_owner={
            resource.name: ends(name)[0]
            for name, plugin in plugins.items()
            for resource in plugin.manifest.resources
        },
        extensions=extensions,
        inverses=_grouped_inverses(resources, extensions),
        routes=tuple((name, route) for name, plugin in plugins.items() for route in plugin.manifest.routes),
        permissions=_permissions(plugins),
        events={event.name: event for plugin in plugins.values() for event in plugin.manifest.events},
        subscribers={
            item.name: (name, item)
            for name, plugin in plugins.items()
            for item in plugin.manifest.subscribers
        },
        interceptors=_interceptors(plugins),
        services={
            item.protocol: (name, item)
            for name, plugin in plugins.items()
            for item in plugin.manifest.services
        },
        actors={
            item.name: (name, item) for name, plugin in plugins.items() for item in plugin.manifest.actors
        },
        schedules=tuple(
            (name, item) for name, plugin in plugins.items() for item in plugin.manifest.schedules
        ),
        tables=tuple((name, table) for name, plugin in plugins.items() for table in plugin.manifest.tables),
        table_resource=_table_resource(resources, extensions),
        isolated=dict(isolated or {}),
    )
    found += check(registry)
    if found:
        raise BootError(found)
    return registry


def _extensions(
    plugins: Mapping[str, Plugin], declared: Mapping[str, Resource]
) -> dict[str, tuple[Extension, ...]]:
    grouped: dict[str, tuple[Extension, ...]] = {}
    for plugin in plugins.values():
        for extension in plugin.manifest.extensions:
            if extension.resource in declared:
                kept = tuple(relation for relation in extension.relations if relation.target in declared)
                item = msgspec.structs.replace(extension, relations=kept)
                grouped[extension.resource] = (*grouped.get(extension.resource, ()), item)
    return grouped


def _grouped_inverses(
    resources: Mapping[str, Resource], extensions: Mapping[str, tuple[Extension, ...]]
) -> dict[str, tuple[Inverse, ...]]:
    grouped: dict[str, tuple[Inverse, ...]] = {}
    for target, inverse in inverses(resources, extensions):
        grouped[target] = (*grouped.get(target, ()), inverse)
    return grouped


def _permissions(plugins: Mapping[str, Plugin]) -> dict[str, Permission]:
    permissions: dict[str, Permission] = {}
    for name, plugin in plugins.items():
        for resource in plugin.manifest.resources:
            title = resource.title or resource.name.replace("-", " ")
            for verb, word in VERBS:
                right = f"{ends(name)[0]}.{resource.name.replace('-', '_')}.{verb}"
                permissions[right] = Permission(name=right, title=f"{word} {title}")
        permissions.update({permission.name: permission for permission in plugin.manifest.permissions})
    return permissions


def _interceptors(plugins: Mapping[str, Plugin]) -> dict[tuple[str, Verb], tuple[Interceptor, ...]]:
    grouped: dict[tuple[str, Verb], tuple[Interceptor, ...]] = {}
    for plugin in plugins.values():
        for item in plugin.manifest.interceptors:
            key = (item.resource, item.verb)
            grouped[key] = (*grouped.get(key, ()), item)
    return grouped


def _table_resource(
    resources: Mapping[str, Resource], extensions: Mapping[str, tuple[Extension, ...]]
) -> dict[str, str]:
    owners: dict[str, str] = {}
    for name, resource in resources.items():
        owners.setdefault(table_name(resource.table), name)
    for name, items in extensions.items():
        for extension in items:
            owners.setdefault(table_name(extension.table), name)
    for name, resource in resources.items():
        for relation in resource.relations:
            if isinstance(relation, ManyToMany):
                owners.setdefault(table_name(relation.here._meta.table), name)
    return owners


def table_name(table: type[Table]) -> str:
    """Return `schema.table` of a declared table."""
    return f"{table._meta.schema or 'public'}.{table._meta.tablename}"
