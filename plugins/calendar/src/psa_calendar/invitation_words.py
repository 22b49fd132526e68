"""The words of mails about appointments, in English and German. Pure."""

import datetime
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

Said = Literal["invited", "changed", "cancelled"]
SUBJECTS: Final[Mapping[str, Mapping[Said, str]]] = {
    "en": {
        "invited": "Appointment: {title}",
        "changed": "Changed: {title}",
        "cancelled": "Cancelled: {title}",
    },
    "de": {"invited": "Termin: {title}", "changed": "Geändert: {title}", "cancelled": "Abgesagt: {title}"},
}
LINES: Final[Mapping[str, tuple[str, str]]] = {"en": ("When", "Where"), "de": ("Wann", "Wo")}


class Words(msgspec.Struct, frozen=True):
    """A mail's words."""

    subject: str
    text: str


def written(language: str, said: Said, row: Mapping[str, Any], zone: datetime.tzinfo) -> Words:
    """Return what a person reads whose program knows no calendars; times are those of the zone."""
    language = language[:2] if language[:2] in SUBJECTS else "en"
    when, where = LINES[language]
    lines = [row["title"], "", f"{when}: {span(row, zone)}"]
    if row["location"]:
        lines.append(f"{where}: {row['location']}")
    if row["description"]:
        lines += ["", row["description"]]
    return Words(SUBJECTS[language][said].format(title=row["title"]), "\n".join(lines) + "\n")


def span(row: Mapping[str, Any], zone: datetime.tzinfo) -> str:
    """Return when an appointment is, by the clock of a zone or by its dates.

    Example:
        >>> at = lambda hour: datetime.datetime(2026, 6, 1, hour, tzinfo=datetime.UTC)
        >>> span({"all_day": False, "start_time": at(9), "end_time": at(10)}, datetime.UTC)
        '2026-06-01 09:00 - 10:00 UTC'
    """
    if row["all_day"]:
        first, last = row["start_date"], row["end_date"]
        return f"{first}" if first == last else f"{first} - {last}"
    start, end = (row[name].astimezone(zone) for name in ("start_time", "end_time"))
    until = f"{end:%H:%M %Z}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M %Z}"
    return f"{start:%Y-%m-%d %H:%M} - {until}"
