"""The registry: everything the installed plugins declare, indexed for those who bind it."""

from collections.abc import Mapping
from types import ModuleType

import msgspec
import pluggy

from psa_sdk.access import Permission
from psa_sdk.actors import Actor, Schedule
from psa_sdk.events import Event, Interceptor, Subscriber, Verb
from psa_sdk.manifest import Manifest
from psa_sdk.resources import Extension, ManyToMany, Resource, ToMany, ToOne
from psa_sdk.routes import Route
from psa_sdk.services import Service
from psa_sdk.tables import PlatformTable, TenantTable


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded plugin: its manifest and where it came from."""

    name: str
    manifest: Manifest
    module: ModuleType
    distribution: str
    version: str
    builtin: bool = False


class Inverse(msgspec.Struct, frozen=True):
    """A to-many relationship that a resource gains because another one points to it."""

    name: str
    source: str
    relation: ToOne | ManyToMany


class Declared(msgspec.Struct, frozen=True):
    """A declared thing and the plugin that declares it."""

    plugin: str
    item: object


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """The fixed plugin set of this process. Built once by `psa_kernel.boot`, never changed."""

    plugins: Mapping[str, Plugin]
    """In dependency order: what is required comes first."""
    hooks: pluggy.PluginManager
    resources: Mapping[str, Resource]
    resource_owner: Mapping[str, str]
    """Resource name to plugin name."""
    extensions: Mapping[str, tuple[Extension, ...]]
    """Resource name to what other plugins add to it."""
    inverses: Mapping[str, tuple[Inverse, ...]]
    routes: tuple[tuple[str, Route], ...]
    """Plugin name and route."""
    permissions: Mapping[str, Permission]
    """All of them, the four verbs of each resource included."""
    events: Mapping[str, type[Event]]
    subscribers: Mapping[str, tuple[str, Subscriber]]
    """Subscriber name to plugin name and subscriber."""
    interceptors: Mapping[tuple[str, Verb], tuple[Interceptor, ...]]
    services: Mapping[type, tuple[str, Service]]
    actors: Mapping[str, tuple[str, Actor]]
    schedules: tuple[tuple[str, Schedule], ...]
    tables: tuple[tuple[str, type[TenantTable | PlatformTable]], ...]
    """Plugin name and table, in dependency order."""
    table_resource: Mapping[str, str]
    """`schema.table` to the resource that owns its rows."""
    isolated: Mapping[str, str] = {}
    """Plugins that are installed and off: name to reason."""

    def permission(self, resource: str, verb: str) -> str:
        """Return the permission that a verb on a resource needs; `list` and `get` need `read`."""
        right = "read" if verb in {"list", "get"} else verb
        return f"{self.resource_owner[resource]}.{resource.replace('-', '_')}.{right}"

    def relations(self, resource: str) -> Mapping[str, ToOne | ToMany | ManyToMany | Inverse]:
        """Return a resource's relationships by name: its own, its extensions' and the inverse ones."""
        found: dict[str, ToOne | ToMany | ManyToMany | Inverse] = {
            relation.name: relation for relation in self.resources[resource].relations
        }
        for extension in self.extensions.get(resource, ()):
            found.update({relation.name: relation for relation in extension.relations})
        for inverse in self.inverses.get(resource, ()):
            found.setdefault(inverse.name, inverse)
        return found
