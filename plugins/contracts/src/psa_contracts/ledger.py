"""The hour ledger: made to say what grants and approved work say (CON-11, CON-14, CON-17, TIME-35).

`converge` computes the whole allocation and appends what differs. Any order, any number of runs, any crash in
between end in the same ledger. Runs of one contract wait for each other.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_contracts import hour_alerts
from psa_contracts.api import WorkSource
from psa_contracts.granting import grants_due, item_of
from psa_contracts.hours import Allocation, Grant, Work, allocate
from psa_contracts.records import Agreement, agreement
from psa_sdk import Context

# Unlike FOR UPDATE it lets rows that refer to the contract be written meanwhile.
HELD = "SELECT id FROM contracts.contract WHERE id = $1 FOR NO KEY UPDATE"
GRANTS = "SELECT * FROM contracts.hour_grant WHERE contract = $1"
SUMS = """
SELECT g.key, e.source_id, CASE WHEN e.kind IN ('granted', 'corrected') THEN 'granted'
        WHEN e.kind IN ('burned', 'returned') THEN 'burned' ELSE e.kind END AS what, sum(e.minutes)::int AS minutes
FROM contracts.hour_entry e
JOIN contracts.hour_grant g ON (g.tenant_id, g.id) = (e.tenant_id, e.hour_grant)
WHERE e.contract = $1 GROUP BY 1, 2, 3 HAVING sum(e.minutes) <> 0"""
APPEND = """
INSERT INTO contracts.hour_entry (contract, hour_grant, kind, minutes, source_id, posted_on)
SELECT $1, g, k, m, s, $6 FROM unnest($2::uuid[], $3::text[], $4::int[], $5::uuid[]) AS r(g, k, m, s)"""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A contract's hours after converging: the allocation, and the work that it is about."""

    agreement: Agreement
    allocation: Allocation
    work: Sequence[Work]
    appended: int


class _Posted(msgspec.Struct):
    """What the ledger says: sums by grant, what is burned by grant and source."""

    granted: dict[str, int] = msgspec.field(default_factory=dict)
    rolled: dict[str, int] = msgspec.field(default_factory=dict)
    expired: dict[str, int] = msgspec.field(default_factory=dict)
    burned: dict[tuple[str, UUID], int] = msgspec.field(default_factory=dict)


async def converge(ctx: Context, contract_id: UUID) -> Outcome:
    """Bring a contract's ledger in line, within this unit of work; raises `NotFound`."""
    await ctx.db.fetch(HELD, contract_id)
    system = ctx.as_system()
    found = await agreement(system, contract_id)
    stored = {row["key"]: row for row in await system.db.fetch(GRANTS, contract_id)}
    grants = _all_grants(found, stored, ctx.today)
    posted = await _posted(system, contract_id)
    work, held = await _work(ctx, contract_id, posted)
    allocation = allocate(grants, work, ctx.today, held=held, by_weight=found.row["weighted_burn"])
    ids = await _store(system, contract_id, grants, stored, allocation)
    appended = await _append(system, contract_id, ids, posted, allocation, ctx.today)
    if appended:
        await ctx.audit("hours_allocated", "contracts", contract_id, entries=appended)
        if await hour_alerts.tell(system, found, grants, work, allocation):
            return await converge(ctx, contract_id)
    return Outcome(agreement=found, allocation=allocation, work=work, appended=appended)


def _all_grants(found: Agreement, stored: Mapping[str, Any], today: datetime.date) -> list[Grant]:
    """Return what is due, what was given by hand, and what is due no longer, without minutes."""
    due = {grant.key: grant for grant in grants_due(found, today)}
    for key, row in stored.items():
        if key not in due:
            due[key] = Grant(
                key=key,
                kind="manual" if row["kind"] == "manual" else "purchase",
                minutes=row["minutes"] if row["kind"] == "manual" else 0,
                valid_from=row["valid_from"],
                expires_on=row["expires_on"],
                granted_on=row["granted_on"],
                work_type=row["work_type"],
            )
    return list(due.values())


