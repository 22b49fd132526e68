"""Writes audit entries for what is no record change: logins, exports, reveals."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

# The database makes the id: its versions 7 of one transaction are in order, also within a millisecond.
INSERT = (
    "INSERT INTO psa.audit_entry (id, tenant_id, occurred_at, action, resource, record_id, detail, old, new,"
    " actor_kind, actor_id, actor_label, on_behalf_of, request_id, ip, user_agent)"
    " VALUES (psa.new_id(), $1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb, $9, $10, $11, $12, $13, $14, $15)"
)


async def record(
    unit: "Unit",
    action: str,
    resource: str = "",
    id: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
    *,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry in the unit's transaction, with its actor and request facts.

    `detail`, `old` and `new` hold JSON values and no secrets; what fails to be written fails the unit.
    """
    await unit.connection.execute(
        INSERT,
        unit.tenant_id,
        unit.now,
        action,
        resource,
        id,
        _json(detail),
        _json(old),
        _json(new),
        *unit.actor_facts,
    )


def _json(values: Mapping[str, Any] | None) -> str | None:
    return msgspec.json.encode(values).decode() if values else None
