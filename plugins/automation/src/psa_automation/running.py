"""Running rules on a record: in order, once per cycle, never in circles; what fails is undone alone (AUT-01, AUT-04)."""

import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog

from psa_automation import facts, health, journal, rulebook, timers
from psa_automation.api import Case
from psa_automation.conditions import Condition, Moment, matches
from psa_automation.operators import Edge
from psa_automation.rulebook import Compiled, Entry
from psa_sdk import Context

DEPTH = 5
"""How many automations may lead to one another."""
_log = structlog.get_logger(__name__)


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to a record that rules may wait for."""

    resource: str
    id: UUID
    trigger: str
    cycle: str
    changes: Mapping[str, Edge] = {}
    extra: Mapping[str, Any] = {}
    level: int = 0


class StoredAutomation:
    """Implements `psa_automation.api.Automation`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def tell(
        self,
        resource: str,
        id: UUID,
        occasion: str,
        *,
        changes: Mapping[str, tuple[Any, Any]] | None = None,
        values: Mapping[str, Any] | None = None,
        level: int = 0,
        cycle: str = "",
    ) -> None:
        """Run the rules that wait for an occasion; changes also move what time-based rules wait for."""
        happened = Occurrence(
            resource=resource,
            id=id,
            trigger=occasion,
            cycle=cycle or str(self._ctx.root_id or self._ctx.event_id or self._ctx.request_id),
            changes={name: Edge(old, new) for name, (old, new) in (changes or {}).items()},
            extra=values or {},
            level=level,
        )
        kinds = (occasion, timers.TRIGGER) if occasion in {"created", "updated"} else (occasion,)
        found = await rulebook.active(self._ctx, resource, kinds)
        if not found:
            return
        timed = [entry.rule for entry in found if entry.rule.trigger_type == timers.TRIGGER]
        waiting = [entry for entry in found if entry.rule.trigger_type == occasion]
        needs = frozenset[str]().union(*(entry.rule.needs for entry in found))
        loaded = await facts.load(self._ctx, resource, id, needs)
        if loaded is None:
            return
        if await run_all(self._ctx, happened, waiting, loaded, needs) and timed:
            loaded = await facts.load(self._ctx, resource, id, needs) or loaded
        if timed:
            await timers.follow(self._ctx, id, timed, loaded)


def holds(condition: Condition, values: Mapping[str, Any], happened: Occurrence, ctx: Context) -> bool:
    """Tell whether a condition holds for a record at an occurrence."""
    seen = {**values, **happened.extra} if happened.extra else values
    return matches(condition, Moment(values=seen, now=ctx.now, changes=happened.changes))


async def run_all(
    ctx: Context,
    happened: Occurrence,
    entries: Sequence[Entry],
    loaded: Mapping[str, Any],
    needs: frozenset[str],
) -> bool:
    """Run rules one after the other, each on what the former ones left; returns whether one did something."""
    initial, values = loaded, loaded
    acted: list[UUID] = []
    for entry in entries:
        rule = entry.rule
        if happened.level and int(rule.options.get("level", 0)) != happened.level:
            continue
        try:
            if rule.broken:
                raise BrokenRule(rule.broken)
            if not holds(rule.condition, values, happened, ctx):
                continue
            # Rules that this one only follows from what they did: they belong to its chain.
            caused = [] if not acted or holds(rule.condition, initial, happened, ctx) else acted
        except Exception as error:  # noqa: BLE001 - any failure is the rule's own, told in its log
            await _unreadable(ctx, happened, rule, error)
            continue
        if not await _may_run(ctx, happened, rule, values, [*ctx.trail, *caused]):
            continue
        if await _run_one(ctx, happened, entry, values, caused):
            acted.append(rule.id)
            values = await facts.load(ctx, happened.resource, happened.id, needs) or values
        if rule.stops:
            break
    return bool(acted)


class BrokenRule(Exception):
    """A rule names what doesn't exist any more."""


async def _unreadable(ctx: Context, happened: Occurrence, rule: Compiled, error: Exception) -> None:
    claim = await journal.claim(ctx, rule.id, happened)
    if claim is not None:
        await journal.failed(ctx, claim, told(error), 0)
        await health.failed(ctx, rule.id, rule.name, told(error))


async def _may_run(
    ctx: Context, happened: Occurrence, rule: Compiled, values: Mapping[str, Any], chain: Sequence[UUID]
) -> bool:
    """Refuse circles and chains that get too long, telling so; a rule never follows itself."""
    if ctx.trail and ctx.trail[-1] == rule.id:
        return False
    case = case_of(rule, happened, values)
    if rule.id in chain:
        if not all(step.settled is not None and step.settled(case, given) for step, given in rule.steps):
            for member in dict.fromkeys(chain[list(chain).index(rule.id) :]):
                await journal.note(ctx, member, happened, "loop", [str(one) for one in chain])
        return False
    if len(chain) >= DEPTH:
        await journal.note(ctx, rule.id, happened, "too_deep", [str(one) for one in chain])
        return False
    return True


def case_of(rule: Compiled, happened: Occurrence, values: Mapping[str, Any]) -> Case:
    """Return what a rule's actions act on."""
    return Case(
        resource=happened.resource,
        id=happened.id,
        values={**values, **happened.extra},
        rule_id=rule.id,
        rule_name=rule.name,
        trigger=happened.trigger,
    )


async def _run_one(
    ctx: Context, happened: Occurrence, entry: Entry, values: Mapping[str, Any], caused: Sequence[UUID]
) -> bool:
    rule = entry.rule
    claim = await journal.claim(ctx, rule.id, happened)
    if claim is None:
        return False
    began = time.monotonic()
    try:
        async with ctx.savepoint():
            told_of = await act(ctx, rule, happened, values, caused)
    except Exception as error:  # noqa: BLE001 - any failure is the rule's own, told in its log
        text = told(error)
        _log.warning("a rule failed", rule=str(rule.id), record=str(happened.id), error=text)
        await journal.failed(ctx, claim, text, _milliseconds(began))
        await health.failed(ctx, rule.id, rule.name, text)
        return False
    await journal.done(ctx, claim, told_of, _milliseconds(began))
    if entry.failures:
        await health.recovered(ctx, rule.id)
    return True


async def act(
    ctx: Context,
    rule: Compiled,
    happened: Occurrence,
    values: Mapping[str, Any],
    caused: Sequence[UUID] = (),
    *,
    inward: bool = False,
) -> list[str]:
    """Do what a rule says, in its name; `inward` leaves out what can't be taken back. Returns what was done."""
    acting = ctx
    for earlier in caused:
        acting = acting.as_automation(earlier, "")
    acting = acting.as_automation(rule.id, rule.name)
    case = case_of(rule, happened, values)
    told_of: list[str] = []
    for step, given in rule.steps:
        if inward and step.outward:
            told_of.append(f"{step.title}: left out of a trial")
            continue
        told_of.append(await step.run(acting, case, given))
    return told_of


def _milliseconds(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def told(error: BaseException) -> str:
    """Return an error with its innermost places, without any values."""
    places = traceback.extract_tb(error.__traceback__)[-6:]
    lines = [
        f"  {place.name} ({place.filename.rsplit('/', 1)[-1]}:{place.lineno})" for place in reversed(places)
    ]
    return "\n".join([f"{type(error).__name__}: {error}"[:2000], *lines])[:4000]
