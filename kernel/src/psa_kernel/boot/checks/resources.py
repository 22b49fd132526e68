"""Resources: every attribute, filter and relationship rests on something that exists."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from psa_kernel.registry import Registry
from psa_sdk.resources import ManyToMany, Resource, ToMany, ToOne
from psa_sdk.tables import Column, Instant, Json, Ref, Sealed, TenantTable

_NAME = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
_SERVER_OWNED = frozenset(("id", "tenant_id", "created_at", "updated_at", "version"))


def resources(registry: Registry) -> Iterator[str]:
    """Find what a resource names and its table, structs or neighbours don't have."""
    for plugin in registry.plugins.values():
        for declared in plugin.manifest.resources:
            resource = registry.resources[declared.name]
            if resource.table is not declared.table:
                continue  # claimed twice, reported as such
            for problem in _problems(registry, resource, declared):
                yield f"{plugin.name}: {resource.name}: {problem}"


def _problems(registry: Registry, resource: Resource, declared: Resource) -> Iterator[str]:
    if not _NAME.match(resource.name):
        yield "its name must be plural kebab-case, such as ticket-notes."
    if not issubclass(resource.table, TenantTable):
        yield f"its table {resource.table.__name__} is no TenantTable."
        return
    yield from _attributes(resource)
    yield from _writes(resource)
    known = {"activity", *field_names(resource.read), *(relation.name for relation in declared.relations)}
    known |= {inverse.name for inverse in registry.inverses.get(resource.name, ())}
    for name in resource.portal_hidden:
        if name not in known:
            yield f"hides {name} from the portal, which it doesn't have."
    yield from _columns(resource)
    yield from _filters(registry, resource)
    for relation in resource.relations:
        yield from _relation(registry, resource, relation)
    yield from _names(registry, resource)


def field_names(struct: type[msgspec.Struct] | None) -> tuple[str, ...]:
    """Return the fields of a struct, none of nothing."""
    return tuple(field.name for field in msgspec.structs.fields(struct)) if struct else ()


def columns(table: type[TenantTable]) -> dict[str, Column]:
    """Return a table's columns by name."""
    return {column._meta.name: column for column in table._meta.columns}


def _attributes(resource: Resource) -> Iterator[str]:
    stored = columns(resource.table)
    readable = {
        *stored,
        *(item.name for item in resource.derived),
        *(item.name for item in resource.computed),
    }
    for name in field_names(resource.read):
        if name not in readable:
            yield f"reads {name}, which is no column, derived or computed attribute."
    for name in ("id", "type", "tenant_id"):
        if name in field_names(resource.read):
            yield f"reads {name}, which can't be an attribute (JSON:API 7.2.2)."
    if resource.custom_fields and not isinstance(stored.get("custom_fields"), Json):
        yield "has custom fields and no Json column named custom_fields."
    for name in resource.unaudited:
        if name not in stored:
            yield f"leaves {name} unaudited, which is no column."


def _writes(resource: Resource) -> Iterator[str]:
    stored = columns(resource.table)
    writable = field_names(resource.write)
    for name in writable:
        if name not in stored:
            yield f"writes {name}, which is no column."
        elif name in _SERVER_OWNED:
            yield f"writes {name}, which only the server sets."
    for name in field_names(resource.portal_write):
        if name not in writable:
            yield f"lets the portal write {name}, which its write struct lacks."
    if resource.write is None and resource.verbs & {"create", "update"}:
        yield "has create or update and no write struct; give write=… or narrower verbs."


def _own(resource: Resource, uses: str, items: Iterable[Column]) -> Iterator[str]:
    for column in items:
        if column._meta.table is not resource.table:
            yield f"{uses} {column._meta.table.__name__}.{column._meta.name}, which is no column of its table."


