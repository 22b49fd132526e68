"""The calendar in the console: a week, a day or an agenda of one person or of all, and a form to book."""

import datetime
from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from psa_calendar.api import APPOINTMENTS
from psa_calendar.calendar_routes import READ, entries
from psa_calendar.conflicts import ALLOW
from psa_calendar.screens.blocks import columns, hours
from psa_calendar.spans import DAY
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.identity import Account, Directory
from psa_sdk.ui import Action, Command, Done, NavItem, Page, ResourceView
from psa_sdk.web import Browser

CREATE: Final = "calendar.appointments.create"
AGENDA_DAYS: Final = 28
ALL: Final = "all"
View = Literal["week", "day", "agenda"]


class Asked(msgspec.Struct, kw_only=True):
    """Any date of what is shown, and whose calendar: one's own, `all`, or an account's id."""

    date: datetime.date | None = None
    view: View = "week"
    person: str = ""


class Booked(msgspec.Struct, kw_only=True):
    """A new appointment as the form has it; times are those of the person's zone."""

    title: str = ""
    start: str = ""
    end: str = ""
    all_day: str = ""
    assigned_to: str = ""
    company: str = ""
    location: str = ""
    allow_conflicts: str = ""


async def load(ctx: Context, query: Asked) -> Mapping[str, Any]:
    """Load the days of a view."""
    zone = ctx.service(Browser).timezone
    today = ctx.now.astimezone(zone).date()
    date = query.date or today
    first, count = {
        "week": (date - DAY * date.weekday(), 7),
        "day": (date, 1),
        "agenda": (date, AGENDA_DAYS),
    }[query.view]
    people = {one.id: one for one in await ctx.service(Directory).holders(READ)}
    shown = _person(query.person, ctx.principal.id)
    found = await entries(ctx, first, first + DAY * (count - 1), zone, account=shown)
    days = columns(found, [first + DAY * offset for offset in range(count)], zone)
    from_hour, to_hour = hours(days)
    return {
        "days": days,
        "from_hour": from_hour,
        "to_hour": to_hour,
        "view": query.view,
        "today": today,
        "date": date,
        "earlier": first - DAY * count,
        "later": first + DAY * count,
        "first": first,
        "last": first + DAY * (count - 1),
        "people": people,
        "named": _named(people),
        "person": query.person,
        "shown": people.get(shown) if shown else None,
        "me": str(ctx.principal.id),
        "start": _next_hour(ctx.now.astimezone(zone), date, today),
        "may_overlap": ctx.principal.allows(ALLOW),
    }


def _person(asked: str, me: UUID) -> UUID | None:
    if asked == ALL:
        return None
    try:
        return UUID(asked) if asked else me
    except ValueError:
        return me


def _named(people: Mapping[UUID, Account]) -> Mapping[str, str]:
    return {str(one): person.name for one, person in people.items()}


def _next_hour(now: datetime.datetime, date: datetime.date, today: datetime.date) -> str:
    """Return where a new appointment begins in the form: the next full hour, or nine on another day."""
    hour = min(now.hour + 1, 23) if date == today else 9
    return f"{date.isoformat()}T{hour:02}:00"


async def book(ctx: Context, form: Booked) -> Done:
    """Book what the form says."""
    zone = ctx.service(Browser).timezone
    values: dict[str, Any] = {"title": form.title.strip(), "location": form.location.strip()}
    if form.all_day:
        values |= {
            "all_day": True,
            "start_date": local_time(form.start, "start").date().isoformat(),
            "end_date": local_time(form.end or form.start, "end").date().isoformat(),
        }
    else:
        values["start_time"] = local_time(form.start, "start").replace(tzinfo=zone).isoformat()
        if form.end:
            values["end_time"] = local_time(form.end, "end").replace(tzinfo=zone).isoformat()
    if form.allow_conflicts:
        values["allow_conflicts"] = True
    one = {"assigned_to": ("users", UUID(form.assigned_to) if form.assigned_to else ctx.principal.id)}
    if form.company:
        one["company"] = ("companies", UUID(form.company))
    await ctx.service(Documents).create(APPOINTMENTS, values, one=one)
    return Done(toast="Appointment booked", refresh=(APPOINTMENTS,))


def local_time(text: str, name: str) -> datetime.datetime:
    """Return what an input of a date and a time holds; raises `Invalid` at its field."""
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("Enter a date and a time.", pointer=f"/{name}") from None


VIEWS = (
    ResourceView(
        resource=APPOINTMENTS,
        singular="Appointment",
        icon="calendar",
        columns=("title", "start_time", "end_time", "assigned_to", "company", "status"),
        summary=("status", "assigned_to", "company", "ticket", "start_time", "end_time"),
        hidden=("sequence",),
        fields=(
            "title",
            "start_time",
            "end_time",
            "all_day",
            "start_date",
            "end_date",
            "assigned_to",
            "attendees",
            "guests",
            "company",
            "contact",
            "site",
            "location",
        ),
        tones={
            "scheduled": "blue",
            "in_progress": "amber",
            "completed": "green",
            "cancelled": "gray",
            "ticket": "blue",
            "project": "violet",
            "meeting": "teal",
            "other": "gray",
        },
    ),
    ResourceView(
        resource="calendar-feeds", singular="Calendar feed", icon="rss", columns=("name", "user", "busy_only")
    ),
)
PAGES = (
    Page(path="/calendar", template="calendar/calendar.html", permission=READ, load=load, title="Calendar"),
)
ACTIONS = (Action(path="/calendar/book", permission=CREATE, handle=book),)
NAV = (
    NavItem(
        id="calendar",
        label="Calendar",
        url="/calendar",
        permission=READ,
        icon="calendar",
        group="service",
        order=30,
        hotkey="g d",
    ),
)
COMMANDS = (
    Command(
        id="calendar.book",
        title="Book an appointment",
        url="/appointments/new",
        permission=CREATE,
        icon="calendar-plus",
        keywords="appointment schedule meeting visit",
    ),
)
