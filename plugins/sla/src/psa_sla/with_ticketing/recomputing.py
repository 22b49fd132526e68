"""Open tickets come to count by what changed: calendars, policies, who has which. In batches, in the background."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context, RecordEvent, actor, changes, on
from psa_sla import standing
from psa_sla.api import POLICIES, CalendarChanged
from psa_sla.standing import KINDS, Clock, Kind, Situation
from psa_sla.with_ticketing import standings
from psa_sla.with_ticketing.standings import Kept, Subject
from psa_ticketing.api import TicketOpened

BATCH = 250
OPEN = """
SELECT t.id FROM ticketing.ticket t LEFT JOIN sla.ticket_sla s ON s.ticket = t.id
WHERE t.id > $1 AND t.status IN (SELECT id FROM ticketing.status WHERE category NOT IN
    ('resolved', 'closed', 'merged', 'spam')) AND t.archived_at IS NULL"""
OF_POLICIES = """
SELECT s.ticket AS id FROM sla.ticket_sla s
WHERE s.ticket > $1 AND s.sla_policy = ANY ($2::uuid[])
    AND s.sla_state IN ('on_track', 'warning', 'paused', 'breached')"""
FAMILY = """
WITH RECURSIVE below AS (
    SELECT id, 1 AS step FROM contacts.company WHERE id = $1
    UNION ALL
    SELECT c.id, below.step + 1 FROM contacts.company c JOIN below ON c.parent = below.id WHERE below.step < 20
) SELECT id FROM below"""
TICKETS = """
SELECT id, status, priority, ticket_type, company, queue, first_response_at FROM ticketing.ticket
WHERE id = ANY ($1::uuid[])"""
WRITE = """
INSERT INTO sla.ticket_sla AS s (id, ticket, sla_policy, sla_source, sla_state, sla_due_at, sla_next_at,
    sla_response_state, sla_response_due_at, sla_response_breached_at,
    sla_resolution_state, sla_resolution_due_at, sla_resolution_breached_at)
SELECT psa.new_id(), r.* FROM jsonb_to_recordset($1::text::jsonb) AS r(ticket uuid, sla_policy uuid, sla_source text,
    sla_state text, sla_due_at timestamptz, sla_next_at timestamptz, sla_response_state text,
    sla_response_due_at timestamptz, sla_response_breached_at timestamptz, sla_resolution_state text,
    sla_resolution_due_at timestamptz, sla_resolution_breached_at timestamptz)
ON CONFLICT (tenant_id, ticket) DO UPDATE SET sla_policy = excluded.sla_policy, sla_source = excluded.sla_source,
    sla_state = excluded.sla_state, sla_due_at = excluded.sla_due_at, sla_next_at = excluded.sla_next_at,
    sla_response_state = excluded.sla_response_state, sla_response_due_at = excluded.sla_response_due_at,
    sla_response_breached_at = excluded.sla_response_breached_at,
    sla_resolution_state = excluded.sla_resolution_state, sla_resolution_due_at = excluded.sla_resolution_due_at,
    sla_resolution_breached_at = excluded.sla_resolution_breached_at,
    version = s.version + 1, updated_at = current_timestamp"""
FIRST = UUID(int=0)
LOCK = ("sla.recompute",)
"""One batch at a time in a tenant; whoever writes tickets doesn't wait for it."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which open tickets: of some policies, a company and its subsidiaries, or a queue; all where nothing is said."""

    policies: tuple[UUID, ...] = ()
    company: UUID | None = None
    queue: UUID | None = None


@actor(queue="bulk")
async def recompute(
    ctx: Context, *, scope: Scope, at: datetime.datetime, cause: str, after: UUID = FIRST
) -> None:
    """Bring a batch of open tickets up to date, then send for the next one: each batch is a transaction."""
    await ctx.db.lock(*LOCK)
    ids = await _batch(ctx, scope, after)
    await refresh(ctx, ids, at=at, cause=cause)
    if len(ids) == BATCH:
        await ctx.send(recompute, scope=scope, at=at, cause=cause, after=ids[-1])


async def _batch(ctx: Context, scope: Scope, after: UUID) -> list[UUID]:
    if scope.policies:
        sql, arguments = OF_POLICIES, [after, list(scope.policies)]
        order = "s.ticket"
    else:
        sql, arguments, order = OPEN, [after], "t.id"
        if scope.company is not None:
            family = [row["id"] for row in await ctx.db.fetch(FAMILY, scope.company)]
            sql, arguments = f"{sql} AND t.company = ANY ($2::uuid[])", [after, family]
        elif scope.queue is not None:
            sql, arguments = f"{sql} AND t.queue = $2", [after, scope.queue]
    rows = await ctx.db.fetch(f"{sql} ORDER BY {order} LIMIT {BATCH}", *arguments)
    return [row["id"] for row in rows]


