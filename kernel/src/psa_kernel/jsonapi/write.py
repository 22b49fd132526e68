"""Writes of the API: a request's document to a stored record.

Order: permission, document, references and custom fields, then the write itself; whatever the document lacks
is told at once. `routes.py` turns these functions into handlers, `operations.py` into atomic operations.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from psa_kernel.database.converge.isolation import company_key
from psa_kernel.jsonapi.bodies import data_of, parse
from psa_kernel.jsonapi.checks import check_draft, check_references
from psa_kernel.jsonapi.drafts import (
    Draft,
    LocalIds,
    Mode,
    identifier,
    members,
    read_draft,
)
from psa_kernel.jsonapi.findings import Findings
from psa_kernel.jsonapi.links import Membership
from psa_kernel.jsonapi.read import new_document, new_plan
from psa_kernel.jsonapi.records import UnitRecords
from psa_kernel.jsonapi.scopes import require
from psa_kernel.jsonapi.targets import target_of
from psa_kernel.jsonapi.writable import CUSTOM_FIELDS, Writable, writable
from psa_kernel.jsonapi.write_plan import Target
from psa_sdk.errors import Forbidden, NotFound
from psa_sdk.resources import ToMany

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

Versions = Sequence[int] | None
"""The versions that `If-Match` accepts; None accepts any."""


class Parent(msgspec.Struct, frozen=True):
    """The record that a created one will belong to: `POST /companies/{id}/domains`."""

    resource: str
    id: UUID
    relation: str


class Made(NamedTuple):
    """A record that was created; its document and version where it was read in the statement that wrote it."""

    id: UUID
    document: bytes | None
    version: int


async def create(
    unit: "Unit", name: str, body: bytes, *, parent: Parent | None = None, shown: bool = False
) -> Made:
    """Create a record from a document; `shown` reads it along where that takes no further statement."""
    require(unit, name, "create")
    return await create_from(unit, name, data_of(parse(body)), parent=parent, shown=shown)


async def create_from(
    unit: "Unit",
    name: str,
    data: Mapping[str, Any],
    *,
    parent: Parent | None = None,
    lids: LocalIds | None = None,
    shown: bool = False,
) -> Made:
    """Create a record from a resource object; the permission is checked already."""
    sends, target = _sends(unit, name)
    findings = Findings()
    data = _under_parent(unit, sends, data, parent)
    draft = read_draft(data, sends, target, "create", findings, lids=lids)
    if sends.resource.subject is not None and sends.resource.subject.id._meta.name not in draft.values:
        findings.add("“subject” is required.", pointer="/data/relationships", code="required")
    _confine(unit, sends, draft)
    question = sends.resource.question
    answer = await check_draft(unit, sends, draft, "create", findings, None, question=question)
    findings.raise_all()
    plan = new_plan(unit, name) if shown else None
    created = await UnitRecords(unit, "create").create_answered(
        name, draft.values, answer, id=draft.id, reading=plan.sql if plan else ""
    )
    for relation, targets in draft.members.items():
        if targets:
            await UnitRecords(unit).members(name, created.id, relation, Membership(add=targets))
    if plan is None or unit.session.asked != created.asked:
        return Made(created.id, None, 0)
    return Made(created.id, *new_document(unit, name, created.id, created.shown, plan))


async def update(unit: "Unit", name: str, id: UUID, body: bytes, *, versions: Versions = None) -> int:
    """Change what a document names (PATCH) and return the record's version."""
    require(unit, name, "update")
    return await update_from(unit, name, id, data_of(parse(body)), mode="patch", versions=versions)


async def replace(unit: "Unit", name: str, id: UUID, body: bytes, *, versions: Versions = None) -> int:
    """Replace all that can be written (PUT): what the document leaves out takes its default."""
    require(unit, name, "update")
    return await update_from(unit, name, id, data_of(parse(body)), mode="replace", versions=versions)


async def update_from(
    unit: "Unit",
    name: str,
    id: UUID,
    data: Mapping[str, Any],
    *,
    mode: Mode = "patch",
    versions: Versions = None,
    lids: LocalIds | None = None,
) -> int:
    """Update a record from a resource object; the permission is checked already."""
    sends, target = _sends(unit, name)
    findings = Findings()
    draft = read_draft(data, sends, target, mode, findings, id=id, lids=lids)
    records = UnitRecords(unit, "update")
    stored: Mapping[str, Any] | None = None
    if mode == "patch" and draft.custom_fields:
        stored = (await records.get(name, id, lock=True))[CUSTOM_FIELDS] or {}
    await check_draft(unit, sends, draft, mode, findings, stored, id)
    if findings and not await records.exists(name, id):
        raise NotFound(f"There is no {name} record with the id {id}.")
    findings.raise_all()
    version = await records.update_at(name, id, draft.values, versions)
    for relation, targets in draft.members.items():
        version = await records.members(name, id, relation, Membership(add=targets, whole=True))
    return version


