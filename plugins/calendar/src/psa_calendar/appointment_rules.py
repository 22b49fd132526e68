"""What is checked and completed whenever an appointment is written."""

import datetime
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from psa_calendar import conflicts
from psa_calendar.api import APPOINTMENTS, AppointmentAssigned, TicketSchedules
from psa_calendar.invitations import tell_participants
from psa_calendar.participants import zone_of
from psa_calendar.reminding import plan
from psa_calendar.settings import CalendarSettings
from psa_calendar.spans import DAY, Span, days_span
from psa_calendar.tables import LONGEST_DAYS
from psa_contacts.api import ContactBook
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Fault, Invalid
from psa_sdk.resources import Pairs

AT = "/data/attributes"
RELATED = "/data/relationships"
TIMES = frozenset(("start_time", "end_time", "all_day", "start_date", "end_date"))
TOLD = TIMES | {"title", "description", "location", "site", "status"}
"""What those who were invited are told anew."""
REMINDED = ("start_time", "reminder_minutes", "assigned_to", "status")
"""What makes reminders due anew."""
ATTENDEES = "SELECT account FROM calendar.attendee WHERE appointment = $1"


async def write_new(ctx: Context, change: Change) -> None:
    """Complete a new appointment and refuse one that books somebody twice."""
    new = change.new
    await settle_times(ctx, change)
    await check_people(ctx, change)
    if new.get("organizer") is None:
        person = ctx.principal.kind in {"user", "api_key"}
        new["organizer"] = ctx.principal.id if person else new.get("assigned_to")
    if new.get("assigned_to") is not None:
        await refuse_double_booking(ctx, change, {new["assigned_to"]})


async def write_edit(ctx: Context, change: Change) -> None:
    """Check an edit, count what has to be told, and refuse what books somebody twice."""
    new = change.new
    if new.get("start_time") is not None and "end_time" not in new:
        new["end_time"] = new["start_time"] + (change.old["end_time"] - change.old["start_time"])
    if TIMES & new.keys() or (change.value("all_day") and change.changes("assigned_to")):
        await settle_times(ctx, change)
    if {"company", "contact", "site"} & new.keys():
        await check_people(ctx, change)
    if change.value("organizer") is None and new.get("assigned_to") is not None:
        new["organizer"] = new["assigned_to"]
    if _changes(change, TOLD):
        new["sequence"] = change.old["sequence"] + 1
    begins_to_block = blocks(change) and not (
        change.old["status"] in conflicts.BLOCKING and change.old["is_busy"]
    )
    if begins_to_block or any(change.changes(column) for column in ("start_time", "end_time")):
        rows = await ctx.db.fetch(ATTENDEES, change.id)
        people = {row["account"] for row in rows} | {change.value("assigned_to")}
        await refuse_double_booking(ctx, change, people - {None})
    elif change.changes("assigned_to") and change.value("assigned_to") is not None:
        await refuse_double_booking(ctx, change, {change.value("assigned_to")})


async def write_removal(ctx: Context, change: Change) -> None:
    """A removed appointment that didn't take place is cancelled, so that those invited are told."""
    if change.old["status"] in conflicts.BLOCKING:
        change.new.update({"status": "cancelled", "sequence": change.old["sequence"] + 1})


async def settle(ctx: Context, change: Change) -> None:
    """Tell whom a written appointment concerns; the ticket follows in the same transaction."""
    if (change.value("ticket") or change.old.get("ticket")) and ctx.provides(TicketSchedules):
        await ctx.service(TicketSchedules).follow(change)
    if change.verb == "delete" or _changes(change, TOLD | {"assigned_to"}):
        await ctx.send(tell_participants, appointment_id=change.id)
    if change.verb == "delete":
        return
    if _changes(change, REMINDED):
        await plan(
            ctx, change.id, change.value("start_time"), reminder_minutes=change.value("reminder_minutes")
        )
    account = change.value("assigned_to")
    to_come = change.value("status") == "scheduled" and change.value("end_time") > ctx.now
    if account is not None and to_come and _changes(change, ("assigned_to",)):
        await ctx.emit(AppointmentAssigned(appointment_id=change.id, account_id=account))


def _changes(change: Change, columns: Collection[str]) -> bool:
    return change.verb == "create" or any(change.changes(column) for column in columns)


async def change_guests(ctx: Context, came: Pairs, gone: Pairs) -> None:
    """Tell contacts that they take part, or no longer."""
    for appointment in {one for one, _ in (*came, *gone)}:
        await ctx.send(tell_participants, appointment_id=appointment)


