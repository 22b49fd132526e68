"""Time-based rules: each record has an instant at which such a rule looks at it again (AUT-03).

The instant is kept in a row while the record changes, so that a sweep finds what is due by an index and reads nothing
else. A record fires once per cycle, which is the instant that is counted from; a sweep that comes late still fires.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psa_automation import business_hours
from psa_automation.api import WorkingTime
from psa_automation.conditions import Moment, matches
from psa_automation.rulebook import Compiled
from psa_automation.settings import AutomationSettings
from psa_sdk import Context

TRIGGER = "elapsed"
KEPT = "SELECT rule, cycle, due_at, fired_at FROM automation.timer WHERE subject_id = $1 AND rule = ANY($2::uuid[])"
SET = """
INSERT INTO automation.timer (rule, subject_id, cycle, due_at)
SELECT rule, $1, cycle, due_at FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS t(rule, cycle, due_at)
ON CONFLICT (tenant_id, rule, subject_id)
DO UPDATE SET cycle = excluded.cycle, due_at = excluded.due_at, fired_at = NULL"""
UNSET = "DELETE FROM automation.timer WHERE subject_id = $1 AND rule = ANY($2::uuid[]) AND fired_at IS NULL"


def anchored(rule: Compiled, values: Mapping[str, Any]) -> datetime | None:
    """Return the instant that a rule counts from for a record, None where it has none."""
    anchor = rule.anchor
    if anchor is None or any(values.get(field) != wanted for field, wanted in anchor.when.items()):
        return None
    held = next((values[field] for field in anchor.fields if values.get(field)), None)
    return datetime.fromisoformat(held) if isinstance(held, str) else None


async def due(ctx: Context, rule: Compiled, id: UUID, since: datetime) -> datetime:
    """Return when a rule's time is over for a record, by the clock or in business time."""
    minutes = int(rule.options["after_minutes"])
    if rule.options.get("calendar", "24x7") == "24x7":
        return since + timedelta(minutes=minutes)
    if ctx.provides(WorkingTime):
        return await ctx.service(WorkingTime).after(rule.resource, id, since, minutes)
    own = await ctx.settings(AutomationSettings)
    return business_hours.after(own.hours(ctx), since, minutes)


async def wanted(
    ctx: Context, rule: Compiled, id: UUID, values: Mapping[str, Any]
) -> tuple[str, datetime] | None:
    """Return the cycle and instant at which a rule should look at a record; None where it needn't."""
    since = anchored(rule, values)
    if since is None or rule.broken:
        return None
    at = await due(ctx, rule, id, since)
    # Asked as of that instant: "older than" is true by then.
    if not matches(rule.condition, Moment(values=values, now=max(at, ctx.now))):
        return None
    return since.isoformat(), at


async def follow(ctx: Context, id: UUID, rules: Sequence[Compiled], values: Mapping[str, Any]) -> None:
    """Bring a record's timers up to date with its values."""
    kept = {row["rule"]: row for row in await ctx.db.fetch(KEPT, id, [rule.id for rule in rules])}
    new: list[tuple[UUID, str, datetime]] = []
    gone: list[UUID] = []
    for rule in rules:
        now = await wanted(ctx, rule, id, values)
        row = kept.get(rule.id)
        if now is None:
            if row is not None and row["fired_at"] is None:
                gone.append(rule.id)
        elif row is None or row["cycle"] != now[0] or (row["fired_at"] is None and row["due_at"] != now[1]):
            new.append((rule.id, *now))
    if new:
        await ctx.db.execute(
            SET, id, [one[0] for one in new], [one[1] for one in new], [one[2] for one in new]
        )
    if gone:
        await ctx.db.execute(UNSET, id, gone)
