"""The appointments of a ticket on its page, and booking one there."""

import datetime
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_calendar.api import APPOINTMENTS
from psa_calendar.calendar_routes import READ
from psa_calendar.conflicts import ALLOW
from psa_calendar.screens.calendar import CREATE, local_time
from psa_calendar.screens.client_calendar import PORTAL
from psa_contacts.api import ContactBook
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.identity import Directory
from psa_sdk.ui import Action, Done, Panel
from psa_sdk.web import Browser
from psa_ticketing.api import TICKETS, ServiceDesk

LATEST: Final = "6"


class Visit(msgspec.Struct, kw_only=True):
    """A visit as the ticket's form has it; times are those of the person's zone."""

    start: str = ""
    end: str = ""
    assigned_to: str = ""
    location: str = ""
    invite: str = ""
    allow_conflicts: str = ""


async def appointments(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load the ticket's appointments, the next ones first."""
    if ticket is None:
        return None
    documents = ctx.service(Documents)
    query = {
        "filter[ticket]": str(ticket),
        "include": "assigned_to",
        "sort": "-start_time",
        "page[size]": LATEST,
    }
    facts = (await ctx.service(ServiceDesk).tickets([ticket])).get(ticket)
    found = await documents.find(APPOINTMENTS, query)
    may = ctx.principal.allows(CREATE) and facts is not None and facts.merged_into_id is None
    if facts is None or not (found.items or may):
        return None
    contacts = await ctx.service(ContactBook).contacts([facts.contact_id] if facts.contact_id else [])
    tomorrow = (ctx.now.astimezone(ctx.service(Browser).timezone) + datetime.timedelta(days=1)).date()
    return {
        "found": found,
        "may": may,
        "ticket": facts,
        "contact": contacts.get(facts.contact_id) if facts.contact_id else None,
        "people": await ctx.service(Directory).holders(READ) if may else [],
        "start": f"{tomorrow.isoformat()}T09:00",
        "may_overlap": ctx.principal.allows(ALLOW),
    }


async def book(ctx: Context, id: UUID, form: Visit) -> Done:
    """Book a visit for a ticket; the ticket is planned for it, if it wasn't for another one."""
    facts = (await ctx.service(ServiceDesk).tickets([id]))[id]
    zone = ctx.service(Browser).timezone
    values: dict[str, Any] = {
        "title": f"{facts.number} {facts.title}"[:300],
        "start_time": local_time(form.start, "start").replace(tzinfo=zone).isoformat(),
        "location": form.location.strip(),
        "is_client_visible": True,
    }
    if form.end:
        values["end_time"] = local_time(form.end, "end").replace(tzinfo=zone).isoformat()
    if form.allow_conflicts:
        values["allow_conflicts"] = True
    one = {"ticket": (TICKETS, id)}
    if form.assigned_to:
        one["assigned_to"] = ("users", UUID(form.assigned_to))
    many = {"guests": [facts.contact_id]} if form.invite and facts.contact_id else {}
    await ctx.service(Documents).create(APPOINTMENTS, values, one=one, many=many)
    return Done(toast="Appointment booked", refresh=(APPOINTMENTS, f"{TICKETS}:{id}"))


async def client_visits(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load what the client sees of the visits for a request."""
    query = {"filter[ticket]": str(ticket), "sort": "start_time", "page[size]": LATEST}
    found = await ctx.service(Documents).find(APPOINTMENTS, query)
    return {"found": found} if found.items else None


PANELS = (
    Panel(
        slot="ticket.side",
        id="calendar.visits",
        title="Appointments",
        template="calendar.ticketing/visits.html",
        load=appointments,
        permission=READ,
        icon="calendar",
        order=20,
    ),
    Panel(
        slot="request.side",
        id="calendar.client_visits",
        title="Appointments",
        template="calendar.ticketing/client_visits.html",
        load=client_visits,
        permission=READ,
        icon="calendar",
        order=30,
        shell=PORTAL,
    ),
)
ACTIONS = (Action(path="/tickets/{id:uuid}/appointments", permission=CREATE, handle=book),)
