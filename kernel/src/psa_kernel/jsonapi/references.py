"""Moving references: whatever refers to one record comes to refer to another, in all plugins, for merges."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from psa_kernel.database.schema import literal, qualified, quoted
from psa_kernel.registry import Registry
from psa_sdk.errors import Conflict
from psa_sdk.resources import ManyToMany
from psa_sdk.tables import Ref

if TYPE_CHECKING:
    from psa_kernel.jsonapi.records import UnitRecords
    from psa_kernel.unit_of_work import Unit


_WORD: Final = re.compile(r"\w+")


class Reference(msgspec.Struct, frozen=True):
    """A column of a resource's table that refers to records; `kind` discriminates a subject's type."""

    resource: str
    table: str
    column: str
    kind: str = ""
    single: bool = False
    """Whether the referred record may have only so many of these: a unique index names the column."""

    @property
    def key(self) -> str:
        """`resource.column`, as in the answer of `repoint`."""
        return f"{self.resource}.{self.column}"


def references_to(registry: Registry, resource: str) -> list[Reference]:
    """Return all columns of resources that refer to records of one and may change.

    Extensions' satellites stay where they are, and so does what is append-only.
    """
    found: list[Reference] = []
    for name, declared in registry.resources.items():
        if declared.table.append_only:
            continue
        table = quoted(qualified(declared.table))
        single = {
            word
            for index in declared.table.index_on
            if index.unique
            for expression in index.expressions
            for word in _WORD.findall(expression)
        }
        found += [
            Reference(name, table, column._meta.name, single=column._meta.name in single)
            for column in declared.table._meta.columns
            if isinstance(column, Ref) and column.target == resource
        ]
        if declared.subject is not None:
            subject = declared.subject
            found.append(Reference(name, table, subject.id._meta.name, subject.kind._meta.name))
    return found


def memberships_of(registry: Registry, resource: str) -> list[tuple[str, ManyToMany]]:
    """Return the many-to-many relationships, with the resource that has them, at either end of which one stands."""
    return [
        (name, relation)
        for name, declared in registry.resources.items()
        for relation in declared.relations
        if isinstance(relation, ManyToMany) and resource in {name, relation.target}
    ]


async def repoint(
    unit: "Unit",
    records: "UnitRecords",
    resource: str,
    source: UUID,
    target: UUID,
    *,
    skip: Sequence[str] = (),
    only: Mapping[str, Sequence[UUID | str]] | None = None,
) -> Mapping[str, Sequence[UUID]]:
    """Move references from `source` to `target` with `records`; see `psa_sdk.Records.repoint`."""
    moved: dict[str, Sequence[UUID]] = {}
    for reference in references_to(unit.kernel.registry, resource):
        if _wanted(reference.resource, reference.key, skip, only):
            moved[reference.key] = await _repoint_column(
                unit, records, resource, reference, source, target, only
            )
    for owner, relation in memberships_of(unit.kernel.registry, resource):
        key = f"{owner}.{relation.name}"
        if _wanted(owner, key, skip, only):
            ids = None if only is None else {UUID(str(record)) for record in only[key]}
            moved[key] = await _repoint_members(unit, records, resource, owner, relation, source, target, ids)
    return {key: ids for key, ids in moved.items() if ids}


def _wanted(
    resource: str, key: str, skip: Sequence[str], only: Mapping[str, Sequence[UUID | str]] | None
) -> bool:
    return not {resource, key} & set(skip) and (only is None or key in only)


async def referring(unit: "Unit", resource: str, id: UUID, *, skip: Sequence[str] = ()) -> Mapping[str, int]:
    """Count what refers to a record, in one statement; see `psa_sdk.Records.referring`."""
    registry = unit.kernel.registry
    counts: list[str] = []
    for reference in references_to(registry, resource):
        if _wanted(reference.resource, reference.key, skip, None):
            kind = f' AND "{reference.kind}" = $2' if reference.kind else ""
            counts.append(_count(reference.key, reference.table, reference.column, kind))
    for owner, relation in memberships_of(registry, resource):
        key = f"{owner}.{relation.name}"
        if not _wanted(owner, key, skip, None):
            continue
        table = quoted(qualified(relation.here._meta.table))
        for end, applies in (
            (relation.here, owner == resource),
            (relation.there, relation.target == resource),
        ):
            if applies:
                counts.append(_count(key, table, end._meta.name))
    if not counts:
        return {}
    rows = await unit.connection.fetch(
        "SELECT key, sum(number)::bigint AS number FROM ("
        + " UNION ALL ".join(counts)
        + ") counted WHERE number > 0 AND $2::text <> '' GROUP BY key ORDER BY key",
        id,
        resource,
    )
    return {row["key"]: row["number"] for row in rows}


def _count(key: str, table: str, column: str, more: str = "") -> str:
    return (
        f"SELECT {literal(key)} AS key, count(*) AS number FROM {table}"
        f' WHERE tenant_id = psa.current_tenant() AND "{column}" = $1{more}'
    )


async def _repoint_column(
    unit: "Unit",
    records: "UnitRecords",
    resource: str,
    reference: Reference,
    source: UUID,
    target: UUID,
    only: Mapping[str, Sequence[UUID | str]] | None,
) -> list[UUID]:
    conditions = [f'"{reference.column}" = $1']
    arguments: list[object] = [source]
    if reference.kind:
        arguments.append(resource)
        conditions.append(f'"{reference.kind}" = ${len(arguments)}')
    if only is not None:
        arguments.append([UUID(str(record)) for record in only[reference.key]])
        conditions.append(f"id = ANY (${len(arguments)}::uuid[])")
    rows = await unit.connection.fetch(
        f"SELECT id FROM {reference.table} WHERE tenant_id = psa.current_tenant()"
        f" AND {' AND '.join(conditions)} ORDER BY id FOR UPDATE",
        *arguments,
    )
    ids = [row["id"] for row in rows]
    if not reference.single:
        await records.refer(reference.resource, ids, reference.column, target)
        return ids
    return await _refer_if_free(unit, records, reference, ids, target)


async def _refer_if_free(
    unit: "Unit", records: "UnitRecords", reference: Reference, ids: list[UUID], target: UUID
) -> list[UUID]:
    """Move the rows that the target hasn't got already, and return them; halves find the ones that it has."""
    if not ids:
        return []
    try:
        async with unit.savepoint():
            await records.refer(reference.resource, ids, reference.column, target)
    except Conflict as conflict:
        if conflict.code != "already_taken":
            raise
        half = len(ids) // 2
        return [
            one
            for some in ((ids[:half], ids[half:]) if half else ())
            for one in await _refer_if_free(unit, records, reference, some, target)
        ]
    return ids


