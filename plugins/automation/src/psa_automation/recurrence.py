"""Occurrences of a rule of RFC 5545 in local time: 08:00 stays 08:00 where clocks change. Pure (TIC-61, CAL-01)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

MOST_SEARCHED = 20_000
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def check(rule: str) -> None:
    """Raise `ValueError` with a sentence for what is no recurrence of days, weeks, months or years.

    Example:
        >>> check("FREQ=WEEKLY;BYDAY=MO")
    """
    parts = {name: value for name, _, value in (part.partition("=") for part in rule.upper().split(";"))}
    if "\n" in rule or parts.get("FREQ") not in FREQUENCIES:
        raise ValueError("a recurrence begins with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY (RFC 5545)")
    if parts.keys() & {"BYHOUR", "BYMINUTE", "BYSECOND"}:
        raise ValueError("the time of day is the start's; leave BYHOUR, BYMINUTE and BYSECOND out")
    if "INTERVAL" in parts and (not parts["INTERVAL"].isdigit() or not 1 <= int(parts["INTERVAL"]) <= 1000):
        raise ValueError("INTERVAL is a number from 1 to 1000")
    try:
        rrulestr(_local_end(rule), dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - local time of any zone
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"the recurrence can't be read: {error}") from error


def localised(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time: the first of two, and past the gap where clocks skip it.

    Example:
        >>> localised(datetime(2026, 3, 8, 2, 30), ZoneInfo("America/New_York")).isoformat()
        '2026-03-08T07:30:00+00:00'
    """
    return moment.replace(tzinfo=zone, fold=0).astimezone(UTC)


def occurrences(rule: str, start: datetime, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Iterate over the instants after `after` of a recurrence whose first local time is `start`.

    A day that a month doesn't have is skipped, as RFC 5545 says (3.3.10).

    Example:
        >>> monday = datetime(2026, 3, 2, 9)
        >>> found = occurrences("FREQ=WEEKLY", monday, ZoneInfo("America/New_York"), datetime(2026, 3, 1, tzinfo=UTC))
        >>> [moment.isoformat() for moment in islice(found, 2)]
        ['2026-03-02T14:00:00+00:00', '2026-03-09T13:00:00+00:00']
    """
    series = rrulestr(_local_end(rule), dtstart=start)
    # A local time may be up to a gap later than its instant says: begin a day before and leave out.
    since = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    for moment in islice(series.xafter(since, inc=True), MOST_SEARCHED):
        instant = localised(moment, zone)
        if instant > after:
            yield instant


def first_after(rule: str, start: datetime, zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the next instant, None when the recurrence has ended."""
    return next(occurrences(rule, start, zone, after), None)


def missed(
    rule: str, start: datetime, zone: ZoneInfo, since: datetime, now: datetime, most: int = 100
) -> list[datetime]:
    """Return the instants after `since` and up to `now`, the latest ones when there are more than `most`."""
    found: list[datetime] = []
    for moment in occurrences(rule, start, zone, since):
        if moment > now:
            break
        found.append(moment)
    return found[-most:]


def _local_end(rule: str) -> str:
    """Return the rule with UNTIL in local time, as the start is."""
    return ";".join(
        part.rstrip("Z") if part.upper().startswith("UNTIL=") else part for part in rule.split(";")
    )
