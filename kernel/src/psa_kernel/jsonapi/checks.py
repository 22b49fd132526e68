"""Checks that need the database: references that the principal sees, and custom fields."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from psa_kernel.database.schema import literal
from psa_kernel.jsonapi import custom_fields
from psa_kernel.jsonapi.drafts import Draft, Mode, Reference, absent
from psa_kernel.jsonapi.findings import Findings
from psa_kernel.jsonapi.scopes import shifted, visible
from psa_kernel.jsonapi.writable import CUSTOM_FIELDS, Writable
from psa_sdk.resources import Question, Resource

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


async def check_draft(
    unit: "Unit",
    sends: Writable,
    draft: Draft,
    mode: Mode,
    findings: Findings,
    stored: Mapping[str, Any] | None,
    id: UUID | None = None,
    *,
    question: Question | None = None,
) -> Any:
    """Check custom fields and references in one statement, or two when custom fields name records.

    The same statement asks the question of a draft without faults; returns its answer, else None.
    """
    wanted = sends.resource.name if sends.resource.custom_fields and draft.custom_fields is not None else ""
    asked = Asked(question, question.arguments(unit, draft.values)) if question and not findings else None
    definitions, answer = await _look_up(unit, draft.references, findings, wanted, asked)
    if not wanted or draft.custom_fields is None:
        return answer
    if sends.portal:
        definitions = tuple(item for item in definitions if item.portal_visible)
    after = custom_fields.validate(definitions, draft.custom_fields, findings, stored=stored)
    named: list[Reference] = []
    for definition in definitions:
        pointer = f"{custom_fields.POINTER}/{definition.key}"
        if draft.custom_fields.get(definition.key) is None or findings.has(pointer):
            continue
        if definition.target:
            named.append(Reference(definition.target, UUID(draft.custom_fields[definition.key]), pointer))
        if definition.is_unique:
            await _check_unique(unit, sends, definition.key, after[definition.key], findings, id)
    await check_references(unit, named, findings)
    if mode != "patch" or draft.custom_fields:
        draft.values[CUSTOM_FIELDS] = after
    return answer


async def _check_unique(
    unit: "Unit", sends: Writable, key: str, value: Any, findings: Findings, id: UUID | None
) -> None:
    resource = sends.resource
    text = msgspec.json.encode(value).decode()
    await unit.db.lock("custom_field", resource.name, key, text)
    meta = resource.table._meta
    taken = await unit.connection.fetchval(
        f'SELECT true FROM "{meta.schema}"."{meta.tablename}" WHERE tenant_id = psa.current_tenant()'
        " AND custom_fields -> $1 = $2::text::jsonb AND ($3::uuid IS NULL OR id <> $3) LIMIT 1",
        key,
        text,
        id,
    )
    if taken:
        pointer = f"{custom_fields.POINTER}/{key}"
        findings.add(f"Another record already has this {key}.", pointer=pointer, code="already_taken")


async def check_references(unit: "Unit", references: Sequence[Reference], findings: Findings) -> None:
    """Note references to records that the principal doesn't see."""
    await _look_up(unit, references, findings)


async def answer_of(unit: "Unit", resource: Resource, values: Mapping[str, Any]) -> Any:
    """Return the answer to a resource's question about a new record, None where it has none."""
    if resource.question is None:
        return None
    asked = Asked(resource.question, resource.question.arguments(unit, values))
    _, answer = await _look_up(unit, (), Findings(), asked=asked)
    return answer


class Asked(NamedTuple):
    """A resource's question and the values of its parameters."""

    question: Question
    arguments: Sequence[object]


async def _look_up(
    unit: "Unit",
    references: Sequence[Reference],
    findings: Findings,
    definitions_of: str = "",
    asked: Asked | None = None,
) -> tuple[tuple[custom_fields.Definition, ...], Any]:
    """Check references; return a resource's custom-field definitions and the answer to a question: one statement."""
    registry = unit.kernel.registry
    wanted: dict[str, list[UUID]] = {}
    for reference in references:
        wanted.setdefault(reference.resource, []).append(reference.id)
    columns: list[str] = []
    arguments: list[Any] = []
    checked = [resource for resource in sorted(wanted) if resource in registry.resources]
    for resource in checked:
        meta = registry.resources[resource].table._meta
        row = f'"{meta.tablename}"'
        arguments.append(wanted[resource])
        condition = f"{row}.tenant_id = psa.current_tenant() AND {row}.id = ANY (${len(arguments)}::uuid[])"
        seen = visible(unit, resource)
        if seen.sql:
            condition += f" AND ({shifted(seen.sql, len(arguments))})"
            arguments += seen.values
        columns.append(f'ARRAY(SELECT {row}.id FROM "{meta.schema}".{row} AS {row} WHERE {condition})')
    if definitions_of:
        columns.append(custom_fields.DEFINITIONS.format(literal(definitions_of)))
    if asked is not None:
        inner = shifted(asked.question.sql, len(arguments))
        columns.append(f"(SELECT row_to_json(psa_answer)::text FROM ({inner}) AS psa_answer)")
        arguments += asked.arguments
    row: Any = await unit.connection.fetchrow(f"SELECT {', '.join(columns)}", *arguments) if columns else ()
    found = {resource: set(row[index]) for index, resource in enumerate(checked)}
    for reference in references:
        if reference.id not in found.get(reference.resource, ()):
            absent(reference.resource, reference.pointer, findings)
    definitions = custom_fields.decode(row[len(checked)]) if definitions_of else ()
    if asked is None:
        return definitions, None
    return definitions, msgspec.json.decode(row[-1] or b"null", type=asked.question.answer | None)
