"""Beside a ticket: its checklist, and who else has it open."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid, NotFound
from psa_sdk.ui import Action, Done, Panel, Show
from psa_ticketing import checklists, presence
from psa_ticketing.api import TICKETS

READ = "ticketing.tickets.read"
STEPS = "ticketing.checklist_items"


class Step(msgspec.Struct, kw_only=True):
    """A new step."""

    title: str = ""


class Told(msgspec.Struct, kw_only=True):
    """What the page tells every ten seconds."""

    state: presence.State = "viewing"
    page: UUID = presence.NO_PAGE


async def checklist(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load a ticket's steps."""
    if ticket is None:
        return None
    query = {"page[size]": "100", "sort": "sort_order"}
    found = await ctx.service(Documents).related(TICKETS, ticket, "checklist_items", query)
    done = sum(bool(item.attributes["is_done"]) for item in found.items)
    return {"found": found, "ticket": ticket, "done": done}


async def add(ctx: Context, id: UUID, form: Step) -> Done:
    """Add a step below the others."""
    if not form.title.strip():
        raise Invalid("Say what is to do.", pointer="/title")
    last = await ctx.db.fetch_value(
        "SELECT coalesce(max(sort_order), -1) FROM ticketing.checklist_item WHERE ticket = $1", id
    )
    values = {"title": form.title.strip(), "sort_order": last + 1}
    await ctx.service(Documents).create(checklists.ITEMS, values, one={"ticket": (TICKETS, id)})
    return Done(refresh=(f"{TICKETS}:{id}",))


async def turn(ctx: Context, id: UUID, step: UUID) -> Done:
    """Mark a step as done, or as not done after all."""
    item = await ctx.records.get(checklists.ITEMS, step)
    if item["ticket"] != id:
        raise NotFound("There is no such step on this ticket.")
    await ctx.service(Documents).update(checklists.ITEMS, step, {"is_done": not item["is_done"]})
    return Done(refresh=(f"{TICKETS}:{id}",))


async def drop(ctx: Context, id: UUID, step: UUID) -> Done:
    """Take a step away."""
    item = await ctx.records.get(checklists.ITEMS, step)
    if item["ticket"] != id:
        raise NotFound("There is no such step on this ticket.")
    await ctx.service(Documents).delete(checklists.ITEMS, step)
    return Done(refresh=(f"{TICKETS}:{id}",))


async def here_too(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load who else has a ticket open."""
    if ticket is None:
        return None
    return {"present": await presence.others(ctx, ticket), "ticket": ticket, "topic": presence.TOPIC}


async def tell(ctx: Context, id: UUID, form: Told) -> Show:
    """Keep that the page is open, and show who else has it open."""
    found = await presence.tell(ctx, id, form.state, form.page)
    return Show(template="ticketing/people_here.html", data={"present": found})


ACTIONS = (
    Action(path="/tickets/{id:uuid}/checklist", permission=f"{STEPS}.create", handle=add),
    Action(path="/tickets/{id:uuid}/checklist/{step:uuid}", permission=f"{STEPS}.update", handle=turn),
    Action(path="/tickets/{id:uuid}/checklist/{step:uuid}/drop", permission=f"{STEPS}.delete", handle=drop),
    Action(path="/tickets/{id:uuid}/presence", permission=READ, handle=tell),
)
PANELS = (
    Panel(
        slot="ticket.header",
        id="ticketing.presence",
        title="Who is here",
        template="ticketing/panels/presence.html",
        load=here_too,
        permission=READ,
        order=5,
    ),
    Panel(
        slot="ticket.side",
        id="ticketing.checklist",
        title="Checklist",
        template="ticketing/panels/checklist.html",
        load=checklist,
        permission=f"{STEPS}.read",
        icon="list-checks",
        order=30,
    ),
)
