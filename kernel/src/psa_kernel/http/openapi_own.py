"""The kernel's own operations in the OpenAPI document: bulk writes, health, and the document itself."""

from typing import Any

from psa_kernel.http.answers import API
from psa_kernel.http.negotiate import JSON_API
from psa_kernel.jsonapi.import_routes import BODY_TYPES, can_import
from psa_kernel.jsonapi.operations import MEDIA_TYPE as ATOMIC
from psa_kernel.jsonapi.operations import OPERATIONS
from psa_kernel.registry import Registry

_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": _FILE,
        "dry_run": {"type": "string", "enum": ["true", "false"]},
        "mapping": {"type": "string", "description": "JSON: column header to attribute."},
    },
}
_REPORT: dict[str, Any] = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "data": {
            "type": "object",
            "required": ["type", "id", "attributes"],
            "properties": {
                "type": {"const": "imports"},
                "id": {"type": "string"},
                "attributes": {"type": "object"},
            },
        }
    },
}
_OPERATION: dict[str, Any] = {
    "type": "object",
    "required": ["op"],
    "properties": {
        "op": {"enum": ["add", "update", "remove"]},
        "ref": {"type": "object"},
        "href": {"type": "string"},
        "data": {"type": ["object", "array", "null"]},
    },
}


def bulk_paths(registry: Registry) -> dict[str, Any]:
    """Return the paths of atomic operations and of CSV imports."""
    paths: dict[str, Any] = {f"{API}/operations": {"post": _operations()}}
    for name, resource in registry.resources.items():
        if can_import(resource):
            paths[f"{API}{resource.url}/import/csv"] = {"post": _import(registry.resource_owner[name], name)}
    return paths


def _operations() -> dict[str, Any]:
    asked = {
        "type": "object",
        "required": [OPERATIONS],
        "properties": {OPERATIONS: {"type": "array", "minItems": 1, "items": _OPERATION}},
    }
    told = {
        "type": "object",
        "required": ["atomic:results"],
        "properties": {"atomic:results": {"type": "array", "items": {"type": "object"}}},
    }
    return {
        "operationId": "operations",
        "summary": "Perform several writes, all or none",
        "description": "The atomic operations extension of JSON:API, https://jsonapi.org/ext/atomic.",
        "tags": ["platform"],
        "requestBody": {"required": True, "content": {ATOMIC: {"schema": asked}}},
        "responses": {
            "200": {"description": "What each write led to.", "content": {ATOMIC: {"schema": told}}}
        },
    }


def _import(plugin: str, name: str) -> dict[str, Any]:
    content = {
        media_type: {"schema": _FORM if media_type.startswith("multipart/") else _FILE}
        for media_type in BODY_TYPES
    }
    return {
        "operationId": f"{name}.import",
        "summary": f"Import {name.replace('-', ' ')} from CSV",
        "description": "Each row is written as the API writes it. A dry run reports the same and keeps nothing; "
        "`map[Header]=attribute` in the query maps headers that don't tell.",
        "tags": [plugin],
        "parameters": [{"name": "dry_run", "in": "query", "required": False, "schema": {"type": "boolean"}}],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "What was read.", "content": {JSON_API: {"schema": _REPORT}}}},
    }


def platform_paths() -> dict[str, Any]:
    """Return the paths for operators, and of the documentation."""

    def operation(id: str, summary: str, media_type: str, *, also: int | None = None) -> dict[str, Any]:
        content = {"description": summary, "content": {media_type: {}}}
        responses: dict[str, Any] = {"200": content} | ({str(also): content} if also else {})
        responses["default"] = {"$ref": "#/components/responses/Error"}
        facts = {"operationId": id, "summary": summary, "tags": ["platform"], "security": []}
        return {"get": {**facts, "responses": responses}}

    return {
        "/health/live": operation("health.live", "Whether the process runs", "application/json"),
        "/health/ready": operation("health.ready", "Whether it can serve", "application/json", also=503),
        "/metrics": operation(
            "metrics", "Figures for Prometheus, for the operator's network only", "text/plain"
        ),
        f"{API}/openapi.json": operation("openapi", "This document", "application/vnd.oai.openapi+json"),
        f"{API}/docs": operation("docs", "This document for people", "text/html"),
        f"{API}/docs/style.css": operation("docs.style", "The look of that page", "text/css"),
    }
