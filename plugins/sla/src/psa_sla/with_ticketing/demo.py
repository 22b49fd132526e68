"""Demonstration data: how the year's tickets stood, as if their clocks had always run."""

from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sla import standing
from psa_sla.standing import KINDS, Clock, Kind, Situation
from psa_sla.with_ticketing import standings
from psa_sla.with_ticketing.recomputing import LOCK, WRITE
from psa_sla.with_ticketing.standings import Facts, Subject
from psa_sla.with_ticketing.sweeping import NOTE

TICKETS = """
SELECT id, status, priority, ticket_type, company, queue, created_at, first_response_at, resolved_at,
    last_staff_activity_at
FROM ticketing.ticket t WHERE archived_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM sla.clock_entry e WHERE e.ticket = t.id)
ORDER BY created_at, id"""
GOLD = """
SELECT company AS id FROM ticketing.ticket WHERE company IS NOT NULL GROUP BY 1
ORDER BY count(*) DESC, min(number) LIMIT 3"""
BATCH = 2000


async def fill(ctx: Context) -> None:
    """Give the clients with most tickets the better policy, and every ticket its clocks."""
    gold = await ctx.db.fetch_value("SELECT id FROM sla.policy WHERE name = 'Gold'")
    for row in await ctx.db.fetch(GOLD):
        await ctx.records.update("companies", row["id"], {"sla_policy": gold})
    # The new default policy has the worker start clocks for open tickets too.
    await ctx.db.lock(*LOCK)
    rows = await ctx.db.fetch(TICKETS)
    for start in range(0, len(rows), BATCH):
        await _store(ctx, rows[start : start + BATCH])


async def _store(ctx: Context, rows: list[Any]) -> None:
    subjects = [
        Subject(
            ticket=row["id"],
            status=row["status"],
            priority=row["priority"],
            ticket_type=row["ticket_type"],
            company=row["company"],
            queue=row["queue"],
        )
        for row in rows
    ]
    facts = await standings.facts_of(ctx, subjects)
    moved: list[tuple[UUID, Kind, Clock, Clock]] = []
    written: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for row in rows:
        held = facts[row["id"]]
        clocks: dict[Kind, Clock] = {kind: _story(kind, row, held) for kind in KINDS}
        for kind, clock in clocks.items():
            moved.append((row["id"], kind, Clock(), clock))
            crossed = standing.told_by(clock, held.terms.thresholds, ctx.now)
            told += [
                {"ticket": row["id"], "clock": kind, "cycle": clock.cycle, "threshold": one.name, "at": at}
                for at, one in crossed
            ]
            names = frozenset(one.name for _, one in crossed)
            clocks[kind] = msgspec.structs.replace(clock, told=names)
        values = standings.columns(held.policy, held.source, clocks, held.terms.thresholds, ctx.now)
        written.append({"ticket": row["id"], **values})
    await standings.log(ctx, moved)
    await ctx.db.execute(NOTE, msgspec.json.encode(told).decode())
    await ctx.db.execute(WRITE, msgspec.json.encode(written).decode())


def _story(kind: Kind, row: Any, facts: Facts) -> Clock:
    """Return what a clock did: opened, answered, perhaps left waiting, resolved."""
    terms = msgspec.structs.replace(facts.terms, effective_at=None)
    clock = standing.move(
        kind, Clock(), Situation(at=row["created_at"], category="new", cause="created"), terms
    )
    answered = row["first_response_at"]
    if answered is not None:
        situation = Situation(
            at=answered, category="open", first_response_at=answered, cause="first_response_at"
        )
        clock = standing.move(kind, clock, situation, terms)
    at = row["resolved_at"] or row["last_staff_activity_at"]
    if at is not None and (facts.category not in ("new", "open")):
        situation = Situation(at=at, category=facts.category, first_response_at=answered, cause="status")
        clock = standing.move(kind, clock, situation, terms)
    return clock
