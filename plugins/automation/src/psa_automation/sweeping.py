"""What happens by the clock: timers that are due, scheduled rules, old rows of the log."""

import datetime
from uuid import UUID

from cronsim import CronSim

from psa_automation import facts, narrowing, rulebook, timers
from psa_automation.api import RULES
from psa_automation.rulebook import Entry
from psa_automation.running import Occurrence, holds, run_all
from psa_automation.settings import AutomationSettings
from psa_sdk import Context, actor, every

BATCH = 100
SCHEDULE = "schedule"
DUE = """
SELECT t.id, t.rule, t.subject_id, t.cycle, r.resource FROM automation.timer t
JOIN automation.rule r ON r.tenant_id = t.tenant_id AND r.id = t.rule
WHERE t.fired_at IS NULL AND t.due_at <= $1
ORDER BY t.due_at, t.subject_id LIMIT $2 FOR UPDATE OF t SKIP LOCKED"""
FIRED = "UPDATE automation.timer SET fired_at = $2 WHERE id = ANY($1::uuid[])"
DROPPED = "DELETE FROM automation.timer WHERE id = ANY($1::uuid[])"
RIPE = """
SELECT id, trigger_options->>'cron' AS cron, next_run_at FROM automation.rule
WHERE trigger_type = 'schedule' AND is_active AND next_run_at <= $1 ORDER BY next_run_at FOR UPDATE SKIP LOCKED"""
NEXT = "UPDATE automation.rule SET next_run_at = $2 WHERE id = $1"
OLD = "DELETE FROM automation.run WHERE created_at < $1"


def next_slot(cron: str, after: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """Return the next instant of a cron expression in a zone. Raises `CronSimError` or `StopIteration`.

    Example:
        >>> next_slot("0 8 * * 1", datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC), datetime.UTC).isoformat()
        '2026-03-09T08:00:00+00:00'
    """
    return next(CronSim(cron, after.astimezone(zone))).astimezone(datetime.UTC)


@actor(queue="default")
async def sweep(ctx: Context) -> None:
    """Do what the clock asks for; missed time is caught up once."""
    for row in await ctx.db.fetch(RIPE, ctx.now):
        await ctx.db.execute(NEXT, row["id"], next_slot(row["cron"], ctx.now, ctx.timezone))
        await ctx.send(run_scheduled, rule_id=row["id"], slot=row["next_run_at"])
    await fire(ctx)


async def fire(ctx: Context) -> None:
    """Run the time-based rules whose instant has come, record by record."""
    found = await ctx.db.fetch(DUE, ctx.now, BATCH)
    fired: list[UUID] = []
    dropped: list[UUID] = []
    entries: dict[str, list[Entry]] = {}
    for resource in {row["resource"] for row in found}:
        entries[resource] = await rulebook.active(ctx, resource, [timers.TRIGGER])
    for resource, subject in dict.fromkeys((row["resource"], row["subject_id"]) for row in found):
        due = {row["rule"]: row for row in found if row["subject_id"] == subject}
        waiting = [entry for entry in entries[resource] if entry.rule.id in due]
        needs = frozenset[str]().union(*(entry.rule.needs for entry in waiting))
        loaded = await facts.load(ctx, resource, subject, needs) if waiting else None
        for entry in waiting:
            row = due[entry.rule.id]
            since = timers.anchored(entry.rule, loaded) if loaded else None
            if loaded is None or since is None or since.isoformat() != row["cycle"]:
                continue
            happened = Occurrence(
                resource=resource, id=subject, trigger=timers.TRIGGER, cycle=f"elapsed:{row['cycle']}"
            )
            if await run_all(ctx, happened, [entry], loaded, needs):
                loaded = await facts.load(ctx, resource, subject, needs)
            fired.append(row["id"])
        dropped += [row["id"] for row in due.values() if row["id"] not in fired]
    if fired:
        await ctx.db.execute(FIRED, fired, ctx.now)
    if dropped:
        await ctx.db.execute(DROPPED, dropped)
    if len(found) == BATCH:
        await ctx.send(sweep)


@actor(queue="bulk")
async def run_scheduled(ctx: Context, *, rule_id: UUID, slot: datetime.datetime, after: str = "") -> None:
    """Run a scheduled rule on a page of the records that live, and have the next page done."""
    if not await ctx.records.exists(RULES, rule_id):
        return
    rule, is_active = await rulebook.one(ctx, rule_id)
    if not is_active or rule.broken:
        return
    query = await narrowing.living(ctx, rule)
    page, cursor = await facts.page(
        ctx,
        rule.resource,
        {**query, "page[size]": str(BATCH), **({"page[after]": after} if after else {})},
        rule.needs,
    )
    for record, values in page.items():
        happened = Occurrence(
            resource=rule.resource, id=record, trigger=SCHEDULE, cycle=f"schedule:{slot.isoformat()}"
        )
        if holds(rule.condition, values, happened, ctx):
            await run_all(ctx, happened, [Entry(rule, 1)], values, rule.needs)
    if cursor:
        await ctx.send(run_scheduled, rule_id=rule_id, slot=slot, after=cursor)


@actor(queue="bulk")
async def set_timers(ctx: Context, *, rule_id: UUID, after: str = "") -> None:
    """Give the records that live their timers of a new or changed rule, page by page."""
    if not await ctx.records.exists(RULES, rule_id):
        return
    rule, is_active = await rulebook.one(ctx, rule_id)
    if not is_active or rule.trigger_type != timers.TRIGGER:
        return
    query = await narrowing.living(ctx, rule, conditions=False)
    page, cursor = await facts.page(
        ctx,
        rule.resource,
        {**query, "page[size]": str(BATCH), **({"page[after]": after} if after else {})},
        rule.needs,
    )
    for record, values in page.items():
        await timers.follow(ctx, record, [rule], values)
    if cursor:
        await ctx.send(set_timers, rule_id=rule_id, after=cursor)


@actor(queue="bulk")
async def forget_old_runs(ctx: Context) -> None:
    """Forget what rules did long ago."""
    days = (await ctx.settings(AutomationSettings)).log_days
    await ctx.db.execute(OLD, ctx.now - datetime.timedelta(days=days))


ACTORS = (sweep, run_scheduled, set_timers, forget_old_runs)
SCHEDULES = (every("*/5 * * * *", sweep), every("41 3 * * *", forget_old_runs))
