"""How much people were there to work: schedules, absences, and what is missing (TIME-37, TIME-38)."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_time.api import Absences
from psa_time.clock_times import DAY
from psa_time.settings import DAYS, TimeSettings, weekday_number

SCHEDULES = "SELECT * FROM time.work_schedule WHERE account = ANY($1::uuid[]) ORDER BY account, starts_on"


class Plan(msgspec.Struct, frozen=True):
    """A schedule from a date on: minutes by weekday, Monday first; `ends_on` is the last day of work."""

    starts_on: datetime.date
    minutes: tuple[int, ...]
    ends_on: datetime.date | None = None


def expected_minutes(plans: Sequence[Plan], default: Sequence[int], date: datetime.date) -> int:
    """Return the minutes somebody should work on a date.

    The latest plan that began holds; before the first plan and after an end nothing is expected. Who has no plan
    works the default week.

    Example:
        >>> half = Plan(datetime.date(2026, 5, 4), (240, 240, 240, 240, 240, 0, 0))
        >>> week = (480,) * 5 + (0, 0)
        >>> [expected_minutes([half], week, datetime.date(2026, 5, day)) for day in (1, 4, 9)]
        [0, 240, 0]
        >>> expected_minutes([], week, datetime.date(2026, 5, 1))
        480
    """
    if not plans:
        return default[date.weekday()]
    begun = [plan for plan in plans if plan.starts_on <= date]
    if not begun:
        return 0
    plan = max(begun, key=lambda one: one.starts_on)
    return 0 if plan.ends_on is not None and date > plan.ends_on else plan.minutes[date.weekday()]


def dates(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """Return the dates of a period, both ends included."""
    return [first + DAY * offset for offset in range((last - first).days + 1)]


class Attendance(msgspec.Struct, frozen=True):
    """What was expected of an account on each date, and how much of that it was away."""

    expected: Mapping[tuple[UUID, datetime.date], int]
    away: Mapping[tuple[UUID, datetime.date], int]

    def total(self, account_id: UUID) -> tuple[int, int]:
        """Return the minutes expected of an account and those it was away."""
        due = sum(minutes for key, minutes in self.expected.items() if key[0] == account_id)
        return due, sum(
            min(minutes, self.expected.get(key, 0))
            for key, minutes in self.away.items()
            if key[0] == account_id
        )


async def attendance(
    ctx: Context, account_ids: Collection[UUID], first: datetime.date, last: datetime.date
) -> Attendance:
    """Return what was expected of accounts between two dates, and their absences."""
    own = await ctx.settings(TimeSettings)
    working = {weekday_number(day) for day in own.business_days}
    default = [own.workday_minutes if day in working else 0 for day in range(7)]
    plans: dict[UUID, list[Plan]] = {account: [] for account in account_ids}
    for row in await ctx.db.fetch(SCHEDULES, list(account_ids)):
        plans[row["account"]].append(_plan(row))
    expected = {
        (account, date): expected_minutes(plans[account], default, date)
        for account in account_ids
        for date in dates(first, last)
    }
    away: Mapping[tuple[UUID, datetime.date], int] = {}
    if ctx.provides(Absences):
        away = await ctx.service(Absences).minutes_away(account_ids, first, last)
    return Attendance(expected, away)


def _plan(row: Mapping[str, Any]) -> Plan:
    return Plan(row["starts_on"], tuple(row[day] for day in DAYS), row["ends_on"])
