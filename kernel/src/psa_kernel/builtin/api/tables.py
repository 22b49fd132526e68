"""The table of idempotency keys."""

from typing import ClassVar

from psa_sdk.tables import UUID, Index, Instant, Integer, Json, TenantTable, Text


class IdempotencyKey(TenantTable, schema="psa", tablename="idempotency_key"):
    """A POST that carried an `Idempotency-Key`, and the answer it got.

    Written in the transaction of its effect. `fingerprint` is the SHA-256 of query and body in hex, `body` the
    answer's bytes in base64.
    """

    exported: ClassVar[bool] = False
    principal = UUID()
    key = Text()
    path = Text()
    fingerprint = Text()
    status = Integer(null=True)
    headers = Json(null=True)
    body = Text(null=True)
    expires_at = Instant()
    index_on = (Index(("principal", "key", "path"), unique=True), Index(("expires_at",)))


ALL = (IdempotencyKey,)
