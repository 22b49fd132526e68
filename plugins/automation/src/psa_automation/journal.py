"""The log of what rules did, which also keeps each to once per record and cycle."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from psa_sdk import Context

if TYPE_CHECKING:
    from psa_automation.running import Occurrence

# The log is no record that others change, so its rows are written past audit and events.
CLAIM = """
INSERT INTO automation.run (rule, subject_kind, subject_id, trigger, cycle, level, created_at, updated_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $7
WHERE $6 = 0 OR NOT EXISTS (
    SELECT FROM automation.run r JOIN automation.rule o ON o.tenant_id = r.tenant_id AND o.id = r.rule
    WHERE r.subject_id = $3 AND r.cycle = $5 AND r.trigger = $4 AND r.level > $6)
ON CONFLICT (tenant_id, rule, subject_id, cycle) DO NOTHING RETURNING id"""
FINISH = "UPDATE automation.run SET outcome = $2, detail = $3::text::jsonb, error = $4, milliseconds = $5 WHERE id = $1"
NOTE = """
INSERT INTO automation.run (rule, subject_kind, subject_id, trigger, cycle, outcome, detail, created_at, updated_at)
SELECT r.id, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $8 FROM automation.rule r WHERE r.id = $1
ON CONFLICT (tenant_id, rule, subject_id, cycle) DO NOTHING"""


async def claim(ctx: Context, rule: UUID, happened: "Occurrence") -> UUID | None:
    """Begin a run; None when the rule has run for this record and cycle, or a higher level has."""
    return await ctx.db.fetch_value(
        CLAIM,
        rule,
        happened.resource,
        happened.id,
        happened.trigger,
        happened.cycle,
        happened.level,
        ctx.now,
    )


async def done(ctx: Context, run: UUID, detail: Sequence[str], milliseconds: int) -> None:
    """Tell what a run did."""
    await ctx.db.execute(FINISH, run, "done", msgspec.json.encode(detail).decode(), "", milliseconds)


async def failed(ctx: Context, run: UUID, error: str, milliseconds: int) -> None:
    """Tell why a run failed."""
    await ctx.db.execute(FINISH, run, "failed", "[]", error, milliseconds)


async def note(ctx: Context, rule: UUID, happened: "Occurrence", outcome: str, chain: Sequence[str]) -> None:
    """Tell that a rule was kept from running, and by which chain; once per event."""
    cycle = f"{outcome}:{happened.cycle}"
    detail = msgspec.json.encode(chain).decode()
    await ctx.db.execute(
        NOTE, rule, happened.resource, happened.id, happened.trigger, cycle, outcome, detail, ctx.now
    )
