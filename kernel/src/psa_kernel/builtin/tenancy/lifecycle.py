"""A tenant's life after provisioning: suspension, activation, deletion after a time of grace."""

import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_sdk.errors import Conflict, NotFound

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import Unit

GRACE: Final = datetime.timedelta(days=30)


async def suspend(unit: "Unit", tenant_id: UUID, *, reason: str = "") -> None:
    """Stop a tenant: its people get 403, its jobs pause, its data stays. Suspending twice is fine."""
    await _change(
        unit,
        tenant_id,
        "suspended",
        "UPDATE psa.tenant SET status = 'suspended', suspended_at = coalesce(suspended_at, $2),"
        " delete_after = NULL, updated_at = $2, version = version + 1"
        " WHERE id = $1 AND status <> 'suspended'",
        unit.now,
        detail={"reason": reason},
    )


async def activate(unit: "Unit", tenant_id: UUID) -> None:
    """Let a suspended tenant work again; also takes back a deletion within its grace."""
    await _change(
        unit,
        tenant_id,
        "activated",
        "UPDATE psa.tenant SET status = 'active', suspended_at = NULL, delete_after = NULL, updated_at = $2,"
        " version = version + 1 WHERE id = $1 AND status <> 'active'",
        unit.now,
    )


async def delete(unit: "Unit", tenant_id: UUID) -> datetime.datetime:
    """Suspend a tenant and erase it after 30 days; returns when. Repeating doesn't move the date."""
    due = unit.now + GRACE
    await _change(
        unit,
        tenant_id,
        "deletion_planned",
        "UPDATE psa.tenant SET status = 'deleting', suspended_at = coalesce(suspended_at, $2), delete_after = $3,"
        " updated_at = $2, version = version + 1 WHERE id = $1 AND status <> 'deleting'",
        unit.now,
        due,
        detail={"delete_after": due.isoformat()},
    )
    planned: datetime.datetime = await unit.db.fetch_value(
        "SELECT delete_after FROM psa.tenant WHERE id = $1", tenant_id
    )
    return planned


async def _change(
    unit: "Unit",
    tenant_id: UUID,
    what: str,
    sql: str,
    *arguments: object,
    detail: dict[str, str] | None = None,
) -> None:
    if tenant_id == SINGLE_TENANT:
        raise Conflict(
            "The operator's own tenant can't be suspended or deleted; it manages the others.",
            code="operator_tenant",
        )
    tag = await unit.connection.execute(sql, tenant_id, *arguments)
    if tag.endswith(" 0") and not await unit.connection.fetchval(
        "SELECT true FROM psa.tenant WHERE id = $1", tenant_id
    ):
        raise NotFound(f"There is no tenant {tenant_id}.")
    unit.after_commit(lambda: unit.kernel.directory.forget(tenant_id))
    if not tag.endswith(" 0"):
        await unit.audit(f"tenant_{what}", "tenants", tenant_id, **(detail or {}))
        await tell_tenant(unit.kernel, unit, tenant_id, f"tenant_{what}", **(detail or {}))


async def tell_tenant(kernel: "Kernel", unit: "Unit", tenant_id: UUID, action: str, **detail: str) -> None:
    """Write the operator's act into the tenant's own audit log as well."""
    if tenant_id == unit.tenant_id:
        return
    async with kernel.unit(tenant_id, principal=unit.principal) as theirs:
        await theirs.audit(action, "tenants", tenant_id, **detail)
