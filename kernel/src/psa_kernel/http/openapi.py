"""The OpenAPI 3.1 document of what is installed: resources, declared routes and the kernel's own."""

import inspect
import re
from collections.abc import Iterable
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from psa_kernel.boot.paths import parameters
from psa_kernel.http.answers import API
from psa_kernel.http.negotiate import JSON_API
from psa_kernel.http.openapi_own import bulk_paths, platform_paths
from psa_kernel.jsonapi.openapi import paths as resource_paths
from psa_kernel.jsonapi.openapi_schemas import component
from psa_kernel.registry import Registry
from psa_sdk.routes import PUBLIC, AnswerList, Route

_SCHEMAS = "#/components/schemas/"
_PARAMETER_SCHEMAS: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["errors"],
    "properties": {
        "jsonapi": {"type": "object"},
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["status", "code", "title", "detail"],
                "properties": {
                    "status": {"type": "string"},
                    "code": {"type": "string", "description": "Stable, for programs."},
                    "title": {"type": "string"},
                    "detail": {
                        "type": "string",
                        "description": "Names the thing and the remedy, for people.",
                    },
                    "source": {
                        "type": "object",
                        "properties": {
                            "pointer": {"type": "string"},
                            "parameter": {"type": "string"},
                            "header": {"type": "string"},
                        },
                    },
                    "meta": {"type": "object"},
                },
            },
        },
    },
}


def openapi_document(registry: Registry, *, multi_tenant: bool) -> dict[str, Any]:
    """Return the document; plugins may adjust it with `psa_openapi`."""
    paths, components = resource_paths(registry)
    paths = {path if path.startswith(API) else f"{API}{path}": item for path, item in paths.items()}
    schemas = components.setdefault("schemas", {})
    schemas.update(_struct_schemas(registry))
    schemas["Error"] = ERROR
    components.setdefault("responses", {})["Error"] = {
        "description": "What is wrong, all of it at once.",
        "content": {JSON_API: {"schema": {"$ref": f"{_SCHEMAS}Error"}}},
    }
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A session's access token or an API key.",
        }
    }
    for plugin, route in registry.routes:
        path = API + re.sub(r":[a-z]+\}", "}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(registry, plugin, route)
    paths.update(bulk_paths(registry))
    _complete(paths, multi_tenant=multi_tenant)
    paths.update(platform_paths())
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "PSA",
            "version": "1",
            "description": "JSON:API 1.1. Generated from the installed plugins.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [
            {"name": name, "description": plugin.manifest.description or plugin.manifest.title}
            for name, plugin in registry.plugins.items()
        ],
        "paths": dict(sorted(paths.items())),
        "components": components,
    }
    registry.hooks.hook.psa_openapi(document=document)
    return document


def _route_structs(registry: Registry) -> Iterable[Any]:
    for _, route in registry.routes:
        hints = get_type_hints(route.handle, include_extras=True)
        if "body" in hints:
            yield hints["body"]
        if route.returns is not None and not isinstance(route.returns, str):
            yield route.returns


def _struct_schemas(registry: Registry) -> dict[str, Any]:
    types = list(dict.fromkeys(_route_structs(registry)))
    _, components = msgspec.json.schema_components(
        types, schema_hook=lambda _: {}, ref_template=_SCHEMAS + "{name}"
    )
    return components


def _operation(registry: Registry, plugin: str, route: Route) -> dict[str, Any]:
    hints = get_type_hints(route.handle, include_extras=True)
    operation: dict[str, Any] = {
        "operationId": f"{plugin}.{route.method.lower()}.{re.sub(r'[^a-z0-9]+', '_', route.path.lower()).strip('_')}",
        "summary": route.summary,
        "description": inspect.getdoc(route.handle) or route.summary,
        "tags": [plugin],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": _PARAMETER_SCHEMAS.get(kind, {"type": "string"}),
            }
            for name, kind in parameters(route.path).items()
        ],
        "responses": {str(route.status): _answer(registry, route)},
        "x-permission": route.permission,
    }
    if route.permission == PUBLIC:
        operation["security"] = []
    if route.deprecated is not None:
        operation["deprecated"] = True
    if "query" in hints:
        operation["parameters"] += _query_parameters(hints["query"])
    if route.method in {"POST", "PUT", "PATCH"} and ("body" in hints or route.body_types != (JSON_API,)):
        operation["requestBody"] = _body(route, hints.get("body"))
    return operation


