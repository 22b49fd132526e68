"""The routes of CSV imports: `POST /<collection>/import/csv` for every resource that can be created and updated."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler

from psa_kernel.http.endpoint import Endpoint
from psa_kernel.http.negotiate import JSON_API
from psa_kernel.jsonapi.csv_import import import_csv
from psa_kernel.kernel import Kernel
from psa_sdk.errors import BadRequest, Fault
from psa_sdk.resources import Resource

MAX_BODY = 32 << 20
BODY_TYPES = ("text/csv", "multipart/form-data", "application/octet-stream", "application/vnd.ms-excel")
_MULTIPART = "multipart/form-data"


class ImportRequest(msgspec.Struct):
    """What a client sends: the file, whether to try only, and the attributes of headers that don't tell."""

    content: bytes
    dry_run: bool
    mapping: Mapping[str, str]


def can_import(resource: Resource) -> bool:
    """Tell whether a resource takes CSV files."""
    return resource.write is not None and resource.subject is None and {"create", "update"} <= resource.verbs


def import_handlers(kernel: Kernel) -> list[HTTPRouteHandler]:
    """Return the handlers of all resources that take CSV files."""
    return [
        _handler(kernel.registry.resource_owner[name], resource)
        for name, resource in kernel.registry.resources.items()
        if can_import(resource)
    ]


def _handler(plugin: str, resource: Resource) -> HTTPRouteHandler:
    path = f"/api/v1{resource.url}/import/csv"

    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        scope: Any = request.scope
        sent = await _read(request)
        report = await import_csv(
            scope["psa.unit"], resource.name, sent.content, mapping=sent.mapping, dry_run=sent.dry_run
        )
        document = {
            "jsonapi": {"version": "1.1"},
            "data": {"type": "imports", "id": "import", "attributes": report},
            "links": {"self": path},
        }
        return Response(msgspec.json.encode(document), status_code=200, media_type=JSON_API)

    endpoint = Endpoint(plugin=plugin, audience="staff", body_types=BODY_TYPES, max_body=MAX_BODY)
    return HTTPRouteHandler(path, http_method="POST", status_code=200, opt=endpoint.opt())(handle)


async def _read(request: Request[Any, Any, Any]) -> ImportRequest:
    """Read a multipart form (`file`, `dry_run`, `mapping` as JSON), or the file itself with query parameters.

    In the query, `map[Header]=attribute` stands for the mapping.
    """
    scope: Any = request.scope
    dry_run, mapping, faults = "false", dict[str, str](), list[Fault]()
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        if name == "dry_run":
            dry_run = value
        elif name.startswith("map[") and name.endswith("]"):
            mapping[name[4:-1]] = value
        else:
            faults.append(
                Fault(detail=f"There is no parameter {name!r}.", code="unknown_parameter", parameter=name)
            )
    if faults:
        raise BadRequest(faults=faults, code="unknown_parameter")
    if not request.headers.get("content-type", "").lower().startswith(_MULTIPART):
        return ImportRequest(await request.body(), _flag(dry_run), mapping)
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise BadRequest("The form needs the CSV file as “file”.", code="missing_file")
    try:
        mapping |= msgspec.json.decode(str(form.get("mapping") or "{}"), type=dict[str, str])
    except (msgspec.ValidationError, msgspec.DecodeError):
        raise BadRequest(
            "“mapping” must be a JSON object of attributes by header.", code="invalid_form"
        ) from None
    return ImportRequest(await file.read(), _flag(str(form.get("dry_run") or dry_run)), mapping)


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise BadRequest("“dry_run” must be true or false.", code="invalid_parameter", parameter="dry_run")
    return text.lower() == "true"
