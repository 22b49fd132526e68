"""Answers of SCIM: its media type, and its errors with their keywords (RFC 7644 3.12)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Response

from psa_sdk.errors import BadRequest, Conflict, Invalid, Problem

MEDIA: Final = "application/scim+json"
TAKEN: Final = (MEDIA, "application/json")
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
_NOT_UNIQUE: Final = frozenset(("email_taken", "identity_linked"))


class Told(msgspec.Struct, frozen=True):
    """An error as a provider is told it."""

    status: int
    detail: str
    kind: str = ""


def answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Return a document that nobody else keeps; None is an answer without one."""
    body = b"" if document is None else msgspec.json.encode(document)
    told = {"Cache-Control": "no-store", **(headers or {})}
    return Response(body, status_code=status, media_type=MEDIA, headers=told)


def told_of(problem: Problem) -> Told:
    """Return what a provider is told about a problem."""
    if isinstance(problem, Invalid):
        return Told(400, str(problem)[:1000], "invalidValue")
    if isinstance(problem, BadRequest):
        return Told(400, str(problem)[:1000], "invalidSyntax")
    kind = "uniqueness" if isinstance(problem, Conflict) and problem.code in _NOT_UNIQUE else ""
    return Told(problem.status, str(problem)[:1000], kind)


def refusal(what: Told) -> Response[bytes]:
    """Return an error."""
    document = {"schemas": [_ERROR], "status": str(what.status), "detail": what.detail}
    if what.kind:
        document["scimType"] = what.kind
    return answer(document, what.status)


def refuse(problem: Problem, scope: Mapping[str, Any]) -> Response[bytes]:
    """Return the error for a problem that the platform finds."""
    return refusal(told_of(problem))
