"""Routes beyond resources: actions, reports, downloads.

The kernel makes a Litestar handler of each, inside the unit of work. Paths are below `/api/v1`; a
permission is mandatory and checked first. Arguments of the function are matched by name:

* `ctx` the `Context`; `request` the Litestar request (for streams and headers)
* path parameters, typed in the path: `/tickets/{id:uuid}/merge`
* `body` the `data.attributes` of the JSON:API document, a msgspec Struct
* `query` the query parameters, a msgspec Struct

What it returns becomes the answer: `Record(type, id)` that resource's document, `Answer` a document of its
own, `Records` a list, `None` 204, a Litestar `Response` or `Stream` as it is.
"""

import datetime
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
PUBLIC = "public"
"""The permission of a route that needs no log-in; audited in the conformance battery."""
AUTHENTICATED = "authenticated"
"""The permission of a route that any logged-in principal of the audience may use."""


class Record(msgspec.Struct, frozen=True):
    """Answer with a resource's document."""

    type: str
    id: UUID
    status: int = 200


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Answer with a document that is no stored resource; `attributes` is a Struct or a mapping."""

    type: str
    attributes: Any
    id: str = ""
    status: int = 200
    meta: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class AnswerList(msgspec.Struct, frozen=True, kw_only=True):
    """Answer with a list of documents that are no stored resources."""

    items: Sequence[Answer]
    meta: Mapping[str, Any] = {}
    next: str | None = None


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A declared route; made by `get`, `post`, `patch`, `put` and `delete`."""

    method: Method
    path: str
    permission: str
    handle: Callable[..., Awaitable[Any]]
    status: int
    audience: Literal["staff", "portal", "both"] = "staff"
    returns: str | type[Any] | None = None
    """A resource's name, or the Struct of an `Answer`'s attributes: documented in OpenAPI."""
    answer_type: str = ""
    body_types: tuple[str, ...] = ("application/vnd.api+json",)
    media_type: str = "application/vnd.api+json"
    """Of answers; several are separated by commas, `*/*` is any."""
    summary: str = ""
    idempotent: bool = True
    step_up: bool = False
    """Sensitive: who has a second factor must have proven it in the last five minutes; API keys are refused."""
    confined: tuple[str, ...] = ()
    """States of an unfinished log-in in which it is open, such as `password_expired`; elsewhere it is closed then."""
    own_authorization: bool = False
    """The header Authorization, and cookies, are the function's own matter: to the platform nobody is logged in. For
    public routes of protocols whose clients prove themselves in other ways."""
    keeps_refusals: bool = False
    """What was written is committed with an answer of 4xx too that the function returns: a refusal that leaves a
    trace, such as that of a token used twice. What it raises undoes everything as ever."""
    writes: bool = False
    """A GET that writes, such as one that audits a download; other methods always may."""
    max_body: int = 1 << 20
    deprecated: datetime.date | None = None
    """Since when clients should stop using it (RFC 9745); documented and told in every answer."""
    sunset: datetime.date | None = None
    """From when it may be gone (RFC 8594)."""


def _declare(method: Method, status: int) -> Callable[..., Callable[[Callable[..., Awaitable[Any]]], Route]]:
    def decorator(
        path: str, *, permission: str, status: int = status, **options: Any
    ) -> Callable[[Callable[..., Awaitable[Any]]], Route]:
        def declare(handle: Callable[..., Awaitable[Any]]) -> Route:
            summary = options.pop("summary", "") or (handle.__doc__ or "").strip().split("\n")[0]
            return Route(
                method=method,
                path=path,
                permission=permission,
                handle=handle,
                status=status,
                summary=summary,
                **options,
            )

        return declare

    return decorator


get = _declare("GET", 200)
"""Declare a GET route: `@get("/companies/{id:uuid}/health", permission="contacts.companies.read")`."""
post = _declare("POST", 200)
"""Declare a POST route."""
patch = _declare("PATCH", 200)
"""Declare a PATCH route."""
put = _declare("PUT", 200)
"""Declare a PUT route."""
delete = _declare("DELETE", 204)
"""Declare a DELETE route."""
