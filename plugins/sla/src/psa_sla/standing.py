"""What an event does to a ticket's clocks: which entries their logs get, and how the ticket stands then. Pure."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from psa_sla import clock
from psa_sla.business_time import ALWAYS, BusinessTime
from psa_sla.clock import BREACH, State, Stretch, Threshold

Kind = Literal["response", "resolution"]
KINDS: tuple[Kind, ...] = ("response", "resolution")
DONE = frozenset(("resolved", "closed"))
GONE = frozenset(("merged", "spam"))


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """How the ticket is from `at` on."""

    at: datetime.datetime
    category: str
    first_response_at: datetime.datetime | None = None
    cause: str = ""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy that holds says; targets are None where it promises nothing."""

    targets: Mapping[Kind, datetime.timedelta | None]
    hours: BusinessTime
    version: UUID | None = None
    effective_at: datetime.datetime | None = None
    pauses: Collection[str] = ()
    thresholds: Sequence[Threshold] = (BREACH,)
    new_cycle: bool = False
    """Whether a reopened ticket starts over (SLA-27)."""


NOTHING = Terms(targets={"response": None, "resolution": None}, hours=ALWAYS)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch as it is logged; `version` None counts around the clock."""

    at: datetime.datetime
    state: State
    version: UUID | None
    hours: BusinessTime
    target: datetime.timedelta | None
    cause: str = ""

    @property
    def stretch(self) -> Stretch:
        """What the clock is reckoned with."""
        return Stretch(at=self.at, state=self.state, hours=self.hours, target=self.target)


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of a ticket in its present cycle; `told` are the thresholds that were told of."""

    cycle: int = 1
    log: tuple[Entry, ...] = ()
    breached_at: datetime.datetime | None = None
    told: frozenset[str] = frozenset()

    @property
    def stretches(self) -> list[Stretch]:
        """The log as it is reckoned with."""
        return [entry.stretch for entry in self.log]


def move(kind: Kind, before: Clock, situation: Situation, terms: Terms) -> Clock:
    """Return a clock after an event: the same one, or with further entries, or in a new cycle."""
    state, at = _wanted(kind, situation, terms)
    target = terms.targets[kind]
    if not before.log:
        # Who never had a clock gets one for open work that something is promised for (SLA-09).
        if target is None or state in ("stopped", "left"):
            return before
        return Clock(log=(_entry(at, state, terms, target, situation),), cycle=before.cycle, told=before.told)
    last = before.log[-1]
    at = max(at, last.at)
    if terms.effective_at is not None and last.version != terms.version and state == "running":
        at = max(at, terms.effective_at)
    if last.state == "stopped" and state == "stopped":
        return before
    reopened = kind == "resolution" and last.state == "stopped" and state in ("running", "paused")
    if reopened and terms.new_cycle and target is not None:
        return Clock(cycle=before.cycle + 1, log=(_entry(at, state, terms, target, situation),))
    added: list[Entry] = []
    if last.state == "running" and terms.version is not None and last.version not in (None, terms.version):
        # The calendar changed before this event: what ran since then counts by the new one (SLA-14).
        since = max(last.at, min(terms.effective_at or at, at))
        if since < at:
            last = _entry(since, "running", terms, last.target, situation)
            added.append(last)
    if state == "stopped":
        # What is decided keeps the target and the calendar it ran under.
        added.append(
            Entry(
                at=at,
                state=state,
                version=last.version,
                hours=last.hours,
                target=last.target,
                cause=situation.cause,
            )
        )
    elif (last.state, last.target) != (state, target) or (
        state == "running" and last.version != terms.version
    ):
        added.append(_entry(at, state, terms, target, situation))
    if not added:
        return before
    return _settled(before, tuple(added))


