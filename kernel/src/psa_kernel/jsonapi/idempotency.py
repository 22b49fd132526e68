"""Idempotency-Key: the same POST sent twice has its effect once and gets the same answer (X-06).

The key is claimed by a row in the transaction of the effect: a duplicate that runs at the same time waits for
that row, and a request that fails leaves none. One that went `outside` has committed its claim: until it is
answered, for a minute at most, duplicates are told to come again. Kept for 24 hours per tenant, principal and path.
"""

import base64
import datetime
import hashlib
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.datastructures import UploadFile

from psa_kernel.http.negotiate import is_form
from psa_sdk.errors import BadRequest, Conflict
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.principal import KernelPrincipal
    from psa_kernel.unit_of_work import Unit

KEPT = datetime.timedelta(hours=24)
LONGEST_KEY = 255
HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_CLAIMED = "psa.idempotency"
_KEPT_HEADERS = frozenset(("location", "etag", "content-type", "content-language"))
_CLAIM = """
INSERT INTO psa.idempotency_key AS k
    (id, created_at, updated_at, principal, key, path, fingerprint, expires_at)
VALUES ($1, $2, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, principal, key, path) DO UPDATE
SET id = excluded.id, created_at = excluded.created_at, fingerprint = excluded.fingerprint,
    expires_at = excluded.expires_at, status = NULL, headers = NULL, body = NULL
WHERE k.expires_at <= $2 OR k.status IS NULL AND k.created_at <= $2 - interval '1 minute'
RETURNING k.id
"""
_STORED = """
SELECT fingerprint, status, headers::text AS headers, body FROM psa.idempotency_key
WHERE tenant_id = psa.current_tenant() AND principal = $1 AND key = $2 AND path = $3
"""


async def replay(unit: "Unit", request: Request[Any, Any, Any]) -> Response[bytes] | None:
    """Return the stored answer of a repeated request; None claims the key for this one.

    Nobody in particular has no keys. Raises `Conflict` when the key was sent with another body, or with a
    request that is still running after the lock timeout; `BadRequest` for a key that is none.
    """
    key = _key(request)
    if key is None or unit.principal.kind == "anonymous" or unit.tenant is None:
        return None
    # A key of narrow scope doesn't get what its owner's wide one was told.
    who = cast("KernelPrincipal", unit.principal)
    path, principal = request.scope["path"], who.key_id or who.id
    fingerprint = await _fingerprint(request)
    claim = new_id()
    try:
        claimed = await unit.connection.fetchval(
            _CLAIM, claim, unit.now, principal, key, path, fingerprint, unit.now + KEPT
        )
    except asyncpg.LockNotAvailableError:
        raise _running() from None
    if claimed is not None:
        request.scope["state"][_CLAIMED] = claim
        return None
    stored = await unit.connection.fetchrow(_STORED, principal, key, path)
    assert stored is not None
    if stored["fingerprint"] != fingerprint:
        raise Conflict(
            "This key was already sent with another request; use a new key for a new request.",
            code="idempotency_key_reused",
            header=HEADER,
        )
    if stored["status"] is None:
        raise _running()
    headers = msgspec.json.decode(stored["headers"] or b"{}", type=dict[str, str])
    return Response(
        base64.b64decode(stored["body"] or ""),
        status_code=stored["status"],
        headers={**headers, REPLAYED: "true"},
        media_type=headers.get("content-type"),
    )


async def store(unit: "Unit", request: Request[Any, Any, Any], answer: Response[Any]) -> None:
    """Keep the answer to a request whose key was claimed, in the same transaction."""
    claim: UUID | None = request.scope["state"].get(_CLAIMED)
    if claim is None:
        return
    headers = {name.lower(): value for name, value in answer.headers.items()}
    await unit.connection.execute(
        "UPDATE psa.idempotency_key SET status = $2, headers = $3::text::jsonb, body = $4"
        " WHERE tenant_id = psa.current_tenant() AND id = $1",
        claim,
        answer.status_code,
        msgspec.json.encode(
            {name: value for name, value in headers.items() if name in _KEPT_HEADERS}
        ).decode(),
        base64.b64encode(answer.content or b"").decode(),
    )


def _running() -> Conflict:
    return Conflict(
        "The request with this key is still running; ask again in a moment.",
        code="idempotency_key_in_use",
        header=HEADER,
        headers={"Retry-After": "1"},
    )


def _key(request: Request[Any, Any, Any]) -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise BadRequest(
            f"An idempotency key has 1 to {LONGEST_KEY} printable characters, such as a random UUID.",
            code="invalid_header",
            header=HEADER,
        )
    return key


async def _fingerprint(request: Request[Any, Any, Any]) -> str:
    """Return what tells bodies apart; a form's boundary, which changes with every try, doesn't."""
    digest = hashlib.sha256(request.scope["query_string"])
    digest.update(b"\0")
    if not is_form(request):
        digest.update(await request.body())
        return digest.hexdigest()
    for name, part in (await request.form()).multi_items():
        digest.update(hashlib.sha256(name.encode()).digest())
        if isinstance(part, UploadFile):
            digest.update(hashlib.sha256(part.filename.encode()).digest())
            digest.update(await _content(part))
        else:
            digest.update(hashlib.sha256(str(part).encode()).digest())
    return digest.hexdigest()


async def _content(part: UploadFile) -> bytes:
    digest = hashlib.sha256()
    while chunk := await part.read(256 * 1024):
        digest.update(chunk)
    await part.seek(0)
    return digest.digest()
