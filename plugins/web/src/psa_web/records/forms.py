"""Forms: making and changing records, from what may be sent; all faults at their fields."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk.documents import CustomFieldFacts, Description, Documents, Item, RelationFacts
from psa_sdk.errors import Fault, Invalid
from psa_web.fields import Field, Option, entered, field_of
from psa_web.formatting import humanise, inline
from psa_web.here import Here, bound
from psa_web.records.lists import label_of
from psa_web.records.pages import readable
from psa_web.records.views import View, is_text, view_of

_CUSTOM = "custom_fields"
_CUSTOM_CONTROLS: Mapping[str, Any] = {
    "text": "text",
    "number": "decimal",
    "date": "date",
    "boolean": "switch",
    "select": "choice",
    "multi_select": "choices",
    "url": "url",
    "user": "record",
    "company": "record",
}


class FormParts(msgspec.Struct, frozen=True, kw_only=True):
    """A form's fields: plain ones and references first, prose, then groups and the tenant's own fields."""

    main: Sequence[Field]
    prose: Sequence[Field]
    groups: Sequence[Field]
    custom: Sequence[Field]

    @property
    def all(self) -> Sequence[Field]:
        """All of them."""
        return (*self.main, *self.prose, *self.groups, *self.custom)


def parts_of(
    facts: Description, view: View, custom: Sequence[CustomFieldFacts], *, fixed: str = ""
) -> FormParts:
    """Return the form of a resource; `fixed` is a reference that is known and not asked for."""
    fields: list[Field] = []
    prose: list[Field] = []
    groups: list[Field] = []
    for name, about in facts.attributes.items():
        if not about.writable or name == _CUSTOM or name in view.hidden:
            continue
        field = field_of(name, about.schema, required=about.required, default=about.default)
        if field.control == "group":
            groups.append(field)
        elif is_text(about) or field.control == "json":
            prose.append(field)
        else:
            fields.append(field)
    for name, relation in facts.relations.items():
        if relation.writable and name != fixed and name not in view.hidden:
            fields.append(_reference(name, relation))
    order = {name: index for index, name in enumerate(view.fields or (facts.label,))}
    fields.sort(key=lambda field: (order.get(field.name, len(order)), field.control == "switch"))
    return FormParts(main=fields, prose=prose, groups=groups, custom=[_custom(field) for field in custom])


def _reference(name: str, relation: RelationFacts) -> Field:
    return Field(
        name=name,
        label=humanise(name),
        control="records" if relation.many else "record",
        required=relation.required,
        nullable=not relation.required,
        target=relation.target,
    )


def _custom(field: CustomFieldFacts) -> Field:
    return Field(
        name=f"{_CUSTOM}.{field.key}",
        label=field.label,
        control=_CUSTOM_CONTROLS.get(field.kind, "text"),
        required=field.required,
        nullable=True,
        help=field.help,
        options=[Option(option["id"], option["label"]) for option in field.options],
        target={"user": "users", "company": "companies"}.get(field.kind, ""),
    )


async def form_data(
    place: Here,
    resource: str,
    id: UUID | None,
    given: Mapping[str, str],
    parent: tuple[str, UUID, str] | None,
) -> dict[str, Any]:
    """Return what the form's template shows; `given` presets fields of a new record."""
    documents = place.ctx.service(Documents)
    facts = documents.describe(resource)
    view = view_of(place.site, facts)
    custom = await documents.custom_fields(resource) if facts.custom_fields else ()
    fixed = ""
    if parent is not None:
        fixed = documents.describe(parent[0]).relations[parent[2]].backed_by
    with bound(place):
        parts = parts_of(facts, view, custom, fixed=fixed)
    values: dict[str, Any] = {}
    picked: dict[str, list[Option]] = {}
    version, label = 0, ""
    if id is not None:
        found = await documents.one(resource, id, include=readable(documents, facts))
        item = found.items[0]
        values, version, label = dict(item.attributes), found.version, label_of(facts, item)
        picked = await _picked(documents, facts, item)
    else:
        values, picked = await _preset(documents, parts, given)
    return {
        "facts": facts,
        "view": view,
        "parts": parts,
        "values": values,
        "picked": picked,
        "version": version,
        "label": label,
        "id": id,
        "parent": parent,
        "title": label or place.gettext("New %(thing)s") % {"thing": _inline(place, view.singular)},
    }


