"""Background work on files: scanning, freeing what nobody refers to, and forgetting erased tenants."""

from datetime import timedelta
from typing import cast

from psa_kernel.builtin.files import store
from psa_kernel.builtin.tenancy.erasure import TenantErased
from psa_kernel.unit_of_work import Unit
from psa_sdk import Context, actor, on

KEEP_UNUSED = timedelta(days=7)

UNUSED = """
SELECT sha256 FROM psa.blob WHERE tenant_id = psa.current_tenant() AND unused_since < $1
    AND NOT EXISTS (SELECT 1 FROM psa.file f WHERE f.tenant_id = psa.current_tenant()
        AND f.sha256 = psa.blob.sha256 AND f.deleted_at IS NULL)
ORDER BY unused_since LIMIT 1000 FOR UPDATE SKIP LOCKED"""


@actor(queue="bulk")
async def scan_blob(ctx: Context, *, sha256: str) -> None:
    """Ask every installed scanner about a blob; what one finds harmful stays in quarantine."""
    unit = cast(Unit, ctx)
    key = store.key(unit.tenant_id, sha256)
    verdict = "clean"
    for scanner in unit.kernel.registry.hooks.hook.psa_file_scanner():
        if not await scanner.is_clean(store.of(unit.kernel).get(key)):
            verdict = "infected"
    await unit.db.execute(
        "UPDATE psa.blob SET scan_state = $2 WHERE tenant_id = psa.current_tenant() AND sha256 = $1",
        sha256,
        verdict,
    )
    if verdict == "infected":
        await unit.audit("quarantine", "attachments", sha256=sha256)


@actor(queue="bulk")
async def free_unused(ctx: Context) -> None:
    """Remove blobs that no file has referred to for a week, and the rows of their deleted files."""
    unit = cast(Unit, ctx)
    for row in await unit.db.fetch(UNUSED, unit.now - KEEP_UNUSED):
        for statement in ("DELETE FROM psa.file", "DELETE FROM psa.blob"):
            await unit.db.execute(
                f"{statement} WHERE tenant_id = psa.current_tenant() AND sha256 = $1", row["sha256"]
            )
        await store.of(unit.kernel).delete(store.key(unit.tenant_id, row["sha256"]))


@on(TenantErased)
async def forget_tenant(ctx: Context, event: TenantErased) -> None:
    """Remove all blobs of a tenant that was erased."""
    held = store.of(cast(Unit, ctx).kernel)
    async for key in held.keys(str(event.tenant_id)):
        await held.delete(key)
