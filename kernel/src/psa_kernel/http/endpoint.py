"""What the layers need to know about a matched handler, kept in its Litestar `opt`."""

import datetime
from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime
from typing import Any, Literal

import msgspec

from psa_kernel.http.limits import JSON_BYTES
from psa_kernel.http.negotiate import JSON_API
from psa_sdk.context import Context
from psa_sdk.web import Caller

KEY = "psa"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a handler: whose it is and how its requests are treated.

    `writes` opens a writable unit of work although the method is GET. `anonymous` lets nobody in
    particular in. `extensions` are JSON:API extension URIs it understands.
    """

    plugin: str
    writes: bool = False
    anonymous: bool = False
    audience: Literal["staff", "portal", "both"] = "both"
    idempotent: bool = True
    body_types: tuple[str, ...] = (JSON_API,)
    media_type: str = JSON_API
    extensions: tuple[str, ...] = ()
    max_body: int = JSON_BYTES
    forms: bool = False
    """Whether its handler checks the token against forged requests in a form's own field."""
    refuse: Callable[[Any, Mapping[str, Any]], Any] | None = None
    """Makes the answer to a problem where browsers are told otherwise than programs."""
    own_authorization: bool = False
    """Credentials are its own matter: it is served as to nobody."""
    identify: Callable[[Context, str], Awaitable[Caller | None]] | None = None
    """Knows whose bearer token it is, where credentials of a plugin's own are the only ones taken."""
    detached: bool = False
    confined: tuple[str, ...] = ()
    """States of an unfinished log-in in which it is open."""
    headers: Mapping[str, str] = {}
    """Headers of every answer, such as those of `evolution`."""

    def opt(self) -> dict[str, Any]:
        """Return this as a handler's `opt`."""
        return {KEY: self}


def evolution(deprecated: datetime.date | None, sunset: datetime.date | None) -> dict[str, str]:
    """Return the headers that announce a route's end (RFC 9745, RFC 8594).

    Example:
        >>> evolution(datetime.date(2026, 1, 1), datetime.date(2027, 1, 1))
        {'Deprecation': '@1767225600', 'Sunset': 'Fri, 01 Jan 2027 00:00:00 GMT'}
    """
    headers: dict[str, str] = {}
    if deprecated is not None:
        headers["Deprecation"] = f"@{int(_midnight(deprecated).timestamp())}"
    if sunset is not None:
        headers["Sunset"] = format_datetime(_midnight(sunset), usegmt=True)
    return headers


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
