"""Answers: whole pages and fragments as HTML, what actions did as JSON, problems as either."""

import gzip
from collections.abc import Callable, Mapping
from typing import Any, Final

import brotli
import msgspec
from litestar import Response

from psa_sdk.errors import Fault, Problem
from psa_sdk.web import WebRequest

HTML: Final = "text/html"
JSON: Final = "application/json"
_WORTH_PACKING: Final = 600


def is_fragment(request: WebRequest) -> bool:
    """Tell whether htmx asks for a part of a page."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


def is_action(headers: Mapping[str, str]) -> bool:
    """Tell whether the pages' own script asks and reads JSON."""
    return headers.get("psa-action") == "1"


def html(
    text: str, request: WebRequest, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """Return HTML, packed where the browser unpacks it."""
    body, packing = text.encode(), {}
    accepted = request.headers.get("accept-encoding", "")
    if len(body) > _WORTH_PACKING:
        if "br" in accepted:
            body, packing = brotli.compress(body, quality=4), {"Content-Encoding": "br"}
        elif "gzip" in accepted:
            body, packing = gzip.compress(body, 5), {"Content-Encoding": "gzip"}
    told = {"Cache-Control": "private, no-cache", "Vary": "HX-Request, Cookie, Accept-Encoding"}
    return Response(body, status_code=status, media_type=HTML, headers={**told, **packing, **(headers or {})})


def json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """Return what an action did."""
    return Response(
        msgspec.json.encode(value), status_code=status, media_type=JSON, headers=dict(headers or {})
    )


def redirect(url: str, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """Send the browser elsewhere."""
    return Response(b"", status_code=303, media_type=HTML, headers={"Location": url, **(headers or {})})


def refusal(problem: Problem, told: Callable[[Fault | str], str]) -> Response[Any]:
    """Return a problem to the pages' script: what is wrong with which field, in the words of `told`."""
    faults = [{"field": field_of(fault), "detail": told(fault)} for fault in problem.faults]
    return json({"detail": told(str(problem)), "faults": faults}, problem.status)


def field_of(fault: Fault) -> str:
    """Return the name of the form's field that a fault is about; empty when it is about none.

    Example:
        >>> field_of(Fault(detail="", pointer="/data/attributes/address/country"))
        'address.country'
        >>> field_of(Fault(detail="", pointer="/data/attributes", meta={"member": "name"}))
        'name'
    """
    parts = [part.replace("~1", "/").replace("~0", "~") for part in (fault.pointer or "").split("/") if part]
    for known in (("data", "attributes"), ("data", "relationships")):
        if tuple(parts[:2]) == known:
            parts = parts[2:]
    member = (fault.meta or {}).get("member")
    if member:
        parts.append(str(member))
    while parts and (parts[-1].isdigit() or parts[-1] == "data"):
        parts.pop()
    return ".".join(parts)
