"""The tables of audit."""

from typing import ClassVar

from psa_sdk.tables import UUID, BigInt, Choice, Index, Instant, Integer, Json, TenantTable, Text

ACTOR_KINDS = ("user", "contact", "api_key", "job", "automation", "system", "anonymous")


class AuditEntry(TenantTable, schema="psa", tablename="audit_entry"):
    """One fact: an actor did something, with the changed values before and after (secrets as `***`)."""

    append_only: ClassVar[bool] = True
    occurred_at = Instant()
    actor_kind = Choice(*ACTOR_KINDS)
    actor_id = UUID()
    actor_label = Text()
    on_behalf_of = UUID(null=True)
    action = Text()
    resource = Text(default="")
    record_id = UUID(null=True)
    old = Json(null=True)
    new = Json(null=True)
    detail = Json(null=True)
    request_id = Text(default="")
    ip = Text(null=True)
    user_agent = Text(null=True)


class AuditSeal(TenantTable, schema="psa", tablename="audit_seal"):
    """A link of the tenant's hash chain over a batch of entries.

    `entries` are their ids in order (16 bytes each, base64), `digests` their SHA-256 (32 bytes each, base64);
    `hash` covers the previous hash, tenant, sequence, entries and digests; `signature` is Ed25519's over it.
    """

    exported: ClassVar[bool] = False
    append_only: ClassVar[bool] = True
    sequence = BigInt()
    entry_count = Integer()
    entries = Text()
    digests = Text()
    previous = Text()
    hash = Text()
    signature = Text()
    index_on = (Index(("sequence",), unique=True),)


class AccessLog(TenantTable, schema="psa", tablename="access_log"):
    """One API request: kept for a bounded time, written in batches off the request path."""

    occurred_at = Instant()
    method = Text()
    path = Text()
    status = Integer()
    duration_ms = Integer()
    actor_kind = Text()
    actor_id = UUID()
    request_id = Text()
    ip = Text(null=True)
    user_agent = Text(null=True)
    index_on = (Index(("occurred_at",)),)


ALL = (AuditEntry, AuditSeal, AccessLog)
