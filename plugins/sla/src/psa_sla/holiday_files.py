"""Holidays out of an iCalendar file (RFC 5545), as public-holiday lists come."""

import datetime
from collections.abc import Iterator
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar

from psa_sla.shapes import Holiday

_YEARS = 10
"""Years for which rules that aren't simply yearly are written out."""
_LONGEST = 60
"""Days of one entry."""


class Unreadable(ValueError):
    """A file is no calendar."""


def holidays_in(content: bytes, today: datetime.date) -> list[Holiday]:
    """Return the days of a file's events, by date. Cancelled events and those at a time of day are left out.

    `FREQ=YEARLY` without more stays a yearly holiday, other rules are written out for ten years from `today`'s on.
    Raises `Unreadable`.
    """
    try:
        calendars = Calendar.from_ical(content.decode("utf-8-sig", "replace"), multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise Unreadable("The file is no iCalendar file (.ics).") from error
    if not calendars:
        raise Unreadable("The file is no iCalendar file (.ics).")
    found: dict[tuple[datetime.date, str], Holiday] = {}
    for calendar in calendars:
        for event in calendar.walk("VEVENT"):
            for holiday in _holidays(event, today):
                found.setdefault((holiday.date, holiday.name), holiday)
    return sorted(found.values(), key=lambda one: (one.date, one.name))


def _holidays(event: Any, today: datetime.date) -> Iterator[Holiday]:
    start = event.get("DTSTART")
    if start is None or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    first = start.dt
    if isinstance(first, datetime.datetime):
        return
    name = " ".join(str(event.get("SUMMARY", "")).split())[:100] or "Holiday"
    days = range(min(max(_length(event, first), 1), _LONGEST))
    rule = event.get("RRULE")
    if rule is not None and set(rule) == {"FREQ"} and rule["FREQ"] == ["YEARLY"]:
        for day in days:
            yield Holiday(date=first + datetime.timedelta(days=day), name=name, yearly=True)
        return
    for date in _dates(rule, first, today):
        for day in days:
            yield Holiday(date=date + datetime.timedelta(days=day), name=name)


def _length(event: Any, first: datetime.date) -> int:
    end, duration = event.get("DTEND"), event.get("DURATION")
    if end is not None and not isinstance(end.dt, datetime.datetime):
        return (end.dt - first).days
    return duration.dt.days if duration is not None else 1


def _dates(rule: Any, first: datetime.date, today: datetime.date) -> list[datetime.date]:
    if rule is None:
        return [first]
    midnight = _midnight(first)
    text = ";".join(part for part in rule.to_ical().decode().split(";") if not part.startswith("UNTIL="))
    last = datetime.date(today.year + _YEARS, 12, 31)
    if "UNTIL" in rule:
        until = rule["UNTIL"][0]
        last = min(last, until.date() if isinstance(until, datetime.datetime) else until)
    begin = max(first, datetime.date(today.year, 1, 1))
    occurrences = rrulestr(text, dtstart=midnight).between(_midnight(begin), _midnight(last), inc=True)
    return [one.date() for one in occurrences]


def _midnight(date: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(date, datetime.time(), datetime.UTC)
