"""Erases tenants whose grace is over: every row, every key, and by the event every file (TEN-09)."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import msgspec

from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.database.session import Session
from psa_sdk.events import Event

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel


class TenantErased(Event, frozen=True, kw_only=True):
    """A tenant's rows are gone for good; whoever keeps something outside the database removes it now."""

    name: ClassVar[str] = "tenancy.tenant_erased"
    tenant_id: UUID


async def due(kernel: "Kernel") -> list[UUID]:
    """Return the tenants whose grace is over."""
    async with Session(kernel.pool, tenant_id=None, multi_tenant=kernel.config.multi_tenant) as session:
        rows = await session.connection.fetch(
            "SELECT id FROM psa.tenant WHERE status = 'deleting' AND delete_after <= now() ORDER BY delete_after"
        )
    return [row["id"] for row in rows]


async def erase(kernel: "Kernel", tenant_id: UUID) -> dict[str, int]:
    """Erase a tenant for good and return the rows removed per table.

    The data keys go with the rows, so sealed values in old backups stay closed. The database refuses
    unless the tenant is due. The operator's audit log keeps the numbers.
    """
    async with kernel.unit(SINGLE_TENANT) as unit:
        await unit.connection.execute("SET LOCAL statement_timeout = 0")
        text: Any = await unit.connection.fetchval("SELECT psa.erase_tenant($1)", tenant_id)
        counts: dict[str, int] = {table: rows for table, rows in msgspec.json.decode(text).items() if rows}
        await unit.audit("tenant_erased", "tenants", tenant_id, rows=counts)
        await unit.emit(TenantErased(tenant_id=tenant_id))
    kernel.keys.forget(tenant_id)
    kernel.directory.forget(tenant_id)
    return counts
