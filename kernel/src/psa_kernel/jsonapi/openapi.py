"""The resources in OpenAPI 3.1: every path, parameter and answer of `routes.py`."""

from collections.abc import Mapping
from typing import Any

from psa_kernel.jsonapi.catalog import catalog_of
from psa_kernel.jsonapi.csv_export import CSV
from psa_kernel.jsonapi.documents import MEDIA_TYPE
from psa_kernel.jsonapi.openapi_parameters import Parameters
from psa_kernel.jsonapi.openapi_schemas import Schemas, component, ref
from psa_kernel.jsonapi.routes import is_written_here
from psa_kernel.jsonapi.shape import Relation, Shape
from psa_kernel.registry import Registry
from psa_sdk.resources import ToOne

_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_ERRORS = ("400", "401", "403", "404", "406", "429")
_BODY_ERRORS = ("409", "413", "415", "422")
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "Only write while the record has this ETag; 412 otherwise.",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "Answer 304 while the record has this ETag.",
    "schema": {"type": "string"},
}
_ETAG = {"ETag": {"description": "The record's version.", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "The new record's URL.", "schema": {"type": "string"}}}
Operation = dict[str, Any]


def paths(registry: Registry) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the paths of all resources, and the components that they refer to."""
    catalog = catalog_of(registry)
    schemas, parameters = Schemas(registry), Parameters(catalog)
    found: dict[str, Any] = {}
    for name in registry.resources:
        found.update(_Paths(registry, catalog.shape(name), schemas, parameters).all())
    return found, {"schemas": schemas.all(), "parameters": parameters.components}


class _Paths:
    """The paths of one resource."""

    def __init__(self, registry: Registry, shape: Shape, schemas: Schemas, parameters: Parameters) -> None:
        self.registry = registry
        self.shape = shape
        self.schemas = schemas
        self.parameters = parameters
        self.name = component(shape.name)
        self.title = (shape.resource.title or shape.name.replace("-", " ")).lower()

    def all(self) -> dict[str, Any]:
        verbs, shape = self.shape.resource.verbs, self.shape
        self.schemas.add(shape)
        collection: Operation = {}
        record: Operation = {}
        if "list" in verbs:
            collection["get"] = self._operation(
                "list", f"List {self.title}", self.parameters.of_list(shape), self._answer(f"{self.name}List")
            )
        if "create" in verbs:
            created = self._answer(f"{self.name}Document", status="201", headers=_LOCATION | _ETAG)
            collection["post"] = self._write(
                "create", f"Create one of {self.title}", f"{self.name}Create", created
            )
        if "get" in verbs:
            answers = self._answer(f"{self.name}Document", headers=_ETAG)
            answers["304"] = {"description": "The client has it already.", "headers": _ETAG}
            given = [_ID, _IF_NONE_MATCH, *self.parameters.of_one(shape, archived=True)]
            record["get"] = self._operation("get", f"Read one of {self.title}", given, answers)
        if "update" in verbs:
            changed = self._answer(f"{self.name}Document", headers=_ETAG)
            changed["204"] = {"description": "Done; the record is out of your sight now."}
            for method, verb, schema in (("patch", "update", "Update"), ("put", "replace", "Replace")):
                record[method] = self._write(
                    verb,
                    f"{verb.title()} one of {self.title}",
                    f"{self.name}{schema}",
                    changed,
                    [_ID, _IF_MATCH],
                )
        if "delete" in verbs:
            record["delete"] = self._operation(
                "delete",
                f"Delete one of {self.title}",
                [_ID, _IF_MATCH],
                {"204": {"description": "Done."}},
                ("409", "412"),
            )
        found = {shape.url: collection, f"{shape.url}/{{id}}": record}
        if "list" in verbs:
            found[f"{shape.url}.csv"] = {"get": self._export()}
        if "get" in verbs:
            for relation in shape.relations.values():
                found.update(self._relation(relation))
        return {path: item for path, item in found.items() if item}

    def _operation(
        self,
        id: str,
        summary: str,
        parameters: list[Any],
        answers: Mapping[str, Any],
        errors: tuple[str, ...] = (),
    ) -> Operation:
        plugin = self.registry.resource_owner[self.shape.name]
        verb = id.split(".")[0]
        right = {"list": "read", "get": "read", "replace": "update", "export": "read"}.get(verb, verb)
        responses = dict(answers)
        for status in sorted({*_ERRORS, *errors}):
            responses[status] = {"$ref": "#/components/responses/Error"}
        return {
            "operationId": f"{self.shape.name}.{id}",
            "summary": summary,
            "description": self.shape.resource.description or summary,
            "tags": [plugin],
            "parameters": parameters,
            "responses": responses,
            "x-permission": self.registry.permission(self.shape.name, right),
        }

    def _write(
        self,
        id: str,
        summary: str,
        body: str,
        answers: Mapping[str, Any],
        parameters: list[Any] | None = None,
    ) -> Operation:
        given = [*(parameters or []), *self.parameters.of_one(self.shape)]
        operation = self._operation(id, summary, given, answers, (*_BODY_ERRORS, "412"))
        return operation | {"requestBody": _body(body)}

    def _answer(
        self, schema: str, *, status: str = "200", headers: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {"description": "A JSON:API document.", "content": _content(schema)}
        if headers:
            answer["headers"] = dict(headers)
        return {status: answer}

    def _export(self) -> Operation:
        answer = {"200": {"description": "CSV, RFC 4180.", "content": {CSV: {"schema": {"type": "string"}}}}}
        given = self.parameters.of_export(self.shape)
        return self._operation("export", f"Export {self.title} as CSV", given, answer)

    def _relation(self, relation: Relation) -> dict[str, Any]:
        target = catalog_of(self.registry).shape(relation.target)
        name = component(relation.target)
        self.schemas.add(target)
        linkage = self.schemas.linkage(relation)
        many, url = relation.many, f"{self.shape.url}/{{id}}"
        read = self.parameters.of_list(target) if many else self.parameters.of_one(target)
        schema = f"{name}List" if many else f"{name}Related"
        related: Operation = {
            "get": self._operation(
                f"get.{relation.name}", f"Read {relation.name}", [_ID, *read], self._answer(schema)
            )
        }
        if relation.creates:
            created = self._answer(f"{name}Document", status="201", headers=_LOCATION | _ETAG)
            operation = self._operation(
                f"create.{relation.name}",
                f"Create one of {relation.name}",
                [_ID, *self.parameters.of_one(target)],
                created,
                _BODY_ERRORS,
            )
            permission = {"x-permission": self.registry.permission(relation.target, "create")}
            related["post"] = operation | {"requestBody": _body(f"{name}Child")} | permission
        given = self.parameters.of_linkage(target) if many else []
        here: Operation = {
            "get": self._operation(
                f"get.relationships.{relation.name}",
                f"Read the linkage of {relation.name}",
                [_ID, *given],
                self._answer(linkage),
            )
        }
        if "update" in self.shape.resource.verbs and is_written_here(relation.declared):
            done = {"204": {"description": "Done."}}
            for method in ("patch",) if isinstance(relation.declared, ToOne) else ("patch", "post", "delete"):
                here[method] = self._operation(
                    f"update.relationships.{relation.name}.{method}",
                    f"Change the linkage of {relation.name}",
                    [_ID, _IF_MATCH] if method == "patch" else [_ID],
                    done,
                    (*_BODY_ERRORS, "412"),
                ) | {"requestBody": _body(f"{linkage}Request")}
        return {f"{url}/{relation.name}": related, f"{url}/relationships/{relation.name}": here}


def _content(schema: str) -> dict[str, Any]:
    return {MEDIA_TYPE: {"schema": ref(schema)}}


def _body(schema: str) -> dict[str, Any]:
    return {"required": True, "content": _content(schema)}
