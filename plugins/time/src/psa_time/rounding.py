"""Rounding of worked minutes to billable ones (TIME-01 to TIME-03). Pure: whole minutes in, whole minutes out."""

from collections.abc import Sequence
from typing import Literal

import msgspec

Method = Literal["up", "down", "nearest"]
RoundingScope = Literal["entry", "ticket", "ticket_day"]


class Rounding(msgspec.Struct, frozen=True, kw_only=True):
    """How minutes become billable: the minimum first, then the increment; `scope` says what is rounded together."""

    increment_minutes: int = 1
    method: Method = "up"
    minimum_minutes: int = 0
    scope: RoundingScope = "entry"


EXACT = Rounding()


def rounded_minutes(minutes: int, rule: Rounding, *, billable: bool = True) -> int:
    """Round worked minutes: minimum first, then increment, ties up; nothing stays nothing (TIME-01).

    Example:
        >>> quarter = Rounding(increment_minutes=15, method="up", minimum_minutes=15)
        >>> [rounded_minutes(minutes, quarter) for minutes in (0, 1, 16, 80)]
        [0, 15, 30, 90]
        >>> rounded_minutes(45, Rounding(increment_minutes=30, method="nearest"))
        60
    """
    if minutes <= 0 or not billable:
        return minutes
    step = rule.increment_minutes
    raised = max(minutes, rule.minimum_minutes)
    if rule.method == "up":
        return -(-raised // step) * step
    if rule.method == "down":
        return raised // step * step
    return (2 * raised + step) // (2 * step) * step


def minutes_of(seconds: int) -> int:
    """Return whole minutes of a duration: nearest, half up, and at least one of anything (TIME-06).

    Example:
        >>> [minutes_of(seconds) for seconds in (0, 1, 90, 920)]
        [0, 1, 2, 15]
    """
    return 0 if seconds <= 0 else max(1, (seconds + 30) // 60)


def shared_minutes(seconds: Sequence[int]) -> list[int]:
    """Turn the parts of one session into minutes that add up to the session's (largest remainder).

    Example:
        >>> shared_minutes([20, 20, 20]), shared_minutes([90, 30])
        ([1, 0, 0], [2, 0])
    """
    whole = minutes_of(sum(seconds))
    parts = [part // 60 for part in seconds]
    order = sorted(range(len(parts)), key=lambda i: (-(seconds[i] % 60), i))
    missing = whole - sum(parts)
    for place in range(max(missing, 0)):
        parts[order[place % len(order)]] += 1
    return parts


def settled(worked: Sequence[int], rule: Rounding, *, already: tuple[int, int] = (0, 0)) -> list[int]:
    """Return the billable minutes of entries that are rounded together (TIME-03, TIME-11).

    The difference to the whole sits on the last entry and, where something must go, eats backwards from there.
    `already` is what of the same group is invoiced: its worked and billable minutes.

    Example:
        >>> hourly = Rounding(increment_minutes=60, minimum_minutes=60, scope="ticket")
        >>> settled([45, 45, 5], hourly), settled([5], hourly, already=(45, 60))
        ([45, 45, 30], [0])
    """
    billed_worked, billed = already
    target = max(0, rounded_minutes(billed_worked + sum(worked), rule) - billed)
    shares = list(worked)
    difference = target - sum(shares)
    for place in range(len(shares) - 1, -1, -1):
        change = difference if difference > 0 else max(difference, -shares[place])
        shares[place] += change
        difference -= change
        if not difference:
            break
    return shares
