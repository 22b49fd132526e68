"""Approved time on its way to an invoice: settled, locked, linked, released (TIME-03, BILL-25, BILL-28)."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.errors import Conflict
from psa_time.api import ENTRIES, BillableTime, ContractTime, TimeBilled, TimeReleased
from psa_time.entry_pricing import as_rounding, as_segments, resettled
from psa_time.rounding import settled

READY = (
    "SELECT DISTINCT company FROM time.entry WHERE billing_status = 'ready_to_bill' AND date <= $1 ORDER BY 1"
)
LOCKED = """
SELECT * FROM time.entry
WHERE company = $1 AND billing_status = 'ready_to_bill' AND date <= $2 AND ($3::uuid IS NULL OR contract = $3)
ORDER BY date, started_at NULLS LAST, id LIMIT $4 FOR UPDATE SKIP LOCKED"""
ALREADY = """
SELECT ticket, date, rounding, sum(duration_minutes)::int AS worked, sum(billable_minutes)::int AS billable
FROM time.entry WHERE ticket = ANY($1::uuid[]) AND billing_status = 'billed' AND is_billable
GROUP BY 1, 2, 3"""
BILL = """
UPDATE time.entry e SET billing_status = 'billed', invoice = $3, invoice_line = l.line, version = e.version + 1,
    updated_at = $4
FROM unnest($1::uuid[], $2::uuid[]) AS l(id, line)
WHERE e.id = l.id AND e.tenant_id = psa.current_tenant() AND e.billing_status = 'ready_to_bill'
RETURNING e.id"""
RELEASE = """
UPDATE time.entry SET billing_status = 'ready_to_bill', invoice = NULL, invoice_line = NULL, version = version + 1,
    updated_at = $3
WHERE invoice = $1 AND ($2::uuid[] IS NULL OR id = ANY($2)) RETURNING id"""
OF_CONTRACT = """
SELECT id, date, started_at, work_type, segments, billing_status = 'billed' AS is_billed FROM time.entry
WHERE contract = $1 AND approval_status = 'approved' AND is_billable AND NOT is_no_charge
    AND (billing_status <> 'billed' OR id = ANY($2::uuid[]))