def _query_parameters(struct: type[msgspec.Struct]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for field in msgspec.structs.fields(struct):
        (shape,), _ = msgspec.json.schema_components(
            [field.type], schema_hook=lambda _: {}, ref_template="{name}"
        )
        found.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": shape})
    return found


def _body(route: Route, struct: Any) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for media_type in route.body_types:
        if media_type == JSON_API:
            content[media_type] = {"schema": _request_schema(struct)}
        elif media_type == "multipart/form-data":
            file = {"type": "string", "contentMediaType": "application/octet-stream"}
            content[media_type] = {"schema": {"type": "object", "properties": {"file": file}}}
        else:
            content[media_type] = {"schema": {"type": "string", "format": "binary"}}
    required = struct is not None and any(field.required for field in msgspec.structs.fields(struct))
    return {"required": required, "content": content}


def _request_schema(struct: Any) -> dict[str, Any]:
    attributes = {"$ref": f"{_SCHEMAS}{struct.__name__}"} if struct else {"type": "object"}
    data = {
        "type": "object",
        "required": ["attributes"],
        "properties": {"type": {"type": "string"}, "attributes": attributes},
    }
    return {"type": "object", "required": ["data"], "properties": {"data": data}}


def _answer(registry: Registry, route: Route) -> dict[str, Any]:
    if route.status == 204:
        return {"description": "Done; there is nothing to tell."}
    if route.media_type != JSON_API:
        kinds = [kind.strip() for kind in route.media_type.split(",")]
        return {"description": route.summary, "content": {kind: {} for kind in kinds}}
    return {"description": route.summary, "content": {JSON_API: {"schema": _answer_schema(route)}}}


def _answer_schema(route: Route) -> dict[str, Any]:
    if isinstance(route.returns, str):
        return {"$ref": f"{_SCHEMAS}{component(route.returns)}Document"}
    many = get_origin(route.returns) in {list, tuple}
    if many or get_type_hints(route.handle).get("return") is AnswerList:
        item = _data(route.answer_type, _ref(get_args(route.returns)[0] if many else route.returns))
        data = {"type": "array", "items": item}
    elif route.returns is not None:
        data = _data(route.answer_type, _ref(route.returns))
    else:
        data = {"type": ["object", "array", "null"]}
    return {"type": "object", "required": ["data"], "properties": {"data": data}}


def _ref(struct: Any) -> dict[str, Any]:
    return (
        {"$ref": f"{_SCHEMAS}{struct.__name__}"}
        if hasattr(struct, "__struct_fields__")
        else {"type": "object"}
    )


def _data(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    kind = {"type": "string", "const": name} if name else {"type": "string"}
    properties = {"type": kind, "id": {"type": "string"}, "attributes": attributes}
    return {"type": "object", "required": ["type", "id", "attributes"], "properties": properties}


def _complete(paths: dict[str, Any], *, multi_tenant: bool) -> None:
    """Add to every operation what all have: error answers, the tenant's header, the idempotency key."""
    for item in paths.values():
        for method, operation in item.items():
            if method not in {"get", "post", "patch", "put", "delete"}:
                continue
            operation.setdefault("responses", {}).setdefault(
                "default", {"$ref": "#/components/responses/Error"}
            )
            headers = operation.setdefault("parameters", [])
            present = {parameter.get("name") for parameter in headers}
            if multi_tenant and "X-Tenant" not in present:
                headers.append(
                    _header("X-Tenant", "The tenant's slug, where neither host nor credential tells.")
                )
            if method == "post" and "Idempotency-Key" not in present:
                headers.append(
                    _header("Idempotency-Key", "Repeating a request with the same key has no further effect.")
                )


def _header(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": 255}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
