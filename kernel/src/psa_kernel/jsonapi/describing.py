"""Descriptions: a resource's shape and what may be sent, as facts that pages are made of."""

from typing import TYPE_CHECKING, Any

import msgspec

from psa_kernel.jsonapi.import_routes import can_import
from psa_kernel.jsonapi.scopes import disabled_plugins, shape_for
from psa_kernel.jsonapi.shape import Relation, Shape
from psa_kernel.jsonapi.writable import CUSTOM_FIELDS, Field, Writable, writable
from psa_kernel.registry import Inverse
from psa_sdk.documents import AttributeFacts, Description, FilterFacts, RelationFacts
from psa_sdk.resources import ApiVerb, ToMany, ToOne

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

_known: dict[tuple[int, frozenset[str]], tuple[Shape, Description]] = {}


def described(unit: "Unit", name: str) -> Description:
    """Return a resource as the principal sees it; what depends on the audience alone is made once."""
    shape = shape_for(unit, name)
    key = (id(shape), disabled_plugins(unit))
    if key not in _known:
        # The shape is kept along, so that its id is not given to another one.
        _known[key] = (shape, _described(unit, shape))
    registry, principal = unit.kernel.registry, unit.principal
    known = _known[key][1]
    verbs = frozenset(verb for verb in known.verbs if principal.allows(registry.permission(name, verb)))
    return msgspec.structs.replace(known, verbs=verbs)


def _described(unit: "Unit", shape: Shape) -> Description:
    resource, sends = shape.resource, writable(unit, shape.name)
    verbs: frozenset[ApiVerb] = resource.verbs & resource.portal_verbs if shape.portal else resource.verbs
    if sends.struct is None:
        verbs -= {"create", "update"}
    label = resource.label._meta.name if resource.label is not None else ""
    return Description(
        name=shape.name,
        title=resource.title or shape.name.replace("-", " ").capitalize(),
        owner=unit.kernel.registry.resource_owner[shape.name],
        label="name" if "name" in shape.attributes else label if label in shape.attributes else "",
        verbs=verbs,
        attributes=_attributes(shape, sends),
        relations={name: _relation(shape, sends, relation) for name, relation in shape.relations.items()},
        filters={
            name: FilterFacts(
                name=name,
                kind=wanted.kind,
                choices=wanted.choices,
                target=shape.relations[name].target if name in shape.relations else "",
            )
            for name, wanted in shape.filters.items()
        },
        sorts=tuple(shape.sorts),
        default_sort=resource.default_sort,
        searchable=bool(resource.search),
        archivable=resource.archive is not None,
        custom_fields=resource.custom_fields and CUSTOM_FIELDS in shape.attributes,
        subject=resource.subject is not None,
        importable=can_import(resource) and not shape.portal,
    )


def _attributes(shape: Shape, sends: Writable) -> dict[str, AttributeFacts]:
    found = {name: _attribute(name, shape, sends.fields.get(name)) for name in shape.attributes}
    # What may be sent and never comes back, such as a password.
    found |= {
        name: _attribute(name, shape, field) for name, field in sends.fields.items() if name not in found
    }
    return found


def _attribute(name: str, shape: Shape, field: Field | None) -> AttributeFacts:
    shown = shape.attributes.get(name)
    if field is None:
        assert shown is not None
        return AttributeFacts(name=name, kind=shown.kind, choices=shown.choices, nullable=shown.nullable)
    default = field.fallback()
    return AttributeFacts(
        name=name,
        kind=shown.kind if shown else "text",
        choices=shown.choices if shown else (),
        nullable=shown.nullable if shown else False,
        writable=True,
        required=field.required,
        default=None if default is msgspec.UNSET else msgspec.to_builtins(default),
        schema=_schema(field.kind),
    )


def _schema(kind: Any) -> dict[str, Any]:
    try:
        return msgspec.json.schema(kind)
    except TypeError:
        return {}


def _relation(shape: Shape, sends: Writable, relation: Relation) -> RelationFacts:
    declared = relation.declared
    held = sends.to_one.get(relation.name)
    return RelationFacts(
        name=relation.name,
        target=relation.target,
        many=relation.many,
        writable=held is not None or relation.name in sends.links,
        required=held.required if held is not None else False,
        creates=relation.creates,
        backed_by=_backed_by(declared),
    )


def _backed_by(declared: Any) -> str:
    if isinstance(declared, Inverse) and isinstance(declared.relation, ToOne):
        return declared.relation.name
    if isinstance(declared, ToMany) and declared.column is not None:
        return declared.column._meta.name
    return ""
