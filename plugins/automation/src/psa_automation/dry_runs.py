"""Dry runs: how often a rule would have matched, by the same evaluation that runs it (AUT-04, X-13)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_automation import actions, facts, rulebook
from psa_automation.conditions import has_edges
from psa_automation.fields import catalogue
from psa_automation.operators import Edge
from psa_automation.rulebook import Compiled
from psa_automation.running import Occurrence, act, holds, told
from psa_sdk import Context
from psa_sdk.documents import Documents

MOST = 500
SHOWN = 10
CHANGES = """
SELECT record_id, old::text AS old, new::text AS new FROM psa.audit_entry
WHERE resource = $1 AND action = 'updated' AND record_id IS NOT NULL ORDER BY occurred_at DESC, id DESC LIMIT $2"""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a rule would have matched."""

    id: UUID
    label: str


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """How many records were looked at, how many match, and the latest of those."""

    examined: int
    matched: int
    examples: Sequence[Match]


async def dry_run(ctx: Context, rule: Compiled, limit: int = MOST) -> DryRun:
    """Evaluate a rule over the latest records; a rule that asks what changed, over the latest updates."""
    if has_edges(rule.condition):
        examined, matched = await _over_updates(ctx, rule, limit)
    else:
        examined, matched = await _over_records(ctx, rule, limit)
    shown = list(dict.fromkeys(matched))[:SHOWN]
    names = await ctx.service(Documents).names(rule.resource, shown)
    return DryRun(
        examined=examined,
        matched=len(matched),
        examples=[Match(id=one, label=names.get(one, str(one))) for one in shown],
    )


async def _over_records(ctx: Context, rule: Compiled, limit: int) -> tuple[int, list[UUID]]:
    examined, matched, cursor = 0, list[UUID](), ""
    while examined < limit:
        size = min(facts.MOST, limit - examined)
        query = {
            "sort": "-created_at",
            "page[size]": str(size),
            **({"page[after]": cursor} if cursor else {}),
        }
        page, cursor = await facts.page(ctx, rule.resource, query, rule.needs)
        examined += len(page)
        matched += [record for record, values in page.items() if _matches(ctx, rule, record, values)]
        if not cursor or not page:
            break
    return examined, matched


async def _over_updates(ctx: Context, rule: Compiled, limit: int) -> tuple[int, list[UUID]]:
    rows = await ctx.db.fetch(CHANGES, rule.resource, limit)
    present: dict[UUID, dict[str, Any]] = {}
    ids = list(dict.fromkeys(row["record_id"] for row in rows))
    for start in range(0, len(ids), facts.MOST):
        wanted = ",".join(map(str, ids[start : start + facts.MOST]))
        query = {"filter[id][in]": wanted, "page[size]": str(facts.MOST)}
        present |= (await facts.page(ctx, rule.resource, query, rule.needs))[0]
    seen = [(row["record_id"], _edges(row)) for row in rows if row["record_id"] in present]
    return len(seen), [
        record for record, edges in seen if _matches(ctx, rule, record, present[record], edges)
    ]


def _edges(row: Mapping[str, Any]) -> dict[str, Edge]:
    old: dict[str, Any] = msgspec.json.decode(row["old"] or "{}")
    new: dict[str, Any] = msgspec.json.decode(row["new"] or "{}")
    return {name: Edge(old.get(name), new.get(name)) for name in old.keys() | new.keys()}


def _matches(
    ctx: Context, rule: Compiled, id: UUID, values: Mapping[str, Any], edges: Mapping[str, Edge] | None = None
) -> bool:
    happened = Occurrence(
        resource=rule.resource, id=id, trigger=rule.trigger_type, cycle="", changes=edges or {}
    )
    return holds(rule.condition, values, happened, ctx)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would do with one record."""

    matches: bool
    done: Sequence[str] = ()
    error: str = ""


class _TakenBack(Exception):
    """Ends a trial."""


async def try_on(ctx: Context, rule: Compiled, id: UUID) -> Trial:
    """Run a rule on one record and take everything back; what reaches outside is left out."""
    values = await facts.load(ctx, rule.resource, id, rule.needs)
    if values is None or not _matches(ctx, rule, id, values):
        return Trial(matches=False)
    happened = Occurrence(resource=rule.resource, id=id, trigger=rule.trigger_type, cycle="")
    done: Sequence[str] = ()
    try:
        async with ctx.savepoint():
            done = await act(ctx, rule, happened, values, inward=True)
            raise _TakenBack
    except _TakenBack:
        return Trial(matches=True, done=done)
    except Exception as error:  # noqa: BLE001 - shown to whoever writes the rule
        return Trial(matches=True, error=told(error).splitlines()[0])


async def drafted(ctx: Context, rule: Mapping[str, Any]) -> Compiled:
    """Compile a rule that isn't stored."""
    known = await catalogue(ctx, rule["resource"], actions.common(ctx))
    return rulebook.compiled(rule, known)
