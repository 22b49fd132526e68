"""The documents of resources as JSON Schema components."""

import re
from typing import Any

import msgspec

from psa_kernel.jsonapi.kinds import plain_type
from psa_kernel.jsonapi.routes import is_written_here
from psa_kernel.jsonapi.shape import Attribute, Relation, Shape
from psa_kernel.registry import Registry
from psa_sdk.resources import ToOne

PREFIX = "#/components/schemas/"
Schema = dict[str, Any]
_UUID: Schema = {"type": "string", "format": "uuid"}
_URL: Schema = {"type": ["string", "null"], "format": "uri-reference"}
_SHARED: dict[str, Schema] = {
    "Links": {"type": "object", "properties": {"self": _URL}, "additionalProperties": _URL},
    "PageLinks": {
        "type": "object",
        "required": ["self", "first", "prev", "next"],
        "properties": {"self": _URL, "first": _URL, "prev": _URL, "next": _URL, "related": _URL},
    },
    "Included": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["type", "id"],
            "properties": {"type": {"type": "string"}, "id": _UUID},
        },
    },
    "PageMeta": {
        "type": "object",
        "properties": {
            "page": {
                "type": "object",
                "required": ["total", "estimated"],
                "properties": {
                    "total": {"type": "integer"},
                    "estimated": {"type": "boolean", "description": "There are at least so many."},
                },
            }
        },
    },
    "Version": {"type": "object", "properties": {"version": {"const": "1.1"}}},
}


def component(name: str) -> str:
    """Return a resource's name as a component's.

    Example:
        >>> component("ticket-notes")
        'TicketNotes'
    """
    return "".join(part.title() for part in re.split(r"[-_.]", name))


def ref(name: str) -> Schema:
    """Refer to a component."""
    return {"$ref": f"{PREFIX}{name}"}