async def delete(unit: "Unit", name: str, id: UUID, *, versions: Versions = None) -> None:
    """Delete (or archive) a record."""
    require(unit, name, "delete")
    await UnitRecords(unit, "delete").delete_at(name, id, versions)


async def add_members(unit: "Unit", name: str, id: UUID, relation: str, body: bytes) -> None:
    """Add to a many-to-many relationship: POST at its URL."""
    await _linkage(unit, name, id, relation, parse(body), "add")


async def remove_members(unit: "Unit", name: str, id: UUID, relation: str, body: bytes) -> None:
    """Take out of a many-to-many relationship: DELETE at its URL."""
    await _linkage(unit, name, id, relation, parse(body), "remove")


async def replace_linkage(
    unit: "Unit", name: str, id: UUID, relation: str, body: bytes, *, versions: Versions = None
) -> None:
    """Set a to-one or a many-to-many relationship: PATCH at its URL."""
    await _linkage(unit, name, id, relation, parse(body), "replace", versions)


async def _linkage(
    unit: "Unit",
    name: str,
    id: UUID,
    relation: str,
    document: Mapping[str, Any],
    verb: str,
    versions: Versions = None,
    lids: LocalIds | None = None,
) -> None:
    require(unit, name, "update")
    sends, target = _sends(unit, name)
    if relation in sends.fixed_relations:
        raise Forbidden(f"The relationship {relation} can't be written here.", code="read_only")
    if relation not in sends.to_one and relation not in sends.links:
        raise NotFound(f"{name} have no relationship {relation!r}.")
    findings = Findings()
    draft = Draft(values={}, members={}, references=[])
    if "data" not in document:
        findings.add("“data” is required.", pointer="", code="required")
    elif relation in sends.links:
        members(document["data"], sends.links[relation].target, "/data", findings, draft, lids, relation)
    elif verb != "replace":
        raise Forbidden("A to-one relationship is written with PATCH.", code="to_one")
    else:
        declared = sends.to_one[relation]
        column = target.column(declared.column._meta.name)
        found = identifier(document["data"], declared.target, "/data", findings, lids)
        if found is None and not findings and (declared.required or not column.nullable):
            findings.add(f"“{relation}” is required.", pointer="/data", code="required")
        draft.references += [found] if found else []
        draft.values[column.name] = found.id if found else None
    if verb != "remove":
        await check_references(unit, draft.references, findings)
    findings.raise_all()
    records = UnitRecords(unit, "update")
    if relation in sends.to_one:
        await records.update_at(name, id, draft.values, versions)
        return
    targets = draft.members[relation]
    membership = (
        Membership(remove=targets) if verb == "remove" else Membership(add=targets, whole=verb == "replace")
    )
    await records.members(name, id, relation, membership, versions)


linkage_from = _linkage


def _sends(unit: "Unit", name: str) -> tuple[Writable, Target]:
    sends = writable(unit, name)
    return sends, target_of(unit, sends.resource)


def _under_parent(
    unit: "Unit", sends: Writable, data: Mapping[str, Any], parent: Parent | None
) -> Mapping[str, Any]:
    """Return a resource object that names its parent, which takes precedence over what it said itself."""
    if parent is None:
        return data
    relation = unit.kernel.registry.relations(parent.resource)[parent.relation]
    column = relation.column if isinstance(relation, ToMany) else None
    name = "subject"
    if column is not None:
        name = next(key for key, one in sends.to_one.items() if one.column is column)
    identifier = {"type": parent.resource, "id": str(parent.id)}
    given = data.get("relationships")
    relationships = (
        {**given, name: {"data": identifier}} if isinstance(given, dict) else {name: {"data": identifier}}
    )
    return {**data, "relationships": relationships}


def _confine(unit: "Unit", sends: Writable, draft: Draft) -> None:
    """Bind what a portal principal makes to its own company, before hooks look at it."""
    if not sends.portal:
        return
    column = company_key(unit.kernel.registry, sends.resource.table)
    if column not in ("", "id"):
        draft.values.setdefault(column, unit.principal.who.company_id)
