"""What writing a ticket does to its clocks, in the same transaction."""

from uuid import UUID

from psa_sdk import Change, Context, before
from psa_sdk.errors import Invalid
from psa_sla import standing
from psa_sla.policies import Source
from psa_sla.standing import KINDS, Clock, Kind, Situation
from psa_sla.with_ticketing import standings
from psa_sla.with_ticketing.standings import Kept, Subject

MOVING = ("status", "priority", "ticket_type", "company", "queue", "first_response_at")
CHOSEN = ("sla_override", "sla_exempt", "contract")
"""Columns of satellites: that they are written is all that can be seen."""
RESOLVING = frozenset(("company", "queue", "ticket_type", *CHOSEN))
"""What may put a ticket under another policy."""


@before("tickets", "create")
async def start(ctx: Context, change: Change) -> None:
    """Start the clocks of a new ticket; the write itself carries how they stand."""
    chosen = change.new.get("sla_override"), bool(change.new.get("sla_exempt"))
    _check_choice(*chosen)
    await _follow(ctx, change, Kept(override=chosen[0], exempt=chosen[1]), "created")


@before("tickets", "update")
async def follow(ctx: Context, change: Change) -> None:
    """Let the clocks follow a ticket that changed."""
    moved = [name for name in MOVING if change.changes(name)]
    moved += [name for name in CHOSEN if name in change.new]
    if not moved:
        return
    kept = (await standings.kept_of(ctx, [change.id], lock=True)).get(change.id, Kept())
    chosen = (
        change.new.get("sla_override", kept.override),
        bool(change.new.get("sla_exempt", kept.exempt)),
    )
    _check_choice(*chosen)
    await _follow(
        ctx,
        change,
        Kept(override=chosen[0], exempt=chosen[1], clocks=kept.clocks),
        ", ".join(moved),
        None if RESOLVING.intersection(moved) else (kept.policy, kept.source),
    )


async def _follow(
    ctx: Context,
    change: Change,
    kept: Kept,
    cause: str,
    keeps: tuple[UUID | None, Source] | None = None,
) -> None:
    subject = Subject(
        ticket=change.id,
        status=change.value("status"),
        priority=change.value("priority"),
        ticket_type=change.value("ticket_type"),
        company=change.value("company"),
        queue=change.value("queue"),
        override=kept.override,
        exempt=kept.exempt,
        contract=change.new.get("contract"),
        contract_written=change.verb == "create" or "contract" in change.new,
        keeps=keeps,
    )
    facts = (await standings.facts_of(ctx, [subject]))[change.id]
    if facts.policy is None and not any(one.log for one in kept.clocks.values()) and not kept.exempt:
        return
    begun = change.value("created_at") if change.verb == "create" and "created_at" in change.new else ctx.now
    situation = Situation(
        at=begun, category=facts.category, first_response_at=change.value("first_response_at"), cause=cause
    )
    moved: list[tuple[UUID, Kind, Clock, Clock]] = []
    clocks: dict[Kind, Clock] = {}
    for kind in KINDS:
        old = kept.clocks.get(kind, Clock())
        clocks[kind] = standing.move(kind, old, situation, facts.terms)
        moved.append((change.id, kind, old, clocks[kind]))
    await standings.log(ctx, moved)
    change.new.update(standings.columns(facts.policy, facts.source, clocks, facts.terms.thresholds, ctx.now))


def _check_choice(override: object, exempt: bool) -> None:
    if override is not None and exempt:
        raise Invalid(
            "A ticket is exempt or has a policy of its own; choose one.",
            code="exempt_with_policy",
            pointer="/data/attributes/sla_exempt",
        )


ALL = (start, follow)