class Schemas:
    """Makes the components of resources."""

    def __init__(self, registry: Registry) -> None:
        """Collect components while paths are made."""
        self._registry = registry
        self._made: dict[str, Schema] = {}
        self._types: dict[str, Schema] = {}

    def all(self) -> dict[str, Schema]:
        """Return all components made so far."""
        return {**_SHARED, **self._types, **self._made}

    def add(self, shape: Shape) -> None:
        """Make the components of a resource, once."""
        name = component(shape.name)
        if name in self._made:
            return
        relationships = {key: self._relationship(item) for key, item in shape.relations.items()}
        if shape.resource.subject is not None:
            relationships["subject"] = _object(
                {"data": _object({"type": {"type": "string"}, "id": _UUID}, ["type", "id"])}, ["data"]
            )
        self._made[f"{name}Attributes"] = _object(
            {key: self._attribute(item) for key, item in shape.attributes.items()}
        )
        properties: Schema = {
            "type": {"const": shape.name},
            "id": _UUID,
            "attributes": ref(f"{name}Attributes"),
            "links": ref("Links"),
        }
        if relationships:
            properties["relationships"] = _object(relationships)
        self._made[name] = _object(properties, ["type", "id", "links"])
        self._made[f"{name}Document"] = self._document(ref(name))
        self._made[f"{name}Related"] = self._document({"oneOf": [ref(name), {"type": "null"}]})
        self._made[f"{name}List"] = _object(
            {
                "data": {"type": "array", "items": ref(name)},
                "included": ref("Included"),
                "links": ref("PageLinks"),
                "meta": ref("PageMeta"),
                "jsonapi": ref("Version"),
            },
            ["data", "links"],
        )
        if shape.resource.write is not None:
            self._requests(shape, name)

    def linkage(self, relation: Relation) -> str:
        """Make the document of a relationship's linkage, and the one that changes it; return its name."""
        name = f"{component(relation.target)}{'Linkages' if relation.many else 'Linkage'}"
        if name not in self._made:
            data = self._linkage_data(relation)
            links = ref("PageLinks" if relation.many else "Links")
            self._made[name] = _object(
                {"data": data, "links": links, "meta": ref("PageMeta")}, ["data", "links"]
            )
            self._made[f"{name}Request"] = _object({"data": data}, ["data"])
        return name

    def _document(self, data: Schema) -> Schema:
        return _object(
            {"data": data, "included": ref("Included"), "links": ref("Links"), "jsonapi": ref("Version")},
            ["data"],
        )

    def _type(self, annotation: Any) -> Schema:
        (schema,), components = msgspec.json.schema_components(
            [annotation], schema_hook=lambda _: {}, ref_template=PREFIX + "{name}"
        )
        self._types.update(components)
        return schema

    def _attribute(self, attribute: Attribute) -> Schema:
        if attribute.kind == "sealed":
            return {"type": "boolean", "description": "Whether it is set."}
        if attribute.choices and plain_type(attribute.annotation) is str:
            schema: Schema = {"type": "string", "enum": list(attribute.choices)}
        else:
            schema = self._type(attribute.annotation)
        if attribute.nullable and not _allows_null(schema):
            return {"anyOf": [schema, {"type": "null"}]}
        return schema

    def _identifier(self, relation: Relation) -> Schema:
        return _object({"type": {"const": relation.target}, "id": _UUID}, ["type", "id"])

    def _linkage_data(self, relation: Relation) -> Schema:
        if relation.many:
            return {"type": "array", "items": self._identifier(relation)}
        return {"oneOf": [self._identifier(relation), {"type": "null"}]}

    def _relationship(self, relation: Relation) -> Schema:
        truncated = {"type": "object", "properties": {"truncated": {"type": "boolean"}}}
        return _object(
            {"links": ref("Links"), "data": self._linkage_data(relation), "meta": truncated}, ["links"]
        )

    def _requests(self, shape: Shape, name: str) -> None:
        """Make the documents of create, PATCH, PUT and of creation below a parent."""
        attributes, required = self._sent(shape)
        relationships = {
            key: _object({"data": self._linkage_data(item)}, ["data"])
            for key, item in shape.relations.items()
            if is_written_here(item.declared)
        }
        needed = [
            key
            for key, item in shape.relations.items()
            if isinstance(item.declared, ToOne) and item.declared.required and item.declared.writable
        ]
        whole = _request(shape.name, attributes, required, relationships, needed)
        self._made[f"{name}Replace"] = _with_id(whole)
        self._made[f"{name}Update"] = _with_id(_request(shape.name, attributes, [], relationships, []))
        self._made[f"{name}Child"] = _request(shape.name, attributes, required, relationships, [])
        if shape.resource.subject is not None:
            identifier = _object({"type": {"type": "string"}, "id": _UUID}, ["type", "id"])
            subject = {"subject": _object({"data": identifier}, ["data"])}
            whole = _request(shape.name, attributes, required, relationships | subject, [*needed, "subject"])
            self._made[f"{name}Child"] = _request(
                shape.name, attributes, required, relationships | subject, []
            )
        self._made[f"{name}Create"] = whole

    def _sent(self, shape: Shape) -> tuple[dict[str, Schema], list[str]]:
        found: dict[str, Schema] = {}
        required: list[str] = []
        resource = shape.resource
        if resource.write is not None:
            for field in msgspec.structs.fields(resource.write):
                found[field.encode_name] = self._type(field.type)
                if field.required:
                    required.append(field.encode_name)
        if resource.custom_fields:
            found.setdefault("custom_fields", {"type": "object"})
        for extension in self._registry.extensions.get(shape.name, ()):
            if extension.write is not None:
                for field in msgspec.structs.fields(extension.write):
                    found.setdefault(field.encode_name, self._type(field.type))
        return found, required


def _object(properties: dict[str, Any], required: list[str] | None = None) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def _request(
    name: str,
    attributes: dict[str, Schema],
    required: list[str],
    relationships: dict[str, Schema],
    needed: list[str],
) -> Schema:
    properties: Schema = {
        "type": {"const": name},
        "id": _UUID,
        "attributes": _object(attributes, required) | {"additionalProperties": False},
    }
    if relationships:
        properties["relationships"] = _object(relationships, needed) | {"additionalProperties": False}
    members = ["type", *(["attributes"] if required else []), *(["relationships"] if needed else [])]
    return _object({"data": _object(properties, members)}, ["data"])


def _with_id(request: Schema) -> Schema:
    data = request["properties"]["data"]
    return _object({"data": data | {"required": [*data["required"], "id"]}}, ["data"])


def _allows_null(schema: Schema) -> bool:
    kinds = schema.get("type")
    return (
        not schema
        or kinds == "null"
        or (isinstance(kinds, list) and "null" in kinds)
        or any(_allows_null(option) for option in schema.get("anyOf", ()))
    )
