"""Appointments as iCalendar objects: invitations, cancellations, feeds (RFC 5545, RFC 5546). Pure."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from icalendar import Calendar, Event, vCalAddress, vText

from psa_calendar.spans import DAY, Span

PRODUCT = "-//PSA//Calendar//EN"
BUSY = "Busy"
STATUS = {
    "scheduled": "CONFIRMED",
    "in_progress": "CONFIRMED",
    "completed": "CONFIRMED",
    "cancelled": "CANCELLED",
}


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an address."""

    name: str
    email: str


class Dates(msgspec.Struct, frozen=True):
    """From a date to another, both included."""

    first: datetime.date
    last: datetime.date


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """What a calendar elsewhere has to know of an appointment; `id` is its UID for good, `stamp` when this was said."""

    id: UUID
    sequence: int
    stamp: datetime.datetime
    when: Span | Dates
    title: str
    description: str = ""
    location: str = ""
    status: str = "scheduled"
    is_busy: bool = True
    organizer: Mailbox | None = None
    attendees: Sequence[Mailbox] = ()


def message(meeting: Meeting, method: Literal["REQUEST", "CANCEL"]) -> str:
    """Return what is mailed: an invitation or a change of it, or that it is off (RFC 5546 3.2.2, 3.2.5)."""
    calendar = _calendar()
    calendar.add("method", method)
    event = _event(meeting)
    if method == "CANCEL":
        event["status"] = vText("CANCELLED")
    calendar.add_component(event)
    return calendar.to_ical().decode()


def feed(name: str, meetings: Iterable[Meeting], *, busy_only: bool = False) -> str:
    """Return a calendar to subscribe to; `busy_only` tells when, and nothing of what, where and with whom (CAL-14)."""
    calendar = _calendar()
    calendar.add("x-wr-calname", name)
    for meeting in meetings:
        if busy_only:
            if not meeting.is_busy or meeting.status == "cancelled":
                continue
            meeting = msgspec.structs.replace(
                meeting, title=BUSY, description="", location="", organizer=None, attendees=()
            )
        calendar.add_component(_event(meeting))
    return calendar.to_ical().decode()


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def _event(meeting: Meeting) -> Event:
    event = Event()
    event.add("uid", str(meeting.id))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", meeting.stamp)
    if isinstance(meeting.when, Dates):
        event.add("dtstart", meeting.when.first)
        event.add("dtend", meeting.when.last + DAY)
    else:
        event.add("dtstart", meeting.when.start.astimezone(datetime.UTC))
        event.add("dtend", meeting.when.end.astimezone(datetime.UTC))
    event.add("summary", meeting.title)
    if meeting.description:
        event.add("description", meeting.description)
    if meeting.location:
        event.add("location", meeting.location)
    event.add("status", STATUS[meeting.status])
    event.add("transp", "OPAQUE" if meeting.is_busy else "TRANSPARENT")
    if meeting.organizer is not None:
        event.add("organizer", _address(meeting.organizer))
    for attendee in meeting.attendees:
        address = _address(attendee)
        address.params["ROLE"] = vText("REQ-PARTICIPANT")
        address.params["PARTSTAT"] = vText("NEEDS-ACTION")
        address.params["RSVP"] = vText("TRUE")
        event.add("attendee", address)
    return event


def _address(one: Mailbox) -> vCalAddress:
    address = vCalAddress(f"mailto:{one.email}")
    address.params["CN"] = vText(one.name)
    return address
