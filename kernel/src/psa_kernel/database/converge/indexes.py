"""Indexes that follow from declarations; each starts with the tenant."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator

from psa_kernel.database.converge.managed import Managed
from psa_kernel.database.schema import AnyTable, is_tenant_table, object_name, qualified, quoted
from psa_kernel.registry import Registry
from psa_sdk.resources import ManyToMany, Resource
from psa_sdk.tables import Column, Date, Decimal, Index, Instant, Json, Ref, Sealed, Tags, Text

# Their operators aren't leakproof, so PostgreSQL doesn't use indexes on them under row-level security.
_UNINDEXABLE = (Decimal, Json, Sealed, Tags)
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def indexes(registry: Registry) -> list[Managed]:
    """Return the wanted indexes; what another one serves as well is left out."""
    wanted: dict[tuple[str, Index], AnyTable] = {}
    siblings: defaultdict[str, list[Index]] = defaultdict(list)
    for table, index in _declared(registry):
        if (qualified(table), index) not in wanted:
            siblings[qualified(table)].append(index)
        wanted[qualified(table), index] = table
    return [
        _index(table, index)
        for (name, index), table in wanted.items()
        if not any(_serves(other, index) for other in siblings[name])
    ]


def _serves(other: Index, index: Index) -> bool:
    """Tell whether another index makes this one needless: it begins alike, or leaves one row to look at."""
    if index.unique or other == index:
        return False
    present = _present(index.expressions[0])
    if other.unique and other.where in {"", present} and other.expressions == index.expressions[:1]:
        return other.where in {"", index.where}
    begins_alike = other.expressions[: len(index.expressions)] == index.expressions
    same_rows = other.where == index.where or (not other.where and index.where == present)
    return begins_alike and same_rows


def _present(name: str) -> str:
    return f"{name} IS NOT NULL"


def _of(column: Column, *tail: str) -> Index:
    """Index a column, without the rows that lack it: most references and times are empty most of the time."""
    name = column._meta.name
    return Index((name, *tail), where=_present(name) if column._meta.null else "")


def _declared(registry: Registry) -> Iterator[tuple[AnyTable, Index]]:
    for _, table in registry.tables:
        for index in table.index_on:
            yield table, index
        for column in table._meta.columns:
            if isinstance(column, Ref):
                yield table, _of(column)
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
    sorts = {column._meta.name for column in resource.sorts}
    for column in resource.filters:
        if not isinstance(column, Column) or isinstance(column, _UNINDEXABLE):
            continue
        name = column._meta.name
        if name not in own or name in {"id", order}:
            continue
        if isinstance(column, Date | Instant):
            yield _of(column, "id")  # asked for by range, which no longer is in the default order
        elif name not in sorts or not isinstance(column, Text):
            yield _of(column, *tail)
    if resource.subject is not None:
        yield Index((resource.subject.kind._meta.name, resource.subject.id._meta.name, *tail))


def _index(table: AnyTable, index: Index) -> Managed:
    expressions = ("tenant_id", *index.expressions) if is_tenant_table(table) else index.expressions
    parts = [part if _NAME.fullmatch(part) else _digest(part) for part in index.expressions]
    if index.where and (index.unique or index.where != _present(index.expressions[0])):
        parts.append(_digest(index.where))
    name = object_name("uq" if index.unique else "ix", table, *parts)
    columns = ", ".join(quoted(part) if _NAME.fullmatch(part) else f"({part})" for part in expressions)
    where = f" WHERE {index.where}" if index.where else ""
    unique = "UNIQUE " if index.unique else ""
    create = f"CREATE {unique}INDEX {quoted(name)} ON {quoted(qualified(table))} ({columns}){where}"
    return Managed(kind="index", table=qualified(table), name=name, create=create)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
