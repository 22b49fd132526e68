"""Whom to give work to: round robin and least loaded, as pure rules (TIC-50)."""

import datetime
from collections.abc import Sequence
from datetime import time
from uuid import UUID

import msgspec

from psa_automation.business_hours import Hours, is_open


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may take work; `place` counts a team's assignments, 0 for who never had one."""

    id: UUID
    open: int = 0
    place: int = 0
    last_at: datetime.datetime | None = None
    most_open: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether there is as much open work as there may be."""
        return self.most_open is not None and self.open >= self.most_open


def next_in_turn(order: Sequence[Candidate], present: Sequence[Candidate]) -> Candidate | None:
    """Return who follows the last one who got something, in the team's order, leaving out who isn't there.

    Example:
        >>> a, b, c = (Candidate(id=UUID(int=n), place=p) for n, p in ((1, 5), (2, 0), (3, 4)))
        >>> next_in_turn([a, b, c], [a, c]).id.int
        3
    """
    there = {candidate.id for candidate in present if not candidate.is_full}
    last = max(order, key=lambda one: one.place, default=None)
    start = order.index(last) + 1 if last is not None and last.place else 0
    return next((one for one in (*order[start:], *order[:start]) if one.id in there), None)


def least_loaded(present: Sequence[Candidate]) -> Candidate | None:
    """Return who has the least open work; ties go to who waited longest, then to the lower id.

    Example:
        >>> a, b, c = (Candidate(id=UUID(int=n), open=load) for n, load in ((1, 4), (2, 2), (3, 2)))
        >>> least_loaded([a, b, c]).id.int
        2
    """
    never = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    free = [candidate for candidate in present if not candidate.is_full]
    return min(free, key=lambda one: (one.open, one.last_at or never, one.id), default=None)


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """When somebody is there; without hours of one's own the team's hold."""

    takes_work: bool = True
    works_from: time | None = None
    works_until: time | None = None
    weekdays: frozenset[int] = frozenset()
    away_from: datetime.date | None = None
    away_until: datetime.date | None = None


def is_there(
    habits: Habits, common: Hours, zone: datetime.tzinfo, now: datetime.datetime, *, respect_hours: bool
) -> bool:
    """Tell whether somebody can be given work now; absences always count, hours where they are respected."""
    today = now.astimezone(zone).date()
    if not habits.takes_work:
        return False
    first, last = habits.away_from, habits.away_until
    if first is not None and last is not None and first <= today <= last:
        return False
    if not respect_hours:
        return True
    own = Hours(
        habits.works_from or common.start,
        habits.works_until or common.end,
        habits.weekdays or common.weekdays,
        zone,
    )
    return is_open(own, now)
