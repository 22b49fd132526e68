"""Drafts: a resource object of a request, read against what may be sent, with every fault noted."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_kernel.jsonapi.bodies import ATTRIBUTES, convert, member, missing, unknown
from psa_kernel.jsonapi.findings import Findings, escape
from psa_kernel.jsonapi.storage import StoredColumn
from psa_kernel.jsonapi.writable import CUSTOM_FIELDS, Writable
from psa_kernel.jsonapi.write_plan import Target
from psa_sdk.errors import Conflict, Forbidden, NotFound

Mode = Literal["create", "patch", "replace"]
RELATIONSHIPS = "/data/relationships"
LocalIds = Mapping[tuple[str, str], UUID]
"""What `lid`s of an atomic request stand for, by type and lid."""


class Reference(msgspec.Struct, frozen=True):
    """A record that the document names, and where."""

    resource: str
    id: UUID
    pointer: str


class Draft(msgspec.Struct, kw_only=True):
    """What a document asks for: column values, members of relationships, and what it refers to."""

    values: dict[str, Any]
    members: dict[str, list[UUID]]
    references: list[Reference]
    custom_fields: dict[str, Any] | None = None
    id: UUID | None = None


def read_draft(
    data: Mapping[str, Any],
    sends: Writable,
    target: Target,
    mode: Mode,
    findings: Findings,
    *,
    id: UUID | None = None,
    lids: LocalIds | None = None,
) -> Draft:
    """Read a resource object; `id` is the one of the URL. Faults are noted, values that fit are kept."""
    draft = Draft(values={}, members={}, references=[])
    _identity(data, sends, mode, findings, id, draft, lids or {})
    _attributes(member(data, "attributes", "/data"), sends, target, mode, findings, draft)
    _relationships(member(data, "relationships", "/data"), sends, target, mode, findings, draft, lids or {})
    return draft


def _identity(
    data: Mapping[str, Any],
    sends: Writable,
    mode: Mode,
    findings: Findings,
    id: UUID | None,
    draft: Draft,
    lids: LocalIds,
) -> None:
    kind, name = data.get("type"), sends.resource.name
    if kind is None:
        missing("type", "/data", findings)
    elif kind != name:
        detail = f"The type must be {name} here."
        findings.add(detail, pointer="/data/type", code="wrong_type", kind=Conflict)
    given = data.get("id")
    if given is None:
        if mode != "create":
            missing("id", "/data", findings)
        return
    parsed = uuid_of(given)
    if mode != "create":
        if parsed != id:
            findings.add(
                "The id must be the one of the URL.", pointer="/data/id", code="wrong_id", kind=Conflict
            )
    elif sends.portal and parsed not in lids.values():
        # Whether an id is taken would tell of records that the client doesn't see (JSON:API 1.1, 9.1.2).
        findings.add("The id is chosen here; leave it out.", pointer="/data/id", kind=Forbidden)
    elif parsed is None or parsed.version not in (4, 7):
        findings.add("An id made by the client must be a UUID of version 4 or 7.", pointer="/data/id")
    else:
        draft.id = parsed


def uuid_of(value: Any) -> UUID | None:
    """Return a JSON value as an id, None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _attributes(
    given: Mapping[str, Any], sends: Writable, target: Target, mode: Mode, findings: Findings, draft: Draft
) -> None:
    for name, value in given.items():
        field = sends.fields.get(name)
        pointer = f"{ATTRIBUTES}/{escape(name)}"
        if field is None:
            if name in sends.read_only:
                findings.add(f"“{name}” can't be written.", pointer=pointer, code="read_only", kind=Forbidden)
            else:
                unknown(name, ATTRIBUTES, findings)
            continue
        converted = convert(value, field.kind, pointer, findings)
        if findings.has(pointer):
            continue
        if name == CUSTOM_FIELDS and sends.resource.custom_fields:
            draft.custom_fields = value
            continue
        stored = target.column(field.column)
        if fault := stored.fault(_plain(converted, stored)):
            findings.add(fault, pointer=pointer)
        draft.values[field.column] = converted
    if mode != "patch":
        _defaults(given, sends, mode, findings, draft)
        _check_whole(sends, draft, findings)


def _defaults(
    given: Mapping[str, Any], sends: Writable, mode: Mode, findings: Findings, draft: Draft
) -> None:
    """Give absent attributes their defaults; a new record has no row of an extension that nobody filled."""
    for name, field in sends.fields.items():
        if name in given or (field.extends and mode == "create"):
            continue
        if field.required:
            missing(name, ATTRIBUTES, findings)
        elif name == CUSTOM_FIELDS and sends.resource.custom_fields:
            draft.custom_fields = {}
        elif (fallback := field.fallback()) is not msgspec.UNSET:
            draft.values[field.column] = fallback


def _plain(value: Any, column: StoredColumn) -> Any:
    return None if value is msgspec.UNSET else value if column.is_json else column.normal(value)