async def refresh(ctx: Context, tickets: Sequence[UUID], *, at: datetime.datetime, cause: str) -> None:
    """Have tickets count by the policy that holds now, from `at` on; the same number of statements for any number."""
    if not tickets:
        return
    # The clocks first: whoever changes a ticket meanwhile waits for this batch, or this batch for them.
    kept = await standings.kept_of(ctx, tickets, lock=True)
    rows = {row["id"]: row for row in await ctx.db.fetch(TICKETS, list(tickets))}
    subjects = [_subject(row, kept.get(ticket, Kept())) for ticket, row in rows.items()]
    facts = await standings.facts_of(ctx, subjects)
    moved: list[tuple[UUID, Kind, Clock, Clock]] = []
    written: list[dict[str, Any]] = []
    for ticket, row in rows.items():
        before, now = kept.get(ticket, Kept()), facts[ticket]
        if now.policy is None and ticket not in kept:
            continue
        situation = Situation(
            at=at, category=now.category, first_response_at=row["first_response_at"], cause=cause
        )
        clocks: dict[Kind, Clock] = {}
        for kind in KINDS:
            old = before.clocks.get(kind, Clock())
            clocks[kind] = standing.move(kind, old, situation, now.terms)
            moved.append((ticket, kind, old, clocks[kind]))
        values = standings.columns(now.policy, now.source, clocks, now.terms.thresholds, ctx.now)
        written.append({"ticket": ticket, **values})
    await standings.log(ctx, moved)
    if written:
        await ctx.db.execute(WRITE, msgspec.json.encode(written).decode())


def _subject(row: Any, kept: Kept) -> Subject:
    return Subject(
        ticket=row["id"],
        status=row["status"],
        priority=row["priority"],
        ticket_type=row["ticket_type"],
        company=row["company"],
        queue=row["queue"],
        override=kept.override,
        exempt=kept.exempt,
    )


@on(CalendarChanged)
async def follow_calendar(ctx: Context, event: CalendarChanged) -> None:
    """Recompute the tickets whose policies count by business hours that changed (SLA-14)."""
    rows = await ctx.db.fetch(
        "SELECT id FROM sla.policy WHERE business_hours = ANY ($1::uuid[])", list(event.business_hours_ids)
    )
    if rows:
        scope = Scope(policies=tuple(row["id"] for row in rows))
        await ctx.send(recompute, scope=scope, at=event.effective_at, cause="calendar")


@on(changes(POLICIES, "created", "updated"))
async def follow_policy(ctx: Context, event: RecordEvent) -> None:
    """Recompute the tickets of a policy that changed, all tickets when the default is another one."""
    before, after = event.changed.get("is_default", (None, None))
    if before or after:
        await ctx.send(recompute, scope=Scope(), at=ctx.now, cause="default policy")
    elif event.action == "updated":
        await ctx.send(recompute, scope=Scope(policies=(event.id,)), at=ctx.now, cause="policy")


@on(changes("sla-targets"))
async def follow_target(ctx: Context, event: RecordEvent) -> None:
    """Recompute the tickets of the policy whose targets changed."""
    policies: set[UUID] = set()
    if "sla_policy" in event.changed:
        policies = {UUID(str(one)) for one in event.changed["sla_policy"] if one is not None}
    else:
        found = await ctx.db.fetch_value("SELECT sla_policy FROM sla.target WHERE id = $1", event.id)
        policies = {found} if found is not None else set()
    default = await ctx.db.fetch_value("SELECT id FROM sla.policy WHERE is_default")
    if policies:
        # Tickets that nothing was promised for have no clock by which the policy would find them.
        scope = Scope() if default in policies else Scope(policies=tuple(sorted(policies)))
        await ctx.send(recompute, scope=scope, at=ctx.now, cause="targets")


@on(changes("companies", "updated"))
async def follow_company(ctx: Context, event: RecordEvent) -> None:
    """Recompute the tickets of a company that has another policy or parent, or takes over another one's no longer."""
    if event.has("sla_policy") or event.has("inherit_sla") or event.has("parent"):
        await ctx.send(recompute, scope=Scope(company=event.id), at=ctx.now, cause="company policy")


@on(changes("ticket-queues", "updated"))
async def follow_queue(ctx: Context, event: RecordEvent) -> None:
    """Recompute the tickets of a queue that has another policy."""
    if event.has("sla_policy"):
        await ctx.send(recompute, scope=Scope(queue=event.id), at=ctx.now, cause="queue policy")


@on(TicketOpened)
async def look_again(ctx: Context, event: TicketOpened) -> None:
    """Look again at tickets from the portal: a client can't see which policy a parent company has."""
    if event.source == "portal" and event.company_id is not None:
        await refresh(ctx, [event.ticket_id], at=ctx.now, cause="portal")


class StoredPolicyChanges:
    """Implements `psa_sla.api.PolicyChanges`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def company_changed(self, company_id: UUID) -> None:
        """Have a company's open tickets looked at again, in the background."""
        scope = Scope(company=company_id)
        await self._ctx.send(recompute, scope=scope, at=self._ctx.now, cause="contract")

    async def ticket_changed(self, ticket_id: UUID) -> None:
        """Have one ticket looked at again now."""
        await refresh(self._ctx, [ticket_id], at=self._ctx.now, cause="contract")


SUBSCRIBERS = (follow_calendar, follow_policy, follow_target, follow_company, follow_queue, look_again)
