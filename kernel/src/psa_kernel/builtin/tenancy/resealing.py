"""Seals values anew under a tenant's newest data key, in small batches beside the running system."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from psa_kernel.crypto import header_of
from psa_kernel.database.schema import qualified, quoted
from psa_sdk.tables import Sealed, TenantTable

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

_BATCH = 200


async def reseal(kernel: "Kernel", tenant_id: UUID) -> int:
    """Move every sealed value of a tenant to its newest data key; returns how many were moved.

    Repeatable and interruptible: older keys stay, each batch commits. Versions of records don't change,
    because nothing that can be seen does.
    """
    header = header_of(await kernel.keys.newest_generation(tenant_id))
    moved = 0
    for _, table in kernel.registry.tables:
        if not issubclass(table, TenantTable):
            continue
        for column in table._meta.columns:
            if isinstance(column, Sealed):
                while count := await _batch(kernel, tenant_id, qualified(table), column._meta.name, header):
                    moved += count
    return moved


async def _batch(kernel: "Kernel", tenant_id: UUID, table: str, column: str, header: bytes) -> int:
    async with kernel.unit(tenant_id) as unit:
        rows: Any = await unit.db.fetch(
            f"SELECT id, {quoted(column)} AS sealed FROM {quoted(table)} WHERE tenant_id = $1"
            f" AND {quoted(column)} IS NOT NULL AND substr({quoted(column)}, 1, {len(header)}) <> $2"
            f" LIMIT {_BATCH} FOR UPDATE SKIP LOCKED",
            tenant_id,
            header,
        )
        for row in rows:
            plain = await kernel.keys.open_sealed(tenant_id, table, column, row["id"], row["sealed"])
            anew = await kernel.keys.seal(tenant_id, table, column, row["id"], plain)
            await unit.db.execute(
                f"UPDATE {quoted(table)} SET {quoted(column)} = $3 WHERE tenant_id = $1 AND id = $2",
                tenant_id,
                row["id"],
                anew,
            )
    return len(rows)
