"""Approved time as a source of what can be billed."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from psa_billing.api_sources import BillableLine, BillingScope, Collected, Cover, WorkCover
from psa_billing.with_time.pricing import lines_of
from psa_sdk import Context
from psa_time.api import BillableTime, TimeLedger


class TimeSource:
    """Implements `psa_billing.api.BillableSource` with time's ledger."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx
        self._ledger = ctx.service(TimeLedger)

    async def companies(self, through: datetime.date) -> Collection[UUID]:
        """Return the companies with approved time that wasn't billed."""
        return await self._ledger.companies(through)

    async def collect(self, scope: BillingScope) -> Collected:
        """Return approved time as lines; entries without a rate are left out and told of."""
        entries = await self._ledger.unbilled(scope.company_id, scope.through, contract_id=scope.contract_id)
        covers = await self._covers(entries)
        names = await self._work_types() if entries else {}
        lines: list[BillableLine] = []
        unpriced = 0
        for entry in entries:
            found = lines_of(entry, covers.get(entry.id), names.get(entry.work_type_id, ""))
            lines += found
            unpriced += not found and entry.billable_minutes > 0
        warnings = [f"{unpriced} time entries have no rate and wait."] if unpriced else []
        return Collected(lines=lines, warnings=warnings)

    async def claim(self, lines: Mapping[str, UUID], invoice_id: UUID) -> None:
        """Mark entries as billed."""
        await self._ledger.mark_billed({UUID(key): line for key, line in lines.items()}, invoice_id)

    async def release(self, invoice_id: UUID, keys: Sequence[str] | None = None) -> None:
        """Make entries billable again."""
        await self._ledger.release(invoice_id, None if keys is None else [UUID(key) for key in keys])

    async def _covers(self, entries: Sequence[BillableTime]) -> Mapping[UUID, Cover]:
        if not entries or not self._ctx.provides(WorkCover):
            return {}
        return await self._ctx.service(WorkCover).covers([entry.id for entry in entries])

    async def _work_types(self) -> Mapping[UUID, str]:
        rows = await self._ctx.as_system().records.find("work-types", limit=10_000)
        return {row["id"]: row["name"] for row in rows}
