"""Prepaid hours: which work burns which grant (CON-10 to CON-14). Pure; minutes are whole.

The allocation is a function of grants and work alone. Whoever runs it, whenever and how often, finds the same.
"""

import datetime
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from uuid import UUID

import msgspec

GrantKind = Literal["period", "purchase", "manual", "rollover"]
_RANK: dict[GrantKind, int] = {"rollover": 0, "period": 1, "purchase": 2, "manual": 2}
_LAST = datetime.datetime.max.replace(tzinfo=datetime.UTC)


class Stretch(msgspec.Struct, frozen=True):
    """Minutes of work that each burn a multiple."""

    minutes: int
    weight: Decimal = Decimal(1)


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Approved work under a contract, in its own order; what is `locked` keeps what it burned."""

    id: UUID
    date: datetime.date
    started_at: datetime.datetime | None = None
    work_type: UUID | None = None
    stretches: Sequence[Stretch]
    locked: bool = False

    @property
    def minutes(self) -> int:
        """Billable minutes."""
        return sum(one.minutes for one in self.stretches)


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes that work between two dates may burn, both included; no end means never.

    A rollover has no minutes of its own: it gets what `follows` has left after its end, up to `cap`.
    """

    key: str
    kind: GrantKind
    minutes: int = 0
    valid_from: datetime.date
    expires_on: datetime.date | None = None
    granted_on: datetime.date
    work_type: UUID | None = None
    follows: str = ""
    cap: int = 0

    def takes(self, work: Work) -> bool:
        """Tell whether work may burn of it."""
        return (
            self.valid_from <= work.date
            and (self.expires_on is None or work.date <= self.expires_on)
            and self.work_type in {None, work.work_type}
        )

    @property
    def place(self) -> tuple[object, ...]:
        """First in, first out by expiry, never last; what rolled over before what is fresh (CON-10, CON-11)."""
        return (self.expires_on or datetime.date.max, _RANK[self.kind], self.granted_on, self.key)


Burns = Mapping[tuple[str, UUID], int]
"""Minutes by grant and work."""


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """What follows: each grant's size, what burns it, what of it rolls on or expires, and what work is covered."""

    granted: dict[str, int]
    burns: dict[tuple[str, UUID], int]
    rolled: dict[str, int]
    expired: dict[str, int]
    covered: dict[UUID, int]
    """Minutes of the work itself, from its start on."""

    def left(self, key: str) -> int:
        """Return what can still be burned of a grant."""
        burned = sum(minutes for (grant, _), minutes in self.burns.items() if grant == key)
        return self.granted[key] - burned - self.rolled.get(key, 0) - self.expired.get(key, 0)


def weighted(stretches: Sequence[Stretch], minutes: int, *, by_weight: bool = True) -> int:
    """Return what the first minutes of work burn, rounded half up (CON-13).

    Example:
        >>> weighted([Stretch(30), Stretch(90, Decimal("1.5"))], 120)
        165
    """
    if not by_weight:
        return minutes
    burned = Decimal(0)
    for stretch in stretches:
        part = min(stretch.minutes, minutes)
        burned += part * stretch.weight
        minutes -= part
    return int(burned.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def coverable(stretches: Sequence[Stretch], available: int, *, by_weight: bool = True) -> tuple[int, int]:
    """Return how many minutes of work can be covered, and what they burn: whole minutes from the start on."""
    low, high = 0, sum(one.minutes for one in stretches)
    while low < high:
        middle = (low + high + 1) // 2
        if weighted(stretches, middle, by_weight=by_weight) <= available:
            low = middle
        else:
            high = middle - 1
    return low, weighted(stretches, low, by_weight=by_weight)


def allocate(
    grants: Sequence[Grant],
    work: Sequence[Work],
    today: datetime.date,
    *,
    held: Burns | None = None,
    by_weight: bool = True,
) -> Allocation:
    """Let work burn grants by work date, start and id (CON-14). What locked work holds is not moved."""
    book = _Book(grants, held or {}, today)
    covered: dict[UUID, int] = {}
    for one in sorted(work, key=_order):
        if one.locked:
            burned = sum(minutes for (_, source), minutes in book.burns.items() if source == one.id)
            covered[one.id] = coverable(one.stretches, burned, by_weight=by_weight)[0]
            continue
        usable = [grant for grant in book.ordered if grant.takes(one) and book.left(grant.key) > 0]
        available = sum(book.left(grant.key) for grant in usable)
        covered[one.id], burn = coverable(one.stretches, available, by_weight=by_weight)
        for grant in usable:
            share = min(burn, book.left(grant.key))
            if share:
                book.burn(grant.key, one.id, share)
                burn -= share
    return book.closed(covered)


def _order(work: Work) -> tuple[object, ...]:
    return (work.date, work.started_at or _LAST, work.id)


class _Book:
    """The running state of an allocation."""

    def __init__(self, grants: Sequence[Grant], held: Burns, today: datetime.date) -> None:
        self.grants = {grant.key: grant for grant in grants}
        self.ordered = sorted(grants, key=lambda grant: grant.place)
        self.today = today
        self.burns = {key: minutes for key, minutes in held.items() if minutes > 0}
        self._used: dict[str, int] = {}
        for (key, _), minutes in self.burns.items():
            self._used[key] = self._used.get(key, 0) + minutes
        self._sizes: dict[str, int] = {}

    def size(self, key: str) -> int:
        """Return a grant's minutes; a rollover is measured when its time has come, all earlier work being done."""
        if key not in self._sizes:
            grant = self.grants[key]
            minutes = grant.minutes
            if grant.kind == "rollover":
                rest = self.size(grant.follows) - self._used.get(grant.follows, 0)
                minutes = min(grant.cap, max(rest, 0)) if grant.follows in self.grants else 0
            self._sizes[key] = max(minutes, self._used.get(key, 0))
        return self._sizes[key]

    def left(self, key: str) -> int:
        return self.size(key) - self._used.get(key, 0)

    def burn(self, key: str, work: UUID, minutes: int) -> None:
        self.burns[key, work] = self.burns.get((key, work), 0) + minutes
        self._used[key] = self._used.get(key, 0) + minutes

    def closed(self, covered: dict[UUID, int]) -> Allocation:
        granted = {grant.key: self.size(grant.key) for grant in self.ordered}
        rolled: dict[str, int] = {}
        for grant in self.ordered:
            if grant.kind == "rollover" and granted[grant.key] and grant.follows in granted:
                rolled[grant.follows] = min(granted[grant.key], max(self.left(grant.follows), 0))
        expired = {
            grant.key: rest
            for grant in self.ordered
            if grant.expires_on is not None
            and grant.expires_on < self.today
            and (rest := self.left(grant.key) - rolled.get(grant.key, 0)) > 0
        }
        return Allocation(granted=granted, burns=self.burns, rolled=rolled, expired=expired, covered=covered)
