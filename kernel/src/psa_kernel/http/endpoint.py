"""What the layers need to know about a matched handler, kept in its Litestar `opt`."""

from typing import Any, Literal

import msgspec

from psa_kernel.http.limits import JSON_BYTES
from psa_kernel.http.negotiate import JSON_API

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

    def opt(self) -> dict[str, Any]:
        """Return this as a handler's `opt`."""
        return {KEY: self}
