"""Indexes that follow from declarations; each starts with the tenant."""

import hashlib
import re
from collections.abc import Iterator

from psa_kernel.database.converge.managed import Managed
from psa_kernel.database.schema import AnyTable, is_tenant_table, object_name, qualified, quoted
from psa_kernel.registry import Registry
from psa_sdk.resources import ManyToMany, Resource
from psa_sdk.tables import Column, Decimal, Index, Json, Ref, Sealed, Tags

# Their operators aren't leakproof, so PostgreSQL doesn't use indexes on them under row-level security.
_UNINDEXABLE = (Decimal, Json, Sealed, Tags)
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def indexes(registry: Registry) -> list[Managed]:
    """Return the wanted indexes; what is the beginning of a longer one is left out."""
    wanted: dict[tuple[str, Index], AnyTable] = {}
    for table, index in _declared(registry):
        wanted[qualified(table), index] = table
    return [
        _index(table, index)
        for (name, index), table in wanted.items()
        if index.unique
        or index.where
        or not any(
            name == other and not longer.where and _begins(longer, index) and longer != index
            for other, longer in wanted
        )
    ]


def _begins(longer: Index, index: Index) -> bool:
    return longer.expressions[: len(index.expressions)] == index.expressions


def _declared(registry: Registry) -> Iterator[tuple[AnyTable, Index]]:
    for _, table in registry.tables:
        for index in table.index_on:
            yield table, index
        for column in table._meta.columns:
            if isinstance(column, Ref):
                yield table, Index((column._meta.name,))
    yield from _extended(registry)
    for resource in registry.resources.values():
        for index in _listing(resource):
            yield resource.table, index
        for relation in resource.relations:
            if isinstance(relation, ManyToMany):
                ends = (relation.here._meta.name, relation.there._meta.name)
                yield relation.here._meta.table, Index(ends, unique=True)  # pyright: ignore[reportReturnType]


def _extended(registry: Registry) -> Iterator[tuple[AnyTable, Index]]:
    for extensions in registry.extensions.values():
        for extension in extensions:
            reference = extension.column._meta.name
            yield extension.table, Index((reference,), unique=True)
            for column in (*extension.filters, *extension.sorts):
                if not isinstance(column, _UNINDEXABLE):
                    yield extension.table, Index((column._meta.name, reference))


def _listing(resource: Resource) -> Iterator[Index]:
    """Yield what a list needs to read a page in order: each sort, and each filter in the default order."""
    order = resource.default_sort.lstrip("-")
    tail = ("id",) if order == "id" else (order, "id")
    yield Index(tail)
    for column in resource.sorts:
        if column._meta.name != order:
            yield Index((column._meta.name, "id"))
    own = {column._meta.name for column in resource.table._meta.columns}
    for column in resource.filters:
        if isinstance(column, Column) and not isinstance(column, _UNINDEXABLE):
            name = column._meta.name
            if name in own and name not in {"id", order}:
                yield Index((name, *tail))
    if resource.subject is not None:
        yield Index((resource.subject.kind._meta.name, resource.subject.id._meta.name, *tail))


def _index(table: AnyTable, index: Index) -> Managed:
    expressions = ("tenant_id", *index.expressions) if is_tenant_table(table) else index.expressions
    parts = [part if _NAME.fullmatch(part) else _digest(part) for part in index.expressions]
    if index.where:
        parts.append(_digest(index.where))
    name = object_name("uq" if index.unique else "ix", table, *parts)
    columns = ", ".join(quoted(part) if _NAME.fullmatch(part) else f"({part})" for part in expressions)
    where = f" WHERE {index.where}" if index.where else ""
    unique = "UNIQUE " if index.unique else ""
    create = f"CREATE {unique}INDEX {quoted(name)} ON {quoted(qualified(table))} ({columns}){where}"
    return Managed(kind="index", table=qualified(table), name=name, create=create)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
