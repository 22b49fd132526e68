"""Rules that people start by hand."""

from collections.abc import Sequence
from uuid import UUID

from psa_automation import facts, rulebook
from psa_automation.rulebook import Compiled, Entry
from psa_automation.running import Occurrence, holds, run_all
from psa_automation.tables import Run
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Conflict, Forbidden
from psa_sdk.tables import new_id

TRIGGER = "manual"


async def offered(ctx: Context, resource: str, id: UUID) -> Sequence[Compiled]:
    """Return the macros whose conditions a record meets."""
    entries = await rulebook.active(ctx, resource, [TRIGGER])
    if not entries or "update" not in ctx.service(Documents).describe(resource).verbs:
        return ()
    needs = frozenset[str]().union(*(entry.rule.needs for entry in entries))
    values = await facts.load(ctx.as_system(), resource, id, needs)
    if values is None:
        return ()
    happened = Occurrence(resource=resource, id=id, trigger=TRIGGER, cycle="")
    return [
        entry.rule
        for entry in entries
        if not entry.rule.broken and holds(entry.rule.condition, values, happened, ctx)
    ]


async def run(ctx: Context, rule_id: UUID, record_id: UUID) -> UUID:
    """Run a macro on a record that the principal may change; returns the run's id."""
    rule, is_active = await rulebook.one(ctx, rule_id)
    if rule.trigger_type != TRIGGER or not is_active:
        raise Conflict("This rule isn't an active macro.", code="not_a_macro")
    if "update" not in ctx.service(Documents).describe(rule.resource).verbs:
        raise Forbidden(f"This changes {rule.resource}, which you may not.")
    await ctx.records.get(rule.resource, record_id)
    values = await facts.load(ctx.as_system(), rule.resource, record_id, rule.needs) or {}
    happened = Occurrence(resource=rule.resource, id=record_id, trigger=TRIGGER, cycle=f"manual:{new_id()}")
    if not holds(rule.condition, values, happened, ctx):
        raise Conflict("The conditions of the macro don't hold here.", code="conditions_not_met")
    system = ctx.as_system()
    await run_all(system, happened, [Entry(rule, 1)], values, rule.needs)
    [row] = await system.records.find("automation-runs", Run.cycle == happened.cycle)
    return row["id"]
