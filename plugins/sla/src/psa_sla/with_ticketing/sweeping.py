"""Warnings and breaches at their instants: once a minute, whatever has something to tell, found by an index (SLA-31)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context, actor, every
from psa_sdk.identity import Directory
from psa_sla import standing
from psa_sla.api import SlaBreached, SlaWarning
from psa_sla.clock import BREACH, Threshold
from psa_sla.standing import KINDS, Clock, Kind
from psa_sla.with_ticketing import standings
from psa_sla.with_ticketing.recomputing import WRITE
from psa_sla.with_ticketing.standings import Kept

SUPERVISE = "sla.tickets.supervise"
BATCH = 200
DUE = """
SELECT s.ticket FROM sla.ticket_sla s WHERE s.tenant_id = psa.current_tenant() AND s.sla_next_at < $1
ORDER BY s.sla_next_at LIMIT $2
FOR UPDATE SKIP LOCKED"""
WHO = """
SELECT t.id, t.company, t.queue, t.assigned_to, coalesce(t.team, q.team) AS team
FROM ticketing.ticket t JOIN ticketing.queue q ON q.id = t.queue WHERE t.id = ANY ($1::uuid[])"""
NOTE = """
INSERT INTO sla.clock_notice (id, ticket, clock, cycle, threshold, at)
SELECT psa.new_id(), r.* FROM jsonb_to_recordset($1::text::jsonb)
    AS r(ticket uuid, clock text, cycle integer, threshold text, at timestamptz)
ON CONFLICT (tenant_id, ticket, clock, cycle, threshold) DO NOTHING RETURNING ticket, clock, cycle, threshold, at"""


@actor()
async def sweep(ctx: Context) -> None:
    """Tell of the thresholds that clocks have crossed, each once."""
    due = [row["ticket"] for row in await ctx.db.fetch(DUE, ctx.now, BATCH)]
    if not due:
        return
    kept = await standings.kept_of(ctx, due)
    policies = await standings.policies_of(
        ctx, {one.policy for one in kept.values() if one.policy is not None}
    )
    thresholds: dict[UUID, Sequence[Threshold]] = {
        ticket: policies[one.policy].thresholds
        if one.policy is not None and one.policy in policies
        else (BREACH,)
        for ticket, one in kept.items()
    }
    wanted = [
        {"ticket": ticket, "clock": kind, "cycle": clock.cycle, "threshold": one.name, "at": at}
        for ticket, held in kept.items()
        for kind, clock in held.clocks.items()
        for at, one in standing.told_by(clock, thresholds[ticket], ctx.now)
    ]
    new = await ctx.db.fetch(NOTE, msgspec.json.encode(wanted).decode()) if wanted else []
    await _tell(ctx, new, kept)
    await _move_on(ctx, kept, thresholds, wanted)
    if len(due) == BATCH:
        await ctx.send(sweep)


async def _tell(ctx: Context, notices: Sequence[Any], kept: Mapping[UUID, Kept]) -> None:
    facts = {row["id"]: row for row in await ctx.db.fetch(WHO, [row["ticket"] for row in notices])}
    told = await _who_is_told(ctx, list(facts.values()))
    for row in sorted(notices, key=lambda one: one["at"]):
        ticket = facts.get(row["ticket"])
        if ticket is None:
            continue
        common: dict[str, Any] = {
            "ticket_id": row["ticket"],
            "clock": row["clock"],
            "cycle": row["cycle"],
            "at": row["at"],
            "policy_id": kept[row["ticket"]].policy,
            "company_id": ticket["company"],
            "queue_id": ticket["queue"],
            "assigned_to_id": ticket["assigned_to"],
            "notify": told[row["ticket"]],
        }
        if row["threshold"] == BREACH.name:
            await ctx.emit(SlaBreached(**common))
        else:
            clock = kept[row["ticket"]].clocks[row["clock"]]
            due_at = standing.stand(clock, (BREACH,), ctx.now).due_at
            await ctx.emit(SlaWarning(**common, threshold=row["threshold"], due_at=due_at))


async def _who_is_told(ctx: Context, tickets: Sequence[Any]) -> Mapping[UUID, Sequence[UUID]]:
    """Return whom to tell by ticket: the assignee, else the team's manager or members, else supervisors (SLA-30)."""
    unassigned = [row for row in tickets if row["assigned_to"] is None]
    directory = ctx.service(Directory)
    teams = await directory.teams({row["team"] for row in unassigned if row["team"] is not None})
    found: dict[UUID, Sequence[UUID]] = {}
    supervisors: Sequence[UUID] | None = None
    for row in tickets:
        team = teams.get(row["team"])
        if row["assigned_to"] is not None:
            found[row["id"]] = (row["assigned_to"],)
        elif team is not None and (team.manager_id is not None or team.member_ids):
            found[row["id"]] = (team.manager_id,) if team.manager_id is not None else team.member_ids
        else:
            if supervisors is None:
                supervisors = [person.id for person in await directory.holders(SUPERVISE)]
            found[row["id"]] = supervisors
    return found


async def _move_on(
    ctx: Context,
    kept: Mapping[UUID, Kept],
    thresholds: Mapping[UUID, Sequence[Threshold]],
    told: Sequence[Mapping[str, Any]],
) -> None:
    """Write how the tickets stand now, and when there is something to tell next."""
    written: list[dict[str, Any]] = []
    for ticket, held in kept.items():
        clocks: dict[Kind, Clock] = {}
        for kind in KINDS:
            clock = held.clocks[kind]
            names = {one["threshold"] for one in told if (one["ticket"], one["clock"]) == (ticket, kind)}
            clocks[kind] = Clock(
                cycle=clock.cycle, log=clock.log, breached_at=clock.breached_at, told=clock.told | names
            )
        values = standings.columns(held.policy, held.source, clocks, thresholds[ticket], ctx.now)
        written.append({"ticket": ticket, **values})
    await ctx.db.execute(WRITE, msgspec.json.encode(written).decode())


SCHEDULES = (every("* * * * *", sweep),)