def _check_whole(sends: Writable, draft: Draft, findings: Findings) -> None:
    """Run the struct's own `__post_init__`, which may look at several attributes."""
    if findings or sends.struct is None or not hasattr(sends.struct, "__post_init__"):
        return
    own = {field.name for field in msgspec.structs.fields(sends.struct)}
    values = {name: value for name, value in draft.values.items() if name in own}
    if "custom_fields" in own and draft.custom_fields is not None:
        values["custom_fields"] = draft.custom_fields
    try:
        sends.struct(**values)
    except ValueError as error:
        findings.add(str(error), pointer=ATTRIBUTES)


def _relationships(
    given: Mapping[str, Any],
    sends: Writable,
    target: Target,
    mode: Mode,
    findings: Findings,
    draft: Draft,
    lids: LocalIds,
) -> None:
    for name in given:
        pointer = f"{RELATIONSHIPS}/{escape(name)}"
        if name in sends.fixed_relations:
            findings.add(
                f"“{name}” can't be written here.", pointer=pointer, code="read_only", kind=Forbidden
            )
            continue
        if name not in sends.to_one and name not in sends.links and not _is_subject(name, sends, mode):
            findings.add(f"There is no relationship “{name}”.", pointer=pointer, code="unknown_relationship")
            continue
        relationship = member(given, name, RELATIONSHIPS)
        if "data" not in relationship:
            missing("data", pointer, findings)
            continue
        if name in sends.links:
            members(
                relationship["data"], sends.links[name].target, f"{pointer}/data", findings, draft, lids, name
            )
        elif name in sends.to_one:
            relation = sends.to_one[name]
            column = target.column(relation.column._meta.name)
            found = identifier(relationship["data"], relation.target, f"{pointer}/data", findings, lids)
            if found is None and not findings.has(pointer) and (relation.required or not column.nullable):
                findings.add(f"“{name}” is required.", pointer=pointer, code="required")
            if found is not None:
                draft.references.append(found)
            draft.values[column.name] = found.id if found else None
        else:
            _subject(relationship["data"], sends, f"{pointer}/data", findings, draft, lids)
    if mode != "patch":
        _absent(given, sends, target, mode, findings, draft)


def _absent(
    given: Mapping[str, Any], sends: Writable, target: Target, mode: Mode, findings: Findings, draft: Draft
) -> None:
    for name, relation in sends.to_one.items():
        if name in given:
            continue
        column = target.column(relation.column._meta.name)
        if relation.required and column.name not in draft.values:
            missing(name, RELATIONSHIPS, findings)
        elif mode == "replace" and column.nullable:
            draft.values[column.name] = None
    if mode == "replace":
        for name in sends.links:
            draft.members.setdefault(name, [])


def _is_subject(name: str, sends: Writable, mode: Mode) -> bool:
    return name == "subject" and sends.resource.subject is not None and mode == "create"


def _subject(
    data: Any, sends: Writable, pointer: str, findings: Findings, draft: Draft, lids: LocalIds
) -> None:
    subject = sends.resource.subject
    kind = data.get("type") if isinstance(data, dict) else None
    if subject is None or not isinstance(kind, str):
        findings.add(
            "It must be a resource identifier: type and id.", pointer=pointer, code="malformed_linkage"
        )
        return
    found = identifier(data, kind, pointer, findings, lids)
    if found is not None:
        draft.references.append(found)
        draft.values |= {subject.kind._meta.name: kind, subject.id._meta.name: found.id}


def identifier(
    data: Any, resource: str, pointer: str, findings: Findings, lids: LocalIds | None = None
) -> Reference | None:
    """Return what a resource identifier names, None for null and for what is noted as a fault."""
    if data is None:
        return None
    if not isinstance(data, dict):
        findings.add(
            "It must be a resource identifier: type and id.", pointer=pointer, code="malformed_linkage"
        )
        return None
    if data.get("type") != resource:
        findings.add(f"The type must be {resource}.", pointer=f"{pointer}/type", code="wrong_type")
        return None
    if "lid" in data and "id" not in data:
        known = (lids or {}).get((resource, str(data["lid"])))
        if known is None:
            findings.add(
                f"No earlier operation adds {resource} with this lid.",
                pointer=f"{pointer}/lid",
                code="unknown_lid",
            )
            return None
        return Reference(resource, known, pointer)
    if "id" not in data:
        missing("id", pointer, findings)
        return None
    found = uuid_of(data["id"])
    if found is None:
        absent(resource, pointer, findings)
        return None
    return Reference(resource, found, pointer)


def members(
    data: Any,
    resource: str,
    pointer: str,
    findings: Findings,
    draft: Draft,
    lids: LocalIds | None,
    name: str,
) -> None:
    """Read a list of resource identifiers into the draft's members and references."""
    if not isinstance(data, list):
        findings.add("It must be a list of resource identifiers.", pointer=pointer, code="malformed_linkage")
        return
    found = [
        identifier(item, resource, f"{pointer}/{index}", findings, lids) for index, item in enumerate(data)
    ]
    named = [reference for reference in found if reference is not None]
    draft.references += named
    draft.members[name] = list(dict.fromkeys(reference.id for reference in named))


def absent(resource: str, pointer: str, findings: Findings) -> None:
    """Note a reference to a record that doesn't exist or isn't visible: the same fault."""
    findings.add(
        f"There is no record of {resource} with this id.",
        pointer=pointer,
        code="related_not_found",
        kind=NotFound,
    )
