"""Atomic operations: many writes in one request and one unit of work (https://jsonapi.org/ext/atomic/).

All of them happen or none. What is wrong with an operation points at `/atomic:operations/<n>/…`.
"""

from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from psa_kernel.http.endpoint import Endpoint
from psa_kernel.http.negotiate import JSON_API
from psa_kernel.http.negotiate import parse as parse_media_type
from psa_kernel.jsonapi import write
from psa_kernel.jsonapi.bodies import parse, within
from psa_kernel.jsonapi.drafts import uuid_of
from psa_kernel.jsonapi.findings import Findings
from psa_kernel.jsonapi.read import get_document
from psa_kernel.jsonapi.scopes import require
from psa_kernel.kernel import Kernel
from psa_sdk.errors import BadRequest, Forbidden, NotFound, Problem, TooLarge, UnsupportedMediaType
from psa_sdk.resources import ApiVerb
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

ATOMIC = "https://jsonapi.org/ext/atomic"
MEDIA_TYPE = f'{JSON_API}; ext="{ATOMIC}"'
MOST = 500
"""Operations per request."""
MAX_BODY = 8 << 20
OPERATIONS = "atomic:operations"
_API = "/api/v1"
Op = Literal["add", "update", "remove"]
_VERBS: dict[str, ApiVerb] = {"add": "create", "update": "update", "remove": "delete"}


class Operation(msgspec.Struct, kw_only=True):
    """One operation, with what its `ref` or `href` says."""

    op: Op
    type: str
    id: str | None = None
    lid: str | None = None
    relationship: str = ""
    document: dict[str, Any]
    """The operation itself: its `data` is read like a request's document."""


class _Found(msgspec.Struct):
    data: msgspec.Raw


def operations_handler() -> HTTPRouteHandler:
    """Return the handler of `POST /operations`."""

    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        scope: Any = request.scope
        essence, parameters = parse_media_type(request.headers.get("content-type", ""))
        if essence == JSON_API and ATOMIC not in parameters.get("ext", "").split():
            raise UnsupportedMediaType(f"Send operations as {MEDIA_TYPE}.", header="Content-Type")
        results = await run(scope["psa.unit"], await request.body())
        content = msgspec.json.encode(
            {"jsonapi": {"version": "1.1", "ext": [ATOMIC]}, "atomic:results": results}
        )
        return Response(content, status_code=200, headers={"Vary": "Accept"}, media_type=MEDIA_TYPE)

    endpoint = Endpoint(plugin="api", extensions=(ATOMIC,), max_body=MAX_BODY)
    return HTTPRouteHandler(f"{_API}/operations", http_method="POST", status_code=200, opt=endpoint.opt())(
        handle
    )


async def run(unit: "Unit", body: bytes) -> list[dict[str, Any]]:
    """Perform a document's operations in order and return their results."""
    operations = _read(unit.kernel, body)
    lids: dict[tuple[str, str], UUID] = {}
    results: list[dict[str, Any]] = []
    for index, operation in enumerate(operations):
        try:
            results.append(await _perform(unit, operation, lids))
        except Problem as problem:
            raise within(problem, f"/{OPERATIONS}/{index}") from problem
    return results


def _read(kernel: Kernel, body: bytes) -> list[Operation]:
    """Check the shape of all operations, so that all faults of form are told at once."""
    given = parse(body).get(OPERATIONS)
    if not isinstance(given, list) or not given:
        raise BadRequest(
            f"The document must have a list of operations as “{OPERATIONS}”.",
            code="malformed_document",
            pointer=f"/{OPERATIONS}",
        )
    if len(given) > MOST:
        raise TooLarge(
            f"At most {MOST} operations fit into one request; send several.", pointer=f"/{OPERATIONS}"
        )
    findings = Findings()
    found = [_operation(kernel, item, f"/{OPERATIONS}/{index}", findings) for index, item in enumerate(given)]
    findings.raise_all()
    return [operation for operation in found if operation is not None]


