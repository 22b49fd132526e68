"""Background work of tenancy."""

import datetime
from typing import cast

from psa_kernel.builtin.tenancy import erasure, usage
from psa_kernel.unit_of_work import Unit
from psa_sdk import Context, actor


@actor(queue="bulk")
async def meter_usage(ctx: Context) -> None:
    """Measure the UTC day that has just ended."""
    unit = cast(Unit, ctx)
    await usage.meter(unit, unit.now.astimezone(datetime.UTC).date() - datetime.timedelta(days=1))


@actor(queue="bulk", time_limit=3600)
async def erase_tenants(ctx: Context) -> None:
    """Erase the tenants whose time of grace is over."""
    kernel = cast(Unit, ctx).kernel
    for tenant_id in await erasure.due(kernel):
        await erasure.erase(kernel, tenant_id)
