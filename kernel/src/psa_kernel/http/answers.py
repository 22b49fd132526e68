"""Answers: what a route returns becomes a JSON:API document."""

from typing import Any

import msgspec
from litestar import Response

from psa_kernel.http.negotiate import JSON_API
from psa_kernel.jsonapi.entity_tags import entity_tag
from psa_kernel.jsonapi.read import get_document
from psa_kernel.unit_of_work import Unit
from psa_sdk.routes import Answer, AnswerList, Record

API = "/api/v1"


async def answer(unit: Unit, result: Any, *, status: int, path: str, query: str) -> Response[Any]:
    """Return the response for what a route's function returned; `status` is the route's own."""
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(None, status_code=204)
    if isinstance(result, Record):
        return await _record(unit, result, status, query)
    if isinstance(result, Answer):
        document: dict[str, Any] = {"data": _object(result), "links": {"self": path}}
        if result.meta:
            document["meta"] = result.meta
        return _document(document, _status(result.status, status), dict(result.headers))
    if isinstance(result, AnswerList):
        links = {"self": path}
        if result.next:
            links["next"] = result.next
        document = {"data": [_object(item) for item in result.items], "links": links}
        if result.meta:
            document["meta"] = result.meta
        return _document(document, status, {})
    raise TypeError(f"A route returned a {type(result).__name__}; return Record, Answer, AnswerList or None.")


async def _record(unit: Unit, result: Record, status: int, query: str) -> Response[bytes]:
    body, version, _ = await get_document(unit, result.type, result.id, query, archived="any")
    headers = {"ETag": entity_tag(version)}
    code = _status(result.status, status)
    if code == 201:
        headers["Location"] = f"{API}{unit.kernel.registry.resources[result.type].url}/{result.id}"
    return Response(body, status_code=code, headers=headers, media_type=JSON_API)


def _status(given: int, of_route: int) -> int:
    return given if given != 200 else of_route


def _object(item: Answer) -> dict[str, Any]:
    """A resource object needs an id (JSON:API 7.2.1): what exists once is called after its type."""
    return {"type": item.type, "id": item.id or item.type, "attributes": item.attributes}


def _document(document: dict[str, Any], status: int, headers: dict[str, str]) -> Response[bytes]:
    body = msgspec.json.encode({"jsonapi": {"version": "1.1"}, **document})
    return Response(body, status_code=status, headers=headers, media_type=JSON_API)
