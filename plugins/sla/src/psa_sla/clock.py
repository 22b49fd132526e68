"""The clock of a service level: a fold over an append-only log of stretches. Pure.

Each entry of a log says what holds from an instant on: whether the clock runs, on which business time, for which
target. What was consumed, when it will be or was used up, whether that was in time: all of it follows. A clock is
never shifted, so pauses of any length and calendars that change leave nothing behind.
"""

import datetime
from collections.abc import Sequence
from typing import Literal

import msgspec

from psa_sla.business_time import BusinessTime

State = Literal["running", "paused", "stopped", "left"]
"""`stopped`: the target's event has happened. `left`: merged or spam, no statistic counts it."""
Verdict = Literal["undecided", "met", "breached", "left"]
NONE = datetime.timedelta(0)


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """What holds from `at` until the next stretch; without target nothing is ever due."""

    at: datetime.datetime
    state: State
    hours: BusinessTime
    target: datetime.timedelta | None


Log = Sequence[Stretch]


def consumed(log: Log, until: datetime.datetime) -> datetime.timedelta:
    """Return the business time that the clock ran until an instant."""
    total = NONE
    for stretch, end in _spans(log, until):
        total += stretch.hours.elapsed(stretch.at, end)
    return total


def reaches(log: Log, level: datetime.timedelta) -> datetime.datetime | None:
    """Return the instant at which consumption reaches a level, assuming that a running clock keeps running.

    None while the clock stands below it.
    """
    if not log or level <= NONE:
        return log[0].at if log else None
    left = level
    for index, stretch in enumerate(log):
        if stretch.state != "running":
            continue
        if index + 1 == len(log):
            return stretch.hours.add(stretch.at, left)
        used = stretch.hours.elapsed(stretch.at, log[index + 1].at)
        if used >= left:
            return stretch.hours.add(stretch.at, left)
        left -= used
    return None


def due(log: Log) -> datetime.datetime | None:
    """Return when the present target is used up, also where that is past; None while paused or without target."""
    return reaches(log, log[-1].target) if log and log[-1].target is not None else None


def verdict(log: Log, *, breached: bool, now: datetime.datetime) -> Verdict:
    """Tell how it stands: exactly due is met; `breached` says that an earlier look found a breach, which stays."""
    if not log or log[-1].state == "left":
        return "left"
    limit = due(log)
    if breached or (limit is not None and limit < (log[-1].at if log[-1].state == "stopped" else now)):
        return "breached"
    return "met" if log[-1].state == "stopped" else "undecided"


def remaining(log: Log, now: datetime.datetime) -> datetime.timedelta | None:
    """Return the business time that is left, negative when overdue; None without target."""
    target = log[-1].target if log else None
    return None if target is None else target - consumed(log, now)


class Threshold(msgspec.Struct, frozen=True):
    """When to speak up: a percentage of the target, or so much business time before it is used up."""

    percent: int = 0
    before: datetime.timedelta = NONE

    @property
    def name(self) -> str:
        """`80%`, or `60m` before the end; unique within a clock."""
        return f"{self.percent}%" if self.percent else f"{int(self.before.total_seconds() // 60)}m"

    def level(self, target: datetime.timedelta) -> datetime.timedelta:
        """Return the consumption at which it is crossed."""
        return target * self.percent / 100 if self.percent else max(target - self.before, NONE)


BREACH = Threshold(percent=100)


def crossings(log: Log, thresholds: Sequence[Threshold]) -> list[tuple[datetime.datetime, Threshold]]:
    """Return when each threshold is or was crossed, in order; those that a standing clock won't cross are left out."""
    if not log or (target := log[-1].target) is None:
        return []
    found = [(reaches(log, one.level(target)), one) for one in thresholds]
    return sorted(
        ((at, one) for at, one in found if at is not None), key=lambda pair: (pair[0], pair[1].level(target))
    )


def _spans(log: Log, until: datetime.datetime) -> list[tuple[Stretch, datetime.datetime]]:
    ends = [*(stretch.at for stretch in log[1:]), until]
    return [
        (stretch, min(end, until))
        for stretch, end in zip(log, ends, strict=True)
        if stretch.state == "running" and stretch.at < until
    ]
