"""Who takes part in an appointment, and how calendars elsewhere are told of it."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psa_calendar.icalendar_writing import Dates, Mailbox, Meeting
from psa_calendar.spans import Span
from psa_contacts.api import ContactBook
from psa_sdk import Context
from psa_sdk.identity import Account, Directory

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
    return _clock(ctx, found.timezone if found else None)


def _clock(ctx: Context, *zones: str | None) -> datetime.tzinfo:
    """Return the first zone that somebody has, else the tenant's."""
    return next((ZoneInfo(zone) for zone in zones if zone), ctx.timezone)


class Participant(Mailbox, frozen=True, kw_only=True):
    """Somebody who takes part, and the clock that they read."""

    zone: datetime.tzinfo


async def participants_of(
    ctx: Context, row: Mapping[str, Any]
) -> tuple[Participant | None, list[Participant]]:
    """Return the organizer, and all who take part but the organizer, each address once.

    Clients read the clock of their contact, else their company's, else the tenant's (CRM-14).
    """
    staff = await staff_of(ctx, row)
    organizer_id: UUID | None = row["organizer"]
    people = await ctx.service(Directory).users([*staff, *([organizer_id] if organizer_id else [])])
    guests = [one["contact"] for one in await ctx.db.fetch(GUESTS, row["id"])]
    contacts = await ctx.service(ContactBook).contacts(guests)
    companies = await ctx.service(ContactBook).companies(
        list({one.company_id for one in contacts.values() if one.company_id is not None})
    )

    def person(one: Account) -> Participant:
        return Participant(name=one.name, email=one.email, zone=_clock(ctx, one.timezone))

    organizer = people.get(organizer_id) if organizer_id else None
    found = [person(people[one]) for one in staff if one in people and people[one].status != "disabled"]
    for contact in (contacts[one] for one in guests if one in contacts):
        if contact.is_archived or not contact.email:
            continue
        company = companies.get(contact.company_id) if contact.company_id else None
        zone = _clock(ctx, contact.timezone, company.timezone if company else None)
        found.append(Participant(name=contact.name, email=contact.email, zone=zone))
    attendees = {one.email.lower(): one for one in reversed(found)}
    if organizer is None:
        return None, list(reversed(attendees.values()))
    attendees.pop(organizer.email.lower(), None)
    return person(organizer), list(reversed(attendees.values()))


def meeting_of(
    row: Mapping[str, Any],
    stamp: datetime.datetime,
    *,
    organizer: Mailbox | None = None,
    attendees: Sequence[Mailbox] = (),
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
        attendees=list(attendees),
    )
