"""Cursors: where a page ends, signed and bound to tenant, resource, sort and filters."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_kernel.jsonapi.kinds import Kind, parse_value
from psa_sdk.errors import BadRequest

_MAC_BYTES = 12
_MAX_LENGTH = 4096


def _mac(key: bytes, tenant_id: UUID, resource: str, binding: str, payload: bytes) -> bytes:
    bound = hashlib.sha256(f"{tenant_id}\n{resource}\n{binding}\n".encode() + payload).digest()
    return hmac.digest(key, b"psa.cursor\n" + bound, "sha256")[:_MAC_BYTES]


def seal_cursor(key: bytes, tenant_id: UUID, resource: str, binding: str, values: Sequence[Any]) -> str:
    """Return the opaque cursor of a row's sort values."""
    payload = msgspec.json.encode(values)
    token = _mac(key, tenant_id, resource, binding, payload) + payload
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode("ascii")


def open_cursor(
    key: bytes,
    tenant_id: UUID,
    resource: str,
    binding: str,
    kinds: Sequence[Kind],
    cursor: str,
    *,
    parameter: str,
) -> list[Any]:
    """Return the sort values of a cursor; raises `BadRequest` when it was made for another request."""
    try:
        if len(cursor) > _MAX_LENGTH or not cursor.isascii():
            raise ValueError(cursor)
        token = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        mac, payload = token[:_MAC_BYTES], token[_MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(key, tenant_id, resource, binding, payload)):
            raise ValueError(cursor)
        values: list[Any] = msgspec.json.decode(payload)
        return [
            value if value is None or isinstance(value, bool | int) else parse_value(kind, value)
            for kind, value in zip(kinds, values, strict=True)
        ]
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise BadRequest(
            f"{parameter} is no cursor of this list; cursors come from its links and hold for the same"
            " sort and filters only.",
            code="invalid_cursor",
            parameter=parameter,
        ) from None