async def _posted(ctx: Context, contract_id: UUID) -> _Posted:
    posted = _Posted()
    for row in await ctx.db.fetch(SUMS, contract_id):
        if row["what"] == "burned":
            posted.burned[row["key"], row["source_id"]] = -row["minutes"]
        elif row["what"] == "granted":
            posted.granted[row["key"]] = row["minutes"]
        else:
            (posted.rolled if row["what"] == "rolled" else posted.expired)[row["key"]] = -row["minutes"]
    return posted


async def _work(
    ctx: Context, contract_id: UUID, posted: _Posted
) -> tuple[Sequence[Work], dict[tuple[str, UUID], int]]:
    """Return the work, and what of the present burns stays whatever happens."""
    if not ctx.provides(WorkSource):
        return (), dict(posted.burned)
    known = {source for _, source in posted.burned}
    work = await ctx.service(WorkSource).work(contract_id, known)
    locked = {one.id for one in work if one.locked}
    return work, {pair: minutes for pair, minutes in posted.burned.items() if pair[1] in locked}


async def _store(
    ctx: Context,
    contract_id: UUID,
    grants: Sequence[Grant],
    stored: Mapping[str, Any],
    allocation: Allocation,
) -> dict[str, UUID]:
    """Write new grants and changed sizes; return all ids by key."""
    ids = {key: row["id"] for key, row in stored.items()}
    fresh = [grant for grant in grants if grant.key not in stored and allocation.granted[grant.key]]
    if fresh:
        rows = [_row(contract_id, grant, allocation.granted[grant.key]) for grant in fresh]
        made = await ctx.records.create_many("hour-grants", rows)
        ids |= {grant.key: one for grant, one in zip(fresh, made, strict=True)}
    for grant in grants:
        row, size = stored.get(grant.key), allocation.granted[grant.key]
        if row is not None and (row["minutes"], row["expires_on"]) != (size, grant.expires_on):
            await ctx.records.update(
                "hour-grants", row["id"], {"minutes": size, "expires_on": grant.expires_on}
            )
    return ids


def _row(contract_id: UUID, grant: Grant, minutes: int) -> dict[str, Any]:
    item = item_of(grant.key)
    return {
        "contract": contract_id,
        "item": UUID(item) if item else None,
        "key": grant.key,
        "kind": grant.kind,
        "minutes": minutes,
        "valid_from": grant.valid_from,
        "expires_on": grant.expires_on,
        "granted_on": grant.granted_on,
        "work_type": grant.work_type,
        "follows": grant.follows,
    }


async def _append(
    ctx: Context,
    contract_id: UUID,
    ids: Mapping[str, UUID],
    posted: _Posted,
    allocation: Allocation,
    today: datetime.date,
) -> int:
    """Append what differs in one statement, so that only the outcome must not be negative."""
    rows: list[tuple[UUID, str, int, UUID | None]] = []
    for key, size in allocation.granted.items():
        before = posted.granted.get(key, 0)
        if size != before:
            rows.append((ids[key], "corrected" if before else "granted", size - before, None))
    for pair in posted.burned.keys() | allocation.burns.keys():
        change = allocation.burns.get(pair, 0) - posted.burned.get(pair, 0)
        if change:
            rows.append((ids[pair[0]], "burned" if change > 0 else "returned", -change, pair[1]))
    for kind, now, then in (
        ("rolled", allocation.rolled, posted.rolled),
        ("expired", allocation.expired, posted.expired),
    ):
        for key in now.keys() | then.keys():
            change = now.get(key, 0) - then.get(key, 0)
            if change:
                rows.append((ids[key], kind, -change, None))
    if rows:
        grants, kinds, minutes, sources = (list(column) for column in zip(*rows, strict=True))
        await ctx.db.execute(APPEND, contract_id, grants, kinds, minutes, sources, today)
    return len(rows)


PROOF = """
SELECT g.id, g.contract, g.balance_minutes, coalesce(sum(e.minutes), 0)::int AS posted
FROM contracts.hour_grant g
LEFT JOIN contracts.hour_entry e ON (e.tenant_id, e.hour_grant) = (g.tenant_id, g.id)
GROUP BY g.id, g.contract, g.balance_minutes HAVING g.balance_minutes <> coalesce(sum(e.minutes), 0)"""


async def disagreements(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """Return the grants whose balance isn't the sum of their ledger: none, or something is broken (CON-11)."""
    return await ctx.db.fetch(PROOF)
