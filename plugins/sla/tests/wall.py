"""A slow, obvious reckoning of business time: look at the clock on the wall for every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from psa_sla.business_time import Calendar

MINUTE = timedelta(minutes=1)


def is_open(calendar: Calendar, moment: datetime) -> bool:
    local = moment.astimezone(ZoneInfo(calendar.zone)).replace(tzinfo=None)
    for days_ago in (0, 1):
        date = local.date() - timedelta(days=days_ago)
        shown = local.hour * 60 + local.minute + days_ago * 1440
        if any(window.start <= shown < window.end for window in calendar.windows(date)):
            return True
    return False


def elapsed(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """For instants on whole minutes."""
    total, moment = timedelta(0), start
    while moment < end:
        if is_open(calendar, moment):
            total += MINUTE
        moment += MINUTE
    return total


def add(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    moment = start
    while amount > timedelta(0):
        if is_open(calendar, moment):
            amount -= MINUTE
        moment += MINUTE
    return moment


def at(zone: str, text: str) -> datetime:
    """Read `2026-06-05 15:00` in a zone; an ambiguous time is the first."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