async def _repoint_members(
    unit: "Unit",
    records: "UnitRecords",
    resource: str,
    owner: str,
    relation: ManyToMany,
    source: UUID,
    target: UUID,
    only: set[UUID] | None,
) -> list[UUID]:
    """Move one end of link rows, those to `only` some if given, and return what they lead to.

    A link that the target has already is not doubled: it goes from the source and doesn't count as moved.
    """
    here, there = relation.here._meta.name, relation.there._meta.name
    table = quoted(qualified(relation.here._meta.table))
    moved: list[UUID] = []
    for near, far, applies in ((here, there, owner == resource), (there, here, relation.target == resource)):
        if not applies:
            continue
        rows = await unit.connection.fetch(
            f'SELECT "{near}" AS near, "{far}" AS far FROM {table}'
            f' WHERE tenant_id = psa.current_tenant() AND "{near}" = ANY ($1) ORDER BY id',
            [source, target],
        )
        present = {row["far"] for row in rows if row["near"] == target}
        gone = [row["far"] for row in rows if row["near"] == source and (only is None or row["far"] in only)]
        if near == here and gone:
            await records.link(owner, target, relation.name, gone)
            await records.unlink(owner, source, relation.name, gone)
        elif near == there:
            for far in gone:
                await records.link(owner, far, relation.name, [target])
                await records.unlink(owner, far, relation.name, [source])
        moved += [far for far in gone if far not in present]
    return moved
