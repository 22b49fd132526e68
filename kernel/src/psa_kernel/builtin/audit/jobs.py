"""Background work of the audit log."""

import datetime
from typing import cast

from psa_kernel.builtin.audit.settings import AuditSettings
from psa_kernel.unit_of_work import Unit
from psa_sdk import Context, actor


@actor(queue="bulk", time_limit=3600)
async def trim_access_log(ctx: Context) -> None:
    """Remove requests that are older than the tenant keeps them."""
    unit = cast(Unit, ctx)
    chosen = await unit.settings(AuditSettings)
    await unit.db.execute(
        "DELETE FROM psa.access_log WHERE tenant_id = $1 AND occurred_at < $2",
        unit.tenant_id,
        unit.now - datetime.timedelta(days=chosen.access_log_days),
    )


@actor(queue="bulk", time_limit=3600)
async def purge_audit_log(ctx: Context) -> None:
    """Remove audit entries beyond the tenant's retention; the seals and a note of it stay."""
    unit = cast(Unit, ctx)
    chosen = await unit.settings(AuditSettings)
    if not chosen.retention_days or chosen.legal_hold:
        return
    await unit.db.execute("SET LOCAL statement_timeout = 0")
    before = unit.now - datetime.timedelta(days=chosen.retention_days)
    await unit.db.execute("SELECT psa.purge_audit($1)", before)
