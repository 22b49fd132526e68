"""A tenant's rules, read once and kept compiled: each event asks for ids and versions only."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_automation import actions
from psa_automation.api import RULES, Action, Anchor, Arguments
from psa_automation.conditions import AllOf, Condition, read, tests
from psa_automation.fields import Catalogue, catalogue
from psa_automation.tables import Rule as RuleTable
from psa_sdk import Context
from psa_sdk.placeholders import placeholders

KEPT = 5000
PRESENT = (
    "SELECT id, version, consecutive_failures FROM automation.rule"
    " WHERE resource = $1 AND is_active AND trigger_type = ANY($2::text[]) ORDER BY priority, id"
)


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, ready to be run; `broken` says why it can't be any more, since something it names is gone."""

    id: UUID
    name: str
    resource: str
    trigger_type: str
    options: Mapping[str, Any]
    condition: Condition
    steps: tuple[tuple[Action, Arguments], ...]
    stops: bool
    needs: frozenset[str]
    """Relationships whose records' values the rule asks or fills in."""
    anchor: Anchor | None = None
    """What a time-based rule counts from."""
    broken: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A compiled rule and how often it failed since it last succeeded."""

    rule: Compiled
    failures: int


_kept: OrderedDict[tuple[UUID, int], Compiled] = OrderedDict()


def needed(
    condition: Condition, steps: Sequence[tuple[Action, Arguments]], known: Catalogue
) -> frozenset[str]:
    """Return the relationships to load for a rule."""
    paths = {test.field for test in tests(condition)}
    for action, given in steps:
        for parameter in action.parameters:
            held = given.get(parameter.name)
            if parameter.filled and isinstance(held, str):
                paths |= placeholders(held)
    return frozenset(
        path.partition(".")[0] for path in paths if "." in path and path.partition(".")[0] in known.relations
    )


def _leading(anchor: Anchor | None) -> frozenset[str]:
    paths = (*anchor.fields, *anchor.when) if anchor else ()
    return frozenset(path.partition(".")[0] for path in paths if "." in path)


def compiled(row: Mapping[str, Any], known: Catalogue) -> Compiled:
    """Compile a rule's row."""
    reading = read(row["conditions"], known.kinds)
    absent = [step["action"] for step in row["actions"] if step["action"] not in known.actions]
    broken = [fault.detail for fault in reading.faults]
    broken += [f"There is no action {name}." for name in absent]
    anchor = known.anchors.get(str(row["trigger_options"].get("since", "")))
    steps = tuple(
        (known.actions[step["action"]], {name: value for name, value in step.items() if name != "action"})
        for step in row["actions"]
        if step["action"] in known.actions
    )
    condition: Condition = reading.condition if not broken else AllOf()
    return Compiled(
        id=row["id"],
        name=row["name"],
        resource=row["resource"],
        trigger_type=row["trigger_type"],
        options=row["trigger_options"],
        condition=condition,
        steps=steps,
        stops=row["stops"],
        needs=needed(condition, steps, known) | _leading(anchor),
        anchor=anchor,
        broken=" ".join(broken),
    )


async def active(ctx: Context, resource: str, triggers: Sequence[str]) -> list[Entry]:
    """Return the active rules of a resource for some triggers, in their order."""
    present = await ctx.db.fetch(PRESENT, resource, list(triggers))
    missing = [row["id"] for row in present if (row["id"], row["version"]) not in _kept]
    if missing:
        known = await catalogue(ctx, resource, actions.common(ctx))
        for row in await ctx.as_system().records.find(RULES, RuleTable.id.is_in(missing)):
            keep(row, compiled(row, known))
    found: list[Entry] = []
    for row in present:
        rule = _kept.get((row["id"], row["version"]))
        if rule is not None:
            _kept.move_to_end((row["id"], row["version"]))
            found.append(Entry(rule, row["consecutive_failures"]))
    return found


async def one(ctx: Context, id: UUID) -> tuple[Compiled, bool]:
    """Return a rule, compiled anew, and whether it is active. Raises `NotFound`."""
    row = await ctx.as_system().records.get(RULES, id)
    known = await catalogue(ctx, row["resource"], actions.common(ctx))
    return compiled(row, known), row["is_active"]


def keep(row: Mapping[str, Any], rule: Compiled) -> None:
    """Remember a compiled rule; the one that wasn't used for the longest time goes."""
    _kept[row["id"], row["version"]] = rule
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