def _columns(resource: Resource) -> Iterator[str]:
    yield from _own(resource, "sorts by", resource.sorts)
    searched = [part for part in resource.search if isinstance(part, Column)]
    yield from _own(resource, "searches", searched)
    yield from _own(resource, "is labelled by", (resource.label,) if resource.label else ())
    yield from _own(resource, "archives by", (resource.archive,) if resource.archive else ())
    for item in resource.computed:
        yield from _own(resource, f"computes {item.name} from", item.needs)
    if resource.subject:
        yield from _own(resource, "takes its subject from", (resource.subject.kind, resource.subject.id))
    if resource.archive is not None and not isinstance(resource.archive, Instant):
        yield "archives by a column that is no Instant."
    for column in (*resource.sorts, *searched):
        if isinstance(column, Sealed):
            yield f"sorts by or searches {column._meta.name}, which is sealed."
    allowed = {*columns(resource.table), *(item.name for item in resource.derived)}
    for part in resource.default_sort.split(","):
        if part.lstrip("-") not in allowed:
            yield f"sorts by {part.lstrip('-')} by default, which is no column."


def _filters(registry: Registry, resource: Resource) -> Iterator[str]:
    derived = {item.name for item in resource.derived}
    for item in resource.filters:
        if isinstance(item, Column):
            yield from _own(resource, "filters by", (item,))
            if isinstance(item, Sealed):
                yield f"filters by {item._meta.name}, which is sealed."
            continue
        head, _, rest = item.partition(".")
        if not rest:
            if head not in derived and head not in columns(resource.table):
                yield f"filters by {item}, which is no column or derived attribute."
            continue
        relation = registry.relations(resource.name).get(head)
        if not isinstance(relation, ToOne):
            yield f"filters by {item}, and {head} is no to-one relationship."
            continue
        target = registry.resources[relation.target]
        if "." not in rest and rest not in {*columns(target.table), *(one.name for one in target.derived)}:
            yield f"filters by {item}, and {relation.target} has no {rest}."


def _relation(registry: Registry, resource: Resource, relation: ToOne | ToMany | ManyToMany) -> Iterator[str]:
    if isinstance(relation, ToOne):
        yield from _own(resource, f"its relationship {relation.name} is held by", (relation.column,))
        yield from references(f"its relationship {relation.name}", relation.column, relation.target)
        if relation.required and relation.column._meta.null:
            yield f"its relationship {relation.name} is required and its column may be null."
        return
    if isinstance(relation, ManyToMany):
        yield from references(f"its relationship {relation.name} (here)", relation.here, resource.name)
        yield from references(f"its relationship {relation.name} (there)", relation.there, relation.target)
        if relation.here._meta.table is not relation.there._meta.table:
            yield f"its relationship {relation.name} names columns of two tables."
        return
    if relation.column is None:
        if registry.resources[relation.target].subject is None:
            yield f"its relationship {relation.name} has no column and {relation.target} has no subject."
        return
    yield from references(f"its relationship {relation.name}", relation.column, resource.name)


def references(what: str, column: Column, target: str) -> Iterator[str]:
    """Find a relationship's column that is no reference to its target."""
    if not isinstance(column, Ref):
        yield f"{what} is held by {column._meta.name}, which is no Ref."
    elif column.target != target:
        yield f"{what} goes to {target} and its column {column._meta.name} to {column.target}."


def _names(registry: Registry, resource: Resource) -> Iterator[str]:
    """Attributes and relationships share one namespace (JSON:API 7.2.2)."""
    attributes = list(field_names(resource.read))
    for extension in registry.extensions.get(resource.name, ()):
        attributes += field_names(extension.read)
    relations = [relation.name for relation in resource.relations]
    for extension in registry.extensions.get(resource.name, ()):
        relations += [relation.name for relation in extension.relations]
    own = {relation.name: relation for relation in resource.relations}
    for inverse in registry.inverses.get(resource.name, ()):
        same = own.get(inverse.name)
        if not (isinstance(same, ToMany) and same.target == inverse.source):
            relations.append(inverse.name)
    names = [*attributes, *relations]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name} is declared twice among its attributes, relationships and what others add."
