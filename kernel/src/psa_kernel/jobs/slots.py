"""Slots: the instants that a cron expression means in a zone (daylight saving included)."""

import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim

from psa_sdk.actors import CatchUp

FRESH: Final = datetime.timedelta(minutes=1)
"""How late a slot of `catch_up="none"` may still fire."""
MOST: Final = 100
"""How many missed slots of `catch_up="all"` fire at once; the rest follow at the next tick."""


class Due(msgspec.Struct, frozen=True):
    """What to do with a schedule now: slots to fire, the latest slot dealt with, when to look again."""

    fire: tuple[datetime.datetime, ...]
    last: datetime.datetime | None
    next_at: datetime.datetime


def following(cron: str, zone: str, instant: datetime.datetime) -> datetime.datetime:
    """Return the first slot after an instant, in UTC.

    Example:
        >>> from datetime import UTC, datetime
        >>> following("30 6 * * *", "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC)).isoformat()
        '2026-03-29T04:30:00+00:00'
    """
    return next(CronSim(cron, instant.astimezone(ZoneInfo(zone)))).astimezone(datetime.UTC)


def latest_until(cron: str, zone: str, present: datetime.datetime) -> datetime.datetime:
    """Return the last slot up to an instant, that instant included, in UTC."""
    after = present.astimezone(ZoneInfo(zone)) + datetime.timedelta(seconds=1)
    return next(slot for slot in CronSim(cron, after, reverse=True) if slot <= present).astimezone(
        datetime.UTC
    )


def due(
    cron: str,
    zone: str,
    next_at: datetime.datetime | None,
    last: datetime.datetime | None,
    present: datetime.datetime,
    catch_up: CatchUp,
) -> Due:
    """Decide about the slots from `next_at` to the present.

    `one` fires the latest once however many were missed, `all` fires each, `none` the latest only while it is
    fresh. A schedule without `next_at` is new: its first slot is yet to come.
    """
    if next_at is None or next_at > present:
        return Due((), None, following(cron, zone, present))
    slots = [next_at] if last is None or next_at > last else []
    if catch_up == "all":
        while (
            len(slots) < MOST and (slot := following(cron, zone, slots[-1] if slots else next_at)) <= present
        ):
            slots.append(slot)
        latest = slots[-1] if slots else next_at
        return Due(tuple(slots), latest, following(cron, zone, latest))
    latest = max(next_at, latest_until(cron, zone, present))
    fires = (last is None or latest > last) and (catch_up == "one" or present - latest <= FRESH)
    return Due((latest,) if fires else (), latest, following(cron, zone, present))
