"""Who takes part in an appointment, and how calendars elsewhere are told of it."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psa_calendar.icalendar_writing import Dates, Mailbox, Meeting
from psa_calendar.spans import Span
from psa_contacts.api import ContactBook
from psa_sdk import Context
from psa_sdk.identity import Directory

STAFF = "SELECT account FROM calendar.attendee WHERE appointment = $1 ORDER BY account"
GUESTS = "SELECT contact FROM calendar.guest WHERE appointment = $1 ORDER BY contact"


async def staff_of(ctx: Context, row: Mapping[str, Any]) -> list[UUID]:
    """Return the accounts that take part, the assignee first."""
    found = [account["account"] for account in await ctx.db.fetch(STAFF, row["id"])]
    first = [row["assigned_to"]] if row["assigned_to"] is not None else []
    return [*first, *(account for account in found if account not in first)]


async def zone_of(ctx: Context, account: UUID | None) -> datetime.tzinfo:
    """Return a person's zone, else the tenant's."""
    found = (await ctx.service(Directory).users([account])).get(account) if account else None
    return ZoneInfo(found.timezone) if found is not None and found.timezone else ctx.timezone


async def mailboxes_of(ctx: Context, row: Mapping[str, Any]) -> tuple[Mailbox | None, list[Mailbox]]:
    """Return the organizer's address, and those of all who take part but the organizer, each once."""
    staff = await staff_of(ctx, row)
    organizer_id: UUID | None = row["organizer"]
    people = await ctx.service(Directory).users([*staff, *([organizer_id] if organizer_id else [])])
    guests = [one["contact"] for one in await ctx.db.fetch(GUESTS, row["id"])]
    contacts = await ctx.service(ContactBook).contacts(guests)
    organizer = people.get(organizer_id) if organizer_id else None
    found = [
        Mailbox(name=people[one].name, email=people[one].email)
        for one in staff
        if one in people and people[one].status != "disabled"
    ]
    found += [
        Mailbox(name=contacts[one].name, email=email)
        for one in guests
        if one in contacts and not contacts[one].is_archived and (email := contacts[one].email)
    ]
    attendees = {one.email.lower(): one for one in reversed(found)}
    if organizer is None:
        return None, list(reversed(attendees.values()))
    attendees.pop(organizer.email.lower(), None)
    return Mailbox(name=organizer.name, email=organizer.email), list(reversed(attendees.values()))


def meeting_of(
    row: Mapping[str, Any],
    stamp: datetime.datetime,
    *,
    organizer: Mailbox | None = None,
    attendees: list[Mailbox] | None = None,
) -> Meeting:
    """Return an appointment as calendars elsewhere know it."""
    when = (
        Dates(row["start_date"], row["end_date"])
        if row["all_day"]
        else Span(row["start_time"], row["end_time"])
    )
    return Meeting(
        id=row["id"],
        sequence=row["sequence"],
        stamp=stamp,
        when=when,
        title=row["title"],
        description=row["description"],
        location=row["location"],
        status=row["status"],
        is_busy=row["is_busy"],
        organizer=organizer,
        attendees=attendees or [],
    )
