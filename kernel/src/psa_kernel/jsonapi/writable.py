"""What a principal may send for a resource: its attributes and relationships by name."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from psa_kernel.jsonapi.links import Link, link
from psa_kernel.jsonapi.scopes import disabled_plugins, shape_for
from psa_kernel.jsonapi.shape import Shape
from psa_kernel.jsonapi.targets import extensions_of
from psa_sdk.resources import Resource, ToOne

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

CUSTOM_FIELDS = "custom_fields"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute that may be sent, and the column that holds it."""

    name: str
    column: str
    kind: Any
    required: bool = False
    default: Any = msgspec.UNSET
    default_factory: Any = None
    extends: bool = False
    """Whether an extension's satellite holds it."""

    def fallback(self) -> Any:
        """Return what an absent attribute means in a whole document; UNSET leaves the column alone."""
        return self.default_factory() if self.default_factory is not None else self.default


class Writable(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What may be sent for a resource, and what exists but may not."""

    resource: Resource
    struct: type[msgspec.Struct] | None
    fields: Mapping[str, Field]
    read_only: frozenset[str]
    to_one: Mapping[str, ToOne]
    links: Mapping[str, Link]
    fixed_relations: frozenset[str]
    portal: bool


_known: dict[tuple[int, frozenset[str]], tuple[Shape, Writable]] = {}


def writable(unit: "Unit", name: str) -> Writable:
    """Return what the unit's principal may send for a resource; made once per audience and set of modules."""
    shape = shape_for(unit, name)
    key = (id(shape), disabled_plugins(unit))
    found = _known.get(key)
    if found is None:
        # The shape is kept along, so that its id is not given to another one.
        found = _known[key] = (shape, _writable(unit, shape))
    return found[1]


def _writable(unit: "Unit", shape: Shape) -> Writable:
    resource, portal = shape.resource, shape.portal
    struct = resource.portal_write if portal else resource.write
    fields = _fields(struct)
    if struct is not None and not portal:
        if resource.custom_fields and CUSTOM_FIELDS not in fields:
            kind = dict[str, Any]
            fields[CUSTOM_FIELDS] = Field(
                name=CUSTOM_FIELDS, column=CUSTOM_FIELDS, kind=kind, default_factory=kind
            )
        for extension in extensions_of(unit, shape.name):
            # An extension's attributes are optional whatever its struct says: its plugin may come later.
            added = _fields(extension.write)
            fields |= {
                name: msgspec.structs.replace(field, required=False, extends=True)
                for name, field in added.items()
                if name not in fields
            }
    to_one: dict[str, ToOne] = {}
    links: dict[str, Link] = {}
    for name, relation in shape.relations.items():
        declared = relation.declared
        if isinstance(declared, ToOne):
            if declared.portal_writable if portal else declared.writable:
                to_one[name] = declared
        elif not portal:
            found = link(unit.kernel.registry, shape.name, name)
            if found is not None:
                links[name] = found
    return Writable(
        resource=resource,
        struct=struct,
        fields=fields,
        read_only=frozenset(shape.attributes.keys() - fields.keys()),
        to_one=to_one,
        links=links,
        fixed_relations=frozenset(shape.relations.keys() - to_one.keys() - links.keys()),
        portal=portal,
    )


def _fields(struct: type[msgspec.Struct] | None) -> dict[str, Field]:
    if struct is None:
        return {}
    return {
        field.encode_name: Field(
            name=field.encode_name,
            column=field.name,
            kind=field.type,
            required=field.required,
            default=msgspec.UNSET if field.default is msgspec.NODEFAULT else field.default,
            default_factory=None if field.default_factory is msgspec.NODEFAULT else field.default_factory,
        )
        for field in msgspec.structs.fields(struct)
    }
