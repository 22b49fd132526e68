"""Time on a ticket's page: what was logged there, and minutes that go with a note."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import FormPart, Panel
from psa_time.api import ENTRIES
from psa_time.clock_times import minutes_entered
from psa_time.screens import clock
from psa_time.timer_routes import RUN

MINUTES: Final = "time.minutes"
WORK_TYPE: Final = "time.work_type"
_LATEST: Final = "8"
_NOTES: Final = 200
TYPES: Final = {"filter[is_active]": "true", "page[size]": "50"}


async def form(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load the kinds of work; the first one holds where none is chosen."""
    types = (await ctx.service(Documents).find("work-types", TYPES)).items
    return {"types": types} if types else None


async def save(ctx: Context, ticket: UUID, form: Mapping[str, Sequence[str]]) -> None:
    """Log the minutes that were entered with a note, if any."""
    entered = (form.get(MINUTES) or [""])[-1].strip()
    if not entered:
        return
    try:
        minutes = minutes_entered(entered)
    except ValueError:
        raise Invalid("Enter minutes as 45, 1:30 or 1.5h.", pointer=f"/{MINUTES}") from None
    documents = ctx.service(Documents)
    chosen = (form.get(WORK_TYPE) or [""])[-1]
    work_type = chosen or str((await documents.find("work-types", TYPES)).items[0].id)
    text = (form.get("content") or [""])[-1].strip()
    body = {
        "work_type": work_type,
        "date": ctx.today.isoformat(),
        "duration_minutes": minutes,
        # What the client doesn't see is no text of an invoice.
        "internal_notes" if (form.get("kind") or [""])[-1] == "internal" else "notes": text[:_NOTES],
    }
    await documents.call("POST", f"/tickets/{ticket}/time-entries", body=body)


async def logged(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load the latest entries and the sum of all."""
    query = {
        "filter[ticket]": str(ticket),
        "include": "user,work_type",
        "sort": "-date",
        "page[size]": _LATEST,
        "page[total]": "true",
    }
    documents = ctx.service(Documents)
    found = await documents.find(ENTRIES, query)
    if not found.items or ticket is None:
        return None
    facts = (await documents.one("tickets", ticket)).items[0].attributes
    return {
        "found": found,
        "worked": facts.get("actual_minutes") or 0,
        "billable": facts.get("billable_minutes") or 0,
    }


async def timer(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load what the page's timer button says: the person's timer runs here, or could."""
    if ticket is None or (await ctx.records.get("tickets", ticket))["merged_into"] is not None:
        return None
    return {"ticket": ticket, "here": await clock.running_on(ctx, ticket)}


PANELS = (
    Panel(
        slot="ticket.header",
        id="time.start",
        title="Timer",
        template="time.ticketing/start.html",
        load=timer,
        permission=RUN,
        icon="timer",
    ),
    Panel(
        slot="ticket.side",
        id="time.logged",
        title="Time",
        template="time.ticketing/logged.html",
        load=logged,
        permission="time.time_entries.read",
        icon="timer",
        order=30,
    ),
)
FORM_PARTS = (
    FormPart(
        slot="ticket.composer",
        id="time.minutes",
        title="Time",
        template="time.ticketing/minutes.html",
        load=form,
        save=save,
        permission="time.time_entries.create",
        icon="timer",
    ),
)