def _wanted(kind: Kind, situation: Situation, terms: Terms) -> tuple[State, datetime.datetime]:
    if situation.category in GONE:
        return "left", situation.at
    if kind == "response" and situation.first_response_at is not None:
        return "stopped", situation.first_response_at
    if situation.category in DONE:
        return "stopped", situation.at
    paused = kind == "resolution" and situation.category in terms.pauses
    return "paused" if paused else "running", situation.at


def _entry(
    at: datetime.datetime, state: State, terms: Terms, target: datetime.timedelta | None, situation: Situation
) -> Entry:
    return Entry(
        at=at, state=state, version=terms.version, hours=terms.hours, target=target, cause=situation.cause
    )


def _settled(before: Clock, added: tuple[Entry, ...]) -> Clock:
    """Append entries; a breach that the old or the new target makes certain is one from then on (SLA-13)."""
    log = (*before.log, *added)
    breached_at = before.breached_at
    if breached_at is None:
        limits = (clock.due(before.stretches), clock.due([entry.stretch for entry in log]))
        passed = [limit for limit in limits if limit is not None and limit < added[-1].at]
        breached_at = min(passed, default=None)
    return Clock(cycle=before.cycle, log=log, breached_at=breached_at, told=before.told)


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """How a clock stands at an instant; `due_at` is None while it stands and where nothing is promised."""

    state: Literal["none", "running", "paused", "met", "breached"] = "none"
    due_at: datetime.datetime | None = None
    breached_at: datetime.datetime | None = None
    warned: bool = False
    next_at: datetime.datetime | None = None


def stand(found: Clock, thresholds: Sequence[Threshold], now: datetime.datetime) -> Stand:
    """Return how a clock stands."""
    log = found.stretches
    if not log or log[-1].state == "left" or (log[-1].target is None and found.breached_at is None):
        return Stand()
    due = clock.due(log)
    ended = log[-1].state == "stopped"
    breached_at = found.breached_at
    if breached_at is None and due is not None and due < (log[-1].at if ended else now):
        breached_at = due
    crossed = [] if ended else clock.crossings(log, thresholds)
    waiting = [at for at, one in crossed if one.name not in found.told]
    if breached_at is not None and BREACH.name not in found.told:
        waiting.append(breached_at)
    state: Literal["running", "paused", "met", "breached"] = "running"
    if breached_at is not None:
        state = "breached"
    elif ended:
        state = "met"
    elif log[-1].state == "paused":
        state = "paused"
    return Stand(
        state=state,
        due_at=due if log[-1].state == "running" or breached_at is not None else None,
        breached_at=breached_at,
        warned=any(at < now for at, _ in crossed),
        next_at=min(waiting, default=None),
    )


def told_by(
    found: Clock, thresholds: Sequence[Threshold], now: datetime.datetime
) -> list[tuple[datetime.datetime, Threshold]]:
    """Return what is to be told by now and wasn't, in order (SLA-30, SLA-31)."""
    log = found.stretches
    if not log or log[-1].state == "left":
        return []
    crossed = [] if log[-1].state == "stopped" else clock.crossings(log, thresholds)
    wanted = [(at, one) for at, one in crossed if at < now and one != BREACH]
    breached_at = stand(found, thresholds, now).breached_at
    if breached_at is not None:
        wanted.append((breached_at, BREACH))
    return sorted(
        ((at, one) for at, one in wanted if one.name not in found.told),
        key=lambda pair: (pair[0], pair[1].percent),
    )


def overall(
    clocks: Mapping[Kind, Stand],
) -> tuple[Literal["none", "on_track", "warning", "paused", "breached", "met"], datetime.datetime | None]:
    """Return how a ticket stands in one word, and the next target that is due."""
    known = [one for one in clocks.values() if one.state != "none"]
    running = [one for one in known if one.state == "running"]
    due = min((one.due_at for one in running if one.due_at is not None), default=None)
    if any(one.state == "breached" for one in known):
        return "breached", due
    if any(one.warned for one in running):
        return "warning", due
    if running:
        return "on_track", due
    if any(one.state == "paused" for one in known):
        return "paused", None
    return ("met" if known else "none"), None