async def change_attendees(ctx: Context, came: Pairs, gone: Pairs) -> None:
    """Refuse attendees who are booked already; tell the others."""
    await change_guests(ctx, came, gone)
    for appointment in {one for one, _ in came}:
        await _check_attendees(ctx, appointment, {account for one, account in came if one == appointment})


async def _check_attendees(ctx: Context, appointment: UUID, accounts: set[UUID]) -> None:
    row = await ctx.as_system().records.get(APPOINTMENTS, appointment)
    await plan(ctx, row["id"], row["start_time"], reminder_minutes=row["reminder_minutes"])
    if row["status"] in conflicts.BLOCKING and row["is_busy"]:
        await conflicts.refuse_taken(
            ctx,
            accounts,
            Span(row["start_time"], row["end_time"]),
            besides=row["id"],
            allowed=row["allow_conflicts"],
        )


async def refuse_double_booking(ctx: Context, change: Change, accounts: set[UUID]) -> None:
    """Refuse a written appointment that overlaps others of these people, unless it may."""
    if blocks(change):
        span = Span(change.value("start_time"), change.value("end_time"))
        allowed = change.value("allow_conflicts")
        await conflicts.refuse_taken(ctx, accounts, span, besides=change.id, allowed=allowed)


def blocks(change: Change) -> bool:
    """Tell whether a written appointment stands in the way of others."""
    return change.value("status") in conflicts.BLOCKING and change.value("is_busy")


async def settle_times(ctx: Context, change: Change) -> None:
    """Bring instants and dates of a written appointment together."""
    if change.value("all_day"):
        zone = await zone_of(ctx, change.value("assigned_to"))
        change.new.update(all_day_times(change.value("start_date"), change.value("end_date"), zone))
        return
    default = datetime.timedelta(minutes=(await ctx.settings(CalendarSettings)).default_minutes)
    change.new.update(timed(change.value("start_time"), change.value("end_time"), default))


def all_day_times(
    first: datetime.date | None, last: datetime.date | None, zone: datetime.tzinfo
) -> Mapping[str, Any]:
    """Return the columns of an appointment by dates; the instants are those of the assignee's zone (CAL-08)."""
    if first is None:
        raise Invalid(
            "An all-day appointment needs its first day.", code="required", pointer=f"{AT}/start_date"
        )
    last = last or first
    if not first <= last < first + DAY * LONGEST_DAYS:
        raise Invalid(
            f"The last day is not before the first and less than {LONGEST_DAYS} days after it.",
            code="bad_span",
            pointer=f"{AT}/end_date",
        )
    span = days_span(first, last, zone)
    return {"start_date": first, "end_date": last, "start_time": span.start, "end_time": span.end}


def timed(
    start: datetime.datetime | None, end: datetime.datetime | None, default: datetime.timedelta
) -> Mapping[str, Any]:
    """Return the columns of an appointment by the clock, `default` long where no end is given."""
    if start is None:
        raise Invalid("An appointment needs its start.", code="required", pointer=f"{AT}/start_time")
    end = end or start + default
    if not start < end <= start + DAY * LONGEST_DAYS:
        raise Invalid(
            f"The end is after the start and at most {LONGEST_DAYS} days later.",
            code="bad_span",
            pointer=f"{AT}/end_time",
        )
    return {"start_time": start, "end_time": end, "start_date": None, "end_date": None}


async def check_people(ctx: Context, change: Change) -> None:
    """Company, contact and site belong together; the contact's or the site's company is taken when none is given."""
    contact, company, site = (change.value(column) for column in ("contact", "company", "site"))
    if contact is None and company is None and site is None:
        return
    facts = await ctx.service(ContactBook).requester(contact_id=contact, company_id=company, site_id=site)
    if contact is not None and facts.contact_id is not None:
        change.new["contact"] = facts.contact_id
    whose = company or facts.contact_company_id or facts.site_company_id
    if company is None and whose is not None:
        change.new["company"] = whose
    faults = [
        Fault(
            detail=f"The {name} belongs to another company; choose one of the appointment's company.",
            code="other_company",
            pointer=f"{RELATED}/{name}",
        )
        for name, owner in (("contact", facts.contact_company_id), ("site", facts.site_company_id))
        if owner is not None and owner != whose
    ]
    if faults:
        raise Invalid(faults=faults)
    if facts.company_is_archived and change.changes("company"):
        raise Conflict(
            f"{facts.company_name} is archived; restore the company to plan appointments for it.",
            code="company_archived",
            pointer=f"{RELATED}/company",
        )
