"""The audit log as a resource: read only, searched by actor, record, action, time and address."""

import datetime
from typing import Any
from uuid import UUID

import msgspec

from psa_kernel.builtin.audit.tables import AuditEntry
from psa_sdk import Resource


class AuditLogRead(msgspec.Struct, kw_only=True):
    """An entry: who, what, when, from where, and the changed values before and after."""

    occurred_at: datetime.datetime
    actor_kind: str
    actor_id: UUID
    actor_label: str
    on_behalf_of: UUID | None
    action: str
    resource: str
    record_id: UUID | None
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    detail: dict[str, Any] | None
    request_id: str
    ip: str | None
    user_agent: str | None


audit_logs = Resource(
    name="audit-logs",
    title="Audit log",
    table=AuditEntry,
    read=AuditLogRead,
    verbs=frozenset(("list", "get")),
    # Named, not as columns, where an index would cost every write more than it saves rare searches.
    filters=(
        AuditEntry.actor_id,
        AuditEntry.record_id,
        "resource",
        "action",
        "actor_kind",
        "occurred_at",
        "ip",
        "request_id",
    ),
    sorts=(AuditEntry.occurred_at,),
    default_sort="-occurred_at",
)
