"""Usage by UTC day: counts that another run over the same day finds again (TEN-12)."""

import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from psa_kernel.database.schema import qualified, quoted
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import Unit

_STORE = (
    "INSERT INTO psa.usage (id, day, metric, value) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (tenant_id, day, metric) DO UPDATE SET value = excluded.value, updated_at = now()"
)
_ADD = (
    "INSERT INTO psa.usage (id, day, metric, value) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (tenant_id, day, metric) DO UPDATE SET value = usage.value + excluded.value, updated_at = now()"
)


async def add(unit: "Unit", day: datetime.date, metric: str, value: int) -> None:
    """Add to a metric that is counted as it happens, such as `api_calls`."""
    await unit.db.execute(_ADD, new_id(), day, metric, value)


async def meter(unit: "Unit", day: datetime.date) -> dict[str, int]:
    """Measure one day and store it; repeating gives the same.

    `active_users` and `created.<resource>` come from the audit log, `records.<resource>` and
    `storage_bytes` from what is there when the day is first measured.
    """
    start = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    end = start + datetime.timedelta(days=1)
    metrics = await _from_audit(unit, start, end)
    known = await unit.db.fetch_value(
        "SELECT true FROM psa.usage WHERE day = $1 AND starts_with(metric, 'records.') LIMIT 1", day
    )
    if not known:
        metrics |= await _present(unit)
    for metric, value in metrics.items():
        await unit.db.execute(_STORE, new_id(), day, metric, value)
    return metrics


async def _from_audit(unit: "Unit", start: datetime.datetime, end: datetime.datetime) -> dict[str, int]:
    users = await unit.db.fetch_value(
        "SELECT count(DISTINCT actor_id) FROM psa.audit_entry"
        " WHERE occurred_at >= $1 AND occurred_at < $2 AND actor_kind IN ('user', 'contact')",
        start,
        end,
    )
    created = await unit.db.fetch(
        "SELECT resource, count(*) AS number FROM psa.audit_entry"
        " WHERE occurred_at >= $1 AND occurred_at < $2 AND action = 'created' GROUP BY resource",
        start,
        end,
    )
    return {"active_users": users} | {f"created.{row['resource']}": row["number"] for row in created}


async def _present(unit: "Unit") -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, resource in unit.kernel.registry.resources.items():
        table = quoted(qualified(resource.table))
        counts[f"records.{name}"] = await unit.db.fetch_value(
            f"SELECT count(*) FROM {table} WHERE tenant_id = $1", unit.tenant_id
        )
    if await unit.db.fetch_value("SELECT to_regclass('psa.blob') IS NOT NULL"):
        counts["storage_bytes"] = await unit.db.fetch_value(
            "SELECT coalesce(sum(size), 0)::bigint FROM psa.blob WHERE tenant_id = $1", unit.tenant_id
        )
    return counts


async def read(
    kernel: "Kernel", tenant_id: UUID, first: datetime.date | None, last: datetime.date | None
) -> dict[datetime.date, dict[str, int]]:
    """Return a tenant's metrics by day, the last 30 days unless said otherwise; newest first."""
    async with kernel.unit(tenant_id) as unit:
        end = last or unit.now.date()
        start = first or end - datetime.timedelta(days=29)
        rows = await unit.db.fetch(
            "SELECT day, metric, value FROM psa.usage WHERE tenant_id = $1 AND day BETWEEN $2 AND $3"
            " ORDER BY day DESC, metric",
            tenant_id,
            start,
            end,
        )
    days: dict[datetime.date, dict[str, int]] = {}
    for row in rows:
        days.setdefault(row["day"], {})[row["metric"]] = row["value"]
    return days
