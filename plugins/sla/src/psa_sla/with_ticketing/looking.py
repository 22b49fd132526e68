"""Looking at tickets' clocks: for the API, pages and other plugins."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_sdk import Answer, Context, get
from psa_sla import clock, standing
from psa_sla.api import TicketClock
from psa_sla.clock import BREACH
from psa_sla.standing import Clock, Kind
from psa_sla.with_ticketing import standings
from psa_sla.with_ticketing.shapes import ShownClock, ShownSla, Stretch
from psa_sla.with_ticketing.standings import Kept
from psa_ticketing.api import TICKETS


class StoredTicketClocks:
    """Implements `psa_sla.api.TicketClocks`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def clocks(self, ticket_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[TicketClock]]:
        """Return the clocks of tickets that have any."""
        kept = await standings.kept_of(self._ctx, ticket_ids)
        found = {
            ticket: [self._clock(kind, one) for kind, one in held.clocks.items() if one.log]
            for ticket, held in kept.items()
        }
        return {ticket: clocks for ticket, clocks in found.items() if clocks}

    def _clock(self, kind: Kind, found: Clock) -> TicketClock:
        now, log = self._ctx.now, found.stretches
        stands = standing.stand(found, (BREACH,), now)
        return TicketClock(
            kind=kind,
            state=stands.state,
            cycle=found.cycle,
            target=log[-1].target,
            consumed=clock.consumed(log, now),
            remaining=clock.remaining(log, now),
            due_at=stands.due_at,
            breached_at=stands.breached_at,
        )


@get(
    "/tickets/{id:uuid}/sla", permission="ticketing.tickets.read", returns=ShownSla, answer_type="ticket-slas"
)
async def ticket_sla(ctx: Context, id: UUID) -> Answer:
    """How a ticket stands: policy, clocks, and what they did when."""
    await ctx.records.get(TICKETS, id)
    held = (await standings.kept_of(ctx, [id])).get(id, Kept())
    return Answer(type="ticket-slas", id=str(id), attributes=await shown(ctx, id, held))


async def shown(ctx: Context, ticket: UUID, held: Kept) -> ShownSla:
    """Return a ticket's service level with its history."""
    policies = await standings.policies_of(ctx, [held.policy] if held.policy is not None else [])
    policy = policies.get(held.policy) if held.policy is not None else None
    facts = await StoredTicketClocks(ctx).clocks([ticket])
    stands = {kind: standing.stand(one, (BREACH,), ctx.now) for kind, one in held.clocks.items()}
    values: dict[str, Any] = standings.columns(
        held.policy,
        held.source,
        held.clocks,
        policy.thresholds if policy is not None else (BREACH,),
        ctx.now,
    )
    return ShownSla(
        policy=held.policy,
        policy_name=policy.name if policy is not None else "",
        source=held.source,
        state=values["sla_state"],
        clocks=[
            ShownClock(
                clock=one.kind,
                state=stands[one.kind].state,
                cycle=one.cycle,
                target_seconds=None if one.target is None else int(one.target.total_seconds()),
                consumed_seconds=int(one.consumed.total_seconds()),
                remaining_seconds=None if one.remaining is None else int(one.remaining.total_seconds()),
                due_at=one.due_at,
                breached_at=one.breached_at,
                log=[
                    Stretch(
                        at=entry.at,
                        state=entry.state,
                        target_seconds=None if entry.target is None else int(entry.target.total_seconds()),
                        calendar_version=entry.version,
                        cause=entry.cause,
                    )
                    for entry in held.clocks[one.kind].log
                ],
            )
            for one in facts.get(ticket, ())
        ],
    )
