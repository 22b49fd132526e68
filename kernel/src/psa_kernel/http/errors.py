"""Error documents: every failure as JSON:API `errors`, without a word of what happened inside."""

from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from psa_kernel.database.outages import lost_connection
from psa_kernel.http.negotiate import JSON_API
from psa_kernel.unit_of_work import RequestFacts
from psa_sdk.errors import (
    BadRequest,
    Conflict,
    Fault,
    Forbidden,
    NotFound,
    Problem,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

log = structlog.get_logger("psa.http")


class MethodNotAllowed(Problem):
    """The path exists and doesn't take this method (RFC 9110 15.5.6)."""

    status = 405
    default_code = "method_not_allowed"
    title = "Method not allowed"


class NotAcceptable(Problem):
    """No acceptable representation (JSON:API 1.1, content negotiation)."""

    status = 406
    default_code = "not_acceptable"
    title = "Not acceptable"


class TimedOut(Problem):
    """The request's body didn't arrive in time."""

    status = 408
    default_code = "request_timeout"
    title = "Request timeout"


class Misdirected(Problem):
    """The Host header names nobody served here (RFC 9110 15.5.20)."""

    status = 421
    default_code = "unknown_host"
    title = "Misdirected request"


class AddressTooLong(Problem):
    """A path and query longer than anybody needs (RFC 9110 15.5.15)."""

    status = 414
    default_code = "address_too_long"
    title = "URI too long"


class HeadersTooLarge(Problem):
    """More header fields than are read."""

    status = 431
    default_code = "headers_too_large"
    title = "Request header fields too large"


class Bug(Problem):
    """A failure of ours: the client learns only the id under which it is logged."""

    status = 500
    default_code = "internal_error"
    title = "Internal error"


_OF_LITESTAR: dict[int, type[Problem]] = {
    400: BadRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    415: UnsupportedMediaType,
}


def problem_of(error: BaseException, *, path: str = "", method: str = "") -> Problem:
    """Return what a client is told about an exception; `Bug` when it is none of its business."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        # Answers in parts are made in a task group.
        return problem_of(error.exceptions[0], path=path, method=method)
    if isinstance(error, HTTPException):
        return _of_litestar(error, path, method)
    if isinstance(
        error, asyncpg.SerializationError | asyncpg.DeadlockDetectedError | asyncpg.LockNotAvailableError
    ):
        return Conflict("Someone else is changing the same records; try again.", code="concurrent_change")
    if isinstance(error, asyncpg.QueryCanceledError):
        return Unavailable("The request took too long; narrow it with filters.", code="too_slow")
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return Conflict("The change contradicts other records.", code="constraint")
    if lost_connection(error):
        return Unavailable("The database can't be reached; try again shortly.")
    return Bug("Something failed here. The id in meta helps us to find it.")


def _of_litestar(error: HTTPException, path: str, method: str) -> Problem:
    kind = _OF_LITESTAR.get(error.status_code, Bug if error.status_code >= 500 else BadRequest)
    if kind is NotFound:
        return NotFound(f"There is nothing at {path}.", code="no_such_route")
    if kind is MethodNotAllowed:
        allow = (error.headers or {}).get("allow", "")
        return MethodNotAllowed(f"{path} doesn't take {method}; it takes {allow}.", headers={"Allow": allow})
    if kind is Bug:
        return Bug("Something failed here. The id in meta helps us to find it.")
    return kind(error.detail or kind.title)


def document(problem: Problem, request_id: str) -> bytes:
    """Return a problem as a JSON:API document."""
    return msgspec.json.encode(
        {
            "jsonapi": {"version": "1.1"},
            "errors": [_error(problem, fault, request_id) for fault in problem.faults],
        }
    )


def _error(problem: Problem, fault: Fault, request_id: str) -> dict[str, Any]:
    error: dict[str, Any] = {
        "status": str(problem.status),
        "code": fault.code or problem.code,
        "title": problem.title,
        "detail": fault.detail,
        "meta": {**(fault.meta or {}), "request_id": request_id},
    }
    source = {
        name: value
        for name in ("pointer", "parameter", "header")
        if (value := getattr(fault, name)) is not None
    }
    if source:
        error["source"] = source
    return error


def report(error: BaseException, problem: Problem) -> None:
    """Log a failure that is ours; an outage in one line, since it hits every request of its time."""
    if problem.status == Unavailable.status:
        log.warning("request failed", code=problem.code, error=f"{type(error).__name__}: {error}")
    elif problem.status >= 500:
        log.error("request failed", code=problem.code, exc_info=error)


def answer(error: BaseException, scope: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return status, headers and body that tell a client about an exception, and log it if it is ours."""
    problem = problem_of(error, path=scope["path"], method=scope["method"])
    report(error, problem)
    refuse = _refusal_of(scope)
    if refuse is not None:
        page: Response[bytes] = refuse(problem, scope)
        told = {**problem.headers, **page.headers, "content-type": f"{page.media_type}"}
        status = page.status_code or problem.status
        return status, _encoded({**told, "content-length": str(len(page.content))}), page.content
    facts: RequestFacts | None = scope.get("psa.request")
    body = document(problem, facts.request_id if facts else "")
    if problem.status == Unavailable.status:
        problem.headers.setdefault("Retry-After", "1")
    headers = [(b"content-type", JSON_API.encode()), (b"content-length", str(len(body)).encode())]
    return problem.status, [*headers, *_encoded(problem.headers)], body


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _refusal_of(scope: Any) -> Callable[[Problem, Any], Response[bytes]] | None:
    """Return what tells a problem to browsers, for routes that have such."""
    endpoint = scope["route_handler"].opt.get("psa") if "route_handler" in scope else None
    return getattr(endpoint, "refuse", None)


async def send_error(error: BaseException, scope: Any, send: Any) -> None:
    """Answer with an error document."""
    status, headers, body = answer(error, scope)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's exception handler for everything."""
    status, headers, body = answer(error, request.scope)
    kept = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    kept.pop("content-length")
    return Response(body, status_code=status, media_type=kept.pop("content-type"), headers=kept)
