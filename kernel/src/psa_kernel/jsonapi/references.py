"""Moving references: whatever refers to one record comes to refer to another, in all plugins, for merges."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from psa_kernel.database.schema import qualified, quoted
from psa_kernel.registry import Registry
from psa_sdk.resources import ManyToMany
from psa_sdk.tables import Ref

if TYPE_CHECKING:
    from psa_kernel.jsonapi.records import UnitRecords
    from psa_kernel.unit_of_work import Unit


class Reference(msgspec.Struct, frozen=True):
    """A column of a resource's table that refers to records; `kind` discriminates a subject's type."""

    resource: str
    table: str
    column: str
    kind: str = ""

    @property
    def key(self) -> str:
        """`resource.column`, as in the answer of `repoint`."""
        return f"{self.resource}.{self.column}"


def references_to(registry: Registry, resource: str) -> list[Reference]:
    """Return all columns of resources that refer to records of one; extensions' satellites stay where they are."""
    found: list[Reference] = []
    for name, declared in registry.resources.items():
        table = quoted(qualified(declared.table))
        found += [
            Reference(name, table, column._meta.name)
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
    for row in rows:
        await records.set_reference(reference.resource, row["id"], reference.column, target)
    return [row["id"] for row in rows]


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
        for row in rows:
            if row["near"] != source or (only is not None and row["far"] not in only):
                continue
            if near == here:
                await records.link(owner, target, relation.name, [row["far"]])
                await records.unlink(owner, source, relation.name, [row["far"]])
            else:
                await records.link(owner, row["far"], relation.name, [target])
                await records.unlink(owner, row["far"], relation.name, [source])
            if row["far"] not in present:
                moved.append(row["far"])
    return moved