def _inline(place: Here, noun: str) -> str:
    with bound(place):
        return inline(place.gettext(noun))


async def _picked(documents: Documents, facts: Description, item: Item) -> dict[str, list[Option]]:
    """Return what references hold, with names."""
    wanted: dict[str, tuple[str, list[UUID]]] = {}
    for name, relation in facts.relations.items():
        held = item.one.get(name)
        if relation.writable and not relation.many and held is not None:
            wanted[name] = (held[0], [held[1]])
        elif relation.writable and relation.many:
            members = await documents.related(item.type, item.id, name, {"page[size]": "100"})
            wanted[name] = (relation.target, [member.id for member in members.items])
    custom: Mapping[str, Any] = item.attributes.get(_CUSTOM) or {}
    found: dict[str, list[Option]] = {}
    for name, (target, ids) in wanted.items():
        names = await documents.names(target, ids)
        found[name] = [Option(str(held), names.get(held, str(held))) for held in ids]
    for key, value in custom.items():
        if isinstance(value, str) and len(value) == 36:
            found[f"{_CUSTOM}.{key}"] = [Option(value, value)]
    return found


async def _preset(
    documents: Documents, parts: FormParts, given: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, list[Option]]]:
    values: dict[str, Any] = {}
    picked: dict[str, list[Option]] = {}
    for field in parts.main:
        value = given.get(field.name, "")
        if not value:
            continue
        if field.control in {"record", "records"}:
            try:
                ids = [UUID(one) for one in value.split(",")]
            except ValueError:
                continue
            names = await documents.names(field.target, ids)
            picked[field.name] = [Option(str(held), label) for held, label in names.items()]
        else:
            values[field.name] = value
    return values, picked


async def save(
    place: Here,
    resource: str,
    id: UUID | None,
    form: Mapping[str, Sequence[Any]],
    parent: tuple[str, UUID, str] | None = None,
) -> UUID:
    """Write what a form holds and return the record's id; raises `Invalid` with every fault."""
    documents = place.ctx.service(Documents)
    facts = documents.describe(resource)
    view = view_of(place.site, facts)
    custom = await documents.custom_fields(resource) if facts.custom_fields else ()
    faults: list[Fault] = []
    with bound(place):
        parts = parts_of(facts, view, custom)
        plain = [field for field in parts.all if field not in parts.custom]
        sent = entered(plain, {name: form[name] for name in form}, faults)
        own = entered(parts.custom, form, faults) if any(n.startswith(f"{_CUSTOM}.") for n in form) else {}
    one: dict[str, tuple[str, UUID] | None] = {}
    many: dict[str, Sequence[UUID]] = {}
    for field in parts.main:
        if field.control not in {"record", "records"}:
            continue
        ids = [UUID(value) for value in sent.pop(field.name, [])]
        if f"{field.name}~" not in form:
            continue
        if field.control == "records":
            many[field.name] = ids
        elif ids or id is not None:
            one[field.name] = (field.target, ids[0]) if ids else None
    absent = {field.name for field in plain if field.control == "switch" and f"{field.name}~" not in form}
    sent = {
        name: value for name, value in sent.items() if name not in absent and _was_asked(name, form, parts)
    }
    if own:
        sent[_CUSTOM] = own
    if faults:
        raise Invalid(faults=faults)
    if id is None:
        return await documents.create(resource, sent, one=one, many=many, parent=parent)
    version = int(form["version"][0]) if form.get("version") else None
    await documents.update(resource, id, sent, one=one, many=many, version=version)
    return id


def _was_asked(name: str, form: Mapping[str, Any], parts: FormParts) -> bool:
    """Tell whether the form had the field: one that wasn't there is left alone."""
    field = next((one for one in parts.all if one.name == name), None)
    if field is None or field.control in {"switch", "tags", "choices"}:
        return f"{name}~" in form
    if field.control == "group":
        return any(part.name in form for part in field.parts)
    return name in form
