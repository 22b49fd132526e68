"""Errors a plugin raises; the kernel turns each into a JSON:API error document.

`detail` is a sentence that names the thing and the remedy. A failure outside this family
is a bug: it is logged and answered as 500 without its text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, pointing at where (JSON:API 1.1, error objects)."""

    detail: str
    code: str = ""
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    meta: Mapping[str, Any] | None = None


class Problem(Exception):
    """The base of all errors that a client is told about.

    Example:
        >>> raise Conflict("The queue still has 3 open tickets; move them first.", code="queue_in_use")
        Traceback (most recent call last):
        ...
        psa_sdk.errors.Conflict: The queue still has 3 open tickets; move them first.
    """

    status: ClassVar[int] = 400
    default_code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "Bad request"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        pointer: str | None = None,
        parameter: str | None = None,
        header: str | None = None,
        meta: Mapping[str, Any] | None = None,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Hold one fault, or several when `faults` is given; `headers` are added to the answer."""
        self.code = code or self.default_code
        self.faults: tuple[Fault, ...] = tuple(faults) or (
            Fault(
                detail=detail or self.title,
                code=self.code,
                pointer=pointer,
                parameter=parameter,
                header=header,
                meta=meta,
            ),
        )
        self.headers = dict(headers or {})
        super().__init__(detail or "; ".join(fault.detail for fault in self.faults))


class BadRequest(Problem):
    """The request can't be understood: a malformed query parameter, cursor or body."""


class Unauthenticated(Problem):
    """Nobody is logged in, or the credential is no longer good."""

    status = 401
    default_code = "unauthenticated"
    title = "Authentication required"


class Forbidden(Problem):
    """The principal is known and lacks a permission."""

    status = 403
    default_code = "forbidden"
    title = "Forbidden"


class NotFound(Problem):
    """No such thing, or not visible to the principal: the answer is the same."""

    status = 404
    default_code = "not_found"
    title = "Not found"


class Conflict(Problem):
    """The request contradicts the present state, such as an illegal transition."""

    status = 409
    default_code = "conflict"
    title = "Conflict"


class Stale(Problem):
    """The record changed since it was read (If-Match, RFC 9110 13.1.1)."""

    status = 412
    default_code = "stale"
    title = "Precondition failed"


class TooLarge(Problem):
    """The body, the file or the tenant's quota is exceeded."""

    status = 413
    default_code = "too_large"
    title = "Content too large"


class UnsupportedMediaType(Problem):
    """The body is of a type that this route doesn't take."""

    status = 415
    default_code = "unsupported_media_type"
    title = "Unsupported media type"


class Invalid(Problem):
    """One or more values are wrong; all of them are named at once."""

    status = 422
    default_code = "invalid"
    title = "Invalid value"


class RateLimited(Problem):
    """Too many requests; `headers` carry Retry-After in seconds."""

    status = 429
    default_code = "rate_limited"
    title = "Too many requests"


class Unavailable(Problem):
    """A part that the request needs is down or full; trying again may help."""

    status = 503
    default_code = "unavailable"
    title = "Service unavailable"
