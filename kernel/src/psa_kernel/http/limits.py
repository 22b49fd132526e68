"""Limits of what is read: header fields, body size, nesting, and the time a body may take."""

import asyncio
import re
from typing import Any

from psa_kernel.http.errors import AddressTooLong, HeadersTooLarge, TimedOut
from psa_sdk.errors import BadRequest, TooLarge

HEADER_BYTES = 32 * 1024
HEADER_FIELDS = 100
ADDRESS_BYTES = 16 * 1024
JSON_BYTES = 1 << 20
JSON_DEPTH = 32
BODY_SECONDS = 30.0

# Possessive, and a string without an end is one too: otherwise hostile bodies cost time squared.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def refuse_large_headers(headers: list[tuple[bytes, bytes]]) -> None:
    """Raise `HeadersTooLarge` when there are more or longer fields than anybody needs."""
    if len(headers) > HEADER_FIELDS or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
        raise HeadersTooLarge(f"Send at most {HEADER_FIELDS} header fields of {HEADER_BYTES} bytes together.")


def refuse_long_address(scope: Any) -> None:
    """Raise `AddressTooLong`: what is compiled for a query string is kept, so its length must be bounded."""
    if len(scope["path"]) + len(scope["query_string"]) > ADDRESS_BYTES:
        raise AddressTooLong(f"The path and its query may have at most {ADDRESS_BYTES} bytes.")


def refuse_declared_size(content_length: bytes | None, largest: int) -> None:
    """Raise `TooLarge` when the announced body is over the limit, before a byte of it is read."""
    if content_length is None:
        return
    if not content_length.isdigit():
        raise BadRequest("Content-Length must be a number.", header="Content-Length")
    # Python refuses to read thousands of digits as a number.
    if len(content_length) > 20 or int(content_length) > largest:
        raise _too_large(largest)


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"The body may have at most {largest} bytes here.")


async def read_body(receive: Any, largest: int) -> bytes:
    """Read a whole body; raises `TooLarge`, or `TimedOut` when it doesn't arrive in `BODY_SECONDS`."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BadRequest("The client left before the body was complete.")
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > largest:
                    raise _too_large(largest)
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks) if len(chunks) > 1 else chunk
    except TimeoutError:
        raise TimedOut(f"The body didn't arrive within {BODY_SECONDS:.0f} seconds.") from None


def replayed(body: bytes, receive: Any) -> Any:
    """Return a `receive` that gives a body already read, then what comes after it."""
    given = False

    async def again() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def bounded(receive: Any, largest: int) -> Any:
    """Return a `receive` for streamed bodies that raises `TooLarge` and `TimedOut` on its way."""
    size = 0

    async def counted() -> Any:
        nonlocal size
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await receive()
        except TimeoutError:
            raise TimedOut(f"No part of the body arrived for {BODY_SECONDS:.0f} seconds.") from None
        size += len(message.get("body", b""))
        if size > largest:
            raise _too_large(largest)
        return message

    return counted


def refuse_deep(body: bytes) -> None:
    """Raise `BadRequest` for JSON nested deeper than `JSON_DEPTH`.

    Example:
        >>> refuse_deep(b'{"a": [[["fine [[["]]]}')
        >>> refuse_deep(b"[" * 40 + b"]" * 40)
        Traceback (most recent call last):
        ...
        psa_sdk.errors.BadRequest: The document may be nested at most 32 deep.
    """
    if body.count(b"[") + body.count(b"{") <= JSON_DEPTH:
        return
    depth = 0
    for byte in _STRINGS.sub(b"", body).translate(None, _NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > JSON_DEPTH:
            raise BadRequest(f"The document may be nested at most {JSON_DEPTH} deep.", code="too_deep")