def _operation(kernel: Kernel, item: Any, pointer: str, findings: Findings) -> Operation | None:
    if not isinstance(item, dict):
        findings.add("An operation is an object.", pointer=pointer, code="malformed_operation")
        return None
    op: Any = item.get("op")
    data = item.get("data")
    place: Any = item.get("ref")
    if op not in ("add", "update", "remove"):
        findings.add(
            "“op” must be add, update or remove.", pointer=f"{pointer}/op", code="malformed_operation"
        )
        return None
    where = f"{pointer}/ref"
    if place is None and isinstance(item.get("href"), str):
        where, place = f"{pointer}/href", _located(kernel, item["href"])
    if place is None and isinstance(data, dict) and op != "remove":
        where = f"{pointer}/data"
        place = {
            name: data[name]
            for name in ("type", "id", "lid")
            if name in data and (op != "add" or name == "type")
        }
    kind = place.get("type") if isinstance(place, dict) else None
    if not isinstance(place, dict) or not isinstance(kind, str) or kind not in kernel.registry.resources:
        findings.add("It must name an installed resource's type.", pointer=where, code="unknown_type")
        return None
    relationship = str(place.get("relationship") or "")
    if (op != "add" or relationship) and "id" not in place and "lid" not in place:
        findings.add("It must name a record by id or lid.", pointer=where, code="required")
        return None
    if not relationship and op != "remove" and not isinstance(data, dict):
        findings.add(
            "“data” must be a resource object.", pointer=f"{pointer}/data", code="malformed_operation"
        )
        return None
    return Operation(
        op=op,
        type=kind,
        id=place.get("id"),
        lid=place.get("lid"),
        relationship=relationship,
        document=item,
    )


def _located(kernel: Kernel, href: str) -> dict[str, str] | None:
    """Return what a URL names as a `ref`, None for one that is no resource's."""
    path = href.partition("?")[0].removeprefix(_API)
    for name, resource in kernel.registry.resources.items():
        if path == resource.url:
            return {"type": name}
        match path.removeprefix(f"{resource.url}/").split("/") if path.startswith(f"{resource.url}/") else []:
            case [id] if uuid_of(id):
                return {"type": name, "id": id}
            case [id, "relationships", relationship] if uuid_of(id):
                return {"type": name, "id": id, "relationship": relationship}
            case _:
                continue
    return None


async def _perform(unit: "Unit", operation: Operation, lids: dict[tuple[str, str], UUID]) -> dict[str, Any]:
    name, verb = operation.type, _VERBS[operation.op]
    if operation.relationship:
        verb = "update"
    require(unit, name, verb)
    if verb not in unit.kernel.registry.resources[name].verbs:
        raise Forbidden(f"{name} can't be written with {operation.op}.", code="not_supported", pointer="/op")
    if operation.relationship:
        key = _target(operation, lids)
        await write.linkage_from(
            unit,
            name,
            key,
            operation.relationship,
            operation.document,
            "replace" if operation.op == "update" else operation.op,
            lids=lids,
        )
        return {}
    if operation.op == "remove":
        await write.delete(unit, name, _target(operation, lids))
        return {}
    data: dict[str, Any] = operation.document["data"]
    if operation.op == "update":
        key = _target(operation, lids)
        await write.update_from(unit, name, key, {**data, "id": data.get("id", str(key))}, lids=lids)
        return await _shown(unit, name, key)
    lid = data.get("lid")
    if lid is not None and "id" not in data:
        lids[name, str(lid)] = new_id()
        data = {**data, "id": str(lids[name, str(lid)])}
    made = await write.create_from(unit, name, data, lids=lids, shown=True)
    return await _shown(unit, name, made.id, made.document)


def _target(operation: Operation, lids: dict[tuple[str, str], UUID]) -> UUID:
    if operation.id is None and operation.lid is not None:
        found = lids.get((operation.type, str(operation.lid)))
        if found is None:
            raise NotFound(
                "No earlier operation adds a record with this lid.", code="unknown_lid", pointer="/ref/lid"
            )
        return found
    found = uuid_of(operation.id)
    if found is None:
        raise NotFound(f"There is no {operation.type} record with the id {operation.id}.")
    return found


async def _shown(unit: "Unit", name: str, id: UUID, document: bytes | None = None) -> dict[str, Any]:
    """Return the record as its document shows it, nothing when the principal may write and not read it."""
    try:
        if document is None:
            document, _, _ = await get_document(unit, name, id)
    except (Forbidden, NotFound):
        return {}
    return {"data": msgspec.json.decode(document, type=_Found).data}