ORDER BY date, started_at NULLS LAST, id"""
UNAPPROVED = """
SELECT contract, count(*)::int AS entries FROM time.entry
WHERE contract = ANY($1::uuid[]) AND date <= $2 AND is_billable AND approval_status <> 'approved' GROUP BY 1"""
CONTRACTS_OF = "SELECT id, contract FROM time.entry WHERE id = ANY($1::uuid[]) AND contract IS NOT NULL"
Group = tuple[Any, ...]


class StoredTimeLedger:
    """Implements `psa_time.api.TimeLedger`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def companies(self, through: datetime.date) -> list[UUID]:
        """Return the companies that have something to bill."""
        return [row["company"] for row in await self._ctx.db.fetch(READY, through)]

    async def unbilled(
        self,
        company_id: UUID,
        through: datetime.date,
        *,
        contract_id: UUID | None = None,
        limit: int = 50_000,
    ) -> list[BillableTime]:
        """Settle rounding per ticket, lock and return a company's billable entries by date."""
        await self._ctx.db.lock("time.billing", company_id)
        found = await self._ctx.db.fetch(LOCKED, company_id, through, contract_id, limit)
        rows = [dict(row) for row in found]
        for row in rows:
            row["segments"], row["rounding"] = _decoded(row["segments"]), _decoded(row["rounding"])
        await self._settle(rows)
        return [_billable(row) for row in rows]

    async def of_contract(self, contract_id: UUID, known: Collection[UUID] = ()) -> list[ContractTime]:
        """Return a contract's approved entries that cost something and aren't billed, or are among `known`."""
        return [
            ContractTime(
                id=row["id"],
                date=row["date"],
                started_at=row["started_at"],
                work_type_id=row["work_type"],
                segments=as_segments(_decoded(row["segments"])),
                is_billed=row["is_billed"],
            )
            for row in await self._ctx.db.fetch(OF_CONTRACT, contract_id, list(known))
        ]

    async def contracts_of(self, entry_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return the contracts of entries; those without one are absent."""
        rows = await self._ctx.db.fetch(CONTRACTS_OF, list(entry_ids))
        return {row["id"]: row["contract"] for row in rows}

    async def unapproved(self, contract_ids: Collection[UUID], through: datetime.date) -> Mapping[UUID, int]:
        """Return how many billable entries up to a date wait for approval, by contract; none are absent."""
        rows = await self._ctx.db.fetch(UNAPPROVED, list(contract_ids), through)
        return {row["contract"]: row["entries"] for row in rows}

    async def mark_billed(self, lines: Mapping[UUID, UUID | None], invoice_id: UUID) -> None:
        """Link entries to an invoice and its lines; raises `Conflict` unless all of them were ready to bill."""
        if not lines:
            return
        done = await self._ctx.db.fetch(BILL, list(lines), list(lines.values()), invoice_id, self._ctx.now)
        ids = [row["id"] for row in done]
        missing = sorted(set(lines) - set(ids))
        if missing:
            raise Conflict(
                f"{len(missing)} time entries are not ready to bill, or on an invoice already.",
                code="not_ready_to_bill",
                meta={"entries": [str(entry) for entry in missing]},
            )
        await self._ctx.audit("billed", ENTRIES, None, invoice=str(invoice_id), entries=[str(i) for i in ids])
        await self._ctx.emit(TimeBilled(invoice_id=invoice_id, entry_ids=ids))

    async def release(self, invoice_id: UUID, entry_ids: Sequence[UUID] | None = None) -> int:
        """Make entries of an invoice billable again, all unless some are named; returns how many."""
        chosen = None if entry_ids is None else list(entry_ids)
        done = await self._ctx.db.fetch(RELEASE, invoice_id, chosen, self._ctx.now)
        ids = [row["id"] for row in done]
        if ids:
            await self._ctx.audit(
                "released", ENTRIES, None, invoice=str(invoice_id), entries=[str(i) for i in ids]
            )
            await self._ctx.emit(TimeReleased(invoice_id=invoice_id, entry_ids=ids))
        return len(ids)

    async def _settle(self, rows: list[dict[str, Any]]) -> None:
        """Round what is rounded per ticket, less what of the group was billed before; changed rows are stored."""
        groups: dict[Group, list[dict[str, Any]]] = {}
        for row in rows:
            scope = as_rounding(row["rounding"]).scope
            if scope != "entry" and row["ticket"] is not None:
                groups.setdefault(_group(row, scope), []).append(row)
        if not groups:
            return
        already = await self._billed_before({group[0] for group in groups})
        system = self._ctx.as_system()
        for key, group in groups.items():
            shares = settled(
                [row["duration_minutes"] for row in group],
                as_rounding(group[0]["rounding"]),
                already=already.get(key, (0, 0)),
            )
            for row, share in zip(group, shares, strict=True):
                if row["billable_minutes"] != share:
                    columns = resettled(row, share)
                    await system.records.update(ENTRIES, row["id"], columns)
                    row |= columns

    async def _billed_before(self, tickets: set[UUID]) -> dict[Group, tuple[int, int]]:
        found: dict[Group, tuple[int, int]] = {}
        for one in await self._ctx.db.fetch(ALREADY, list(tickets)):
            row = {**one, "rounding": _decoded(one["rounding"])}
            key = _group(row, as_rounding(row["rounding"]).scope)
            worked, billable = found.get(key, (0, 0))
            found[key] = (worked + row["worked"], billable + row["billable"])
        return found


def _group(row: Mapping[str, Any], scope: str) -> Group:
    return (row["ticket"], row["date"] if scope == "ticket_day" else None, as_rounding(row["rounding"]))


def _decoded(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value


def _billable(row: Mapping[str, Any]) -> BillableTime:
    return BillableTime(
        id=row["id"],
        account_id=row["account"],
        company_id=row["company"],
        date=row["date"],
        work_type_id=row["work_type"],
        ticket_id=row["ticket"],
        project_id=row["project"],
        contract_id=row["contract"],
        notes=row["notes"],
        worked_minutes=row["duration_minutes"],
        billable_minutes=row["billable_minutes"],
        segments=as_segments(row["segments"]),
        hourly_rate=row["hourly_rate"],
        rate_source=row["rate_source"],
        is_no_charge=row["is_no_charge"],
        total_amount=row["total_amount"],
        currency=row["currency"],
    )
