"""Merging, splitting, relating and opening tickets: dialogs whose words are the API's own actions."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import Done, Go
from psa_ticketing import merging
from psa_ticketing.api import TICKETS


class Merge(msgspec.Struct, kw_only=True):
    """Into which ticket; `force` across companies, `reopen` a closed one."""

    target: UUID | None = None
    force: bool = False
    reopen: bool = False


class Split(msgspec.Struct, kw_only=True):
    """The notes that go, and the new ticket's title."""

    title: str = ""
    notes: list[UUID] = []


class Escalate(msgspec.Struct, kw_only=True):
    """Why, and to whom."""

    reason: str = ""
    assigned_to: str = ""
    raise_priority: bool = False


class Close(msgspec.Struct, kw_only=True):
    """How it was solved, and whether children are closed too."""

    resolution: str = ""
    cascade: bool = False


class FromTemplate(msgspec.Struct, kw_only=True):
    """For whom a ticket is opened."""

    template: UUID | None = None
    company: str = ""
    contact: str = ""
    title: str = ""


async def merge(ctx: Context, id: UUID, form: Merge) -> Go:
    """Merge a ticket into the chosen one and go there."""
    if form.target is None:
        raise Invalid("Choose the ticket to merge into.", pointer="/target")
    body = {"target": str(form.target), "force": form.force, "reopen": form.reopen}
    await ctx.service(Documents).call("POST", f"/tickets/{id}/merge", body=body)
    return Go(url=f"/tickets/{form.target}", toast="Merged into this ticket")


async def split(ctx: Context, id: UUID, form: Split) -> Go:
    """Split the chosen notes off and go to their new ticket."""
    if not form.notes:
        raise Invalid("Choose at least one note to split off.", pointer="/notes")
    if not form.title.strip():
        raise Invalid("Give the new ticket a title.", pointer="/title")
    body = {"notes": [str(note) for note in form.notes], "title": form.title.strip()}
    made = await ctx.service(Documents).call("POST", f"/tickets/{id}/split", body=body)
    return Go(url=f"/tickets/{made.id}", toast="Split off into this ticket")


async def escalate(ctx: Context, id: UUID, form: Escalate) -> Done:
    """Escalate a ticket."""
    body: dict[str, Any] = {"reason": form.reason.strip(), "raise_priority": form.raise_priority}
    if form.assigned_to:
        body["assigned_to"] = form.assigned_to
    await ctx.service(Documents).call("POST", f"/tickets/{id}/escalate", body=body)
    return Done(toast="Escalated", refresh=(f"{TICKETS}:{id}",))


async def close(ctx: Context, id: UUID, form: Close) -> Done:
    """Close a ticket, with its open children if asked."""
    body = {"resolution": form.resolution.strip(), "cascade": form.cascade}
    await ctx.service(Documents).call("POST", f"/tickets/{id}/close", body=body)
    return Done(toast="Ticket closed", refresh=(f"{TICKETS}:{id}",))


async def reopen(ctx: Context, id: UUID) -> Done:
    """Open a resolved or closed ticket again."""
    await ctx.service(Documents).call("POST", f"/tickets/{id}/reopen")
    return Done(toast="Ticket reopened", refresh=(f"{TICKETS}:{id}",))


async def follow_up(ctx: Context, id: UUID) -> Go:
    """Open a ticket for the same people that follows this one."""
    ticket = await ctx.records.get(TICKETS, id)
    ctx.require("ticketing.tickets.create")
    kept = {column: ticket[column] for column in merging.COPIED}
    values = {
        **kept,
        "title": ticket["title"],
        "follow_up_of": id,
        "source": ticket["source"],
        "tags": ticket["tags"],
    }
    made = await ctx.records.create(TICKETS, values)
    return Go(url=f"/tickets/{made}", toast="Follow-up opened")


async def add_child(ctx: Context, id: UUID, form: Split) -> Go:
    """Open a ticket below this one, for the same client."""
    if not form.title.strip():
        raise Invalid("Give the new ticket a title.", pointer="/title")
    ticket = await ctx.records.get(TICKETS, id)
    one: dict[str, tuple[str, UUID] | None] = {"parent": (TICKETS, id)}
    for name, target in (("company", "companies"), ("contact", "contacts"), ("queue", "ticket-queues")):
        if ticket[name] is not None:
            one[name] = (target, ticket[name])
    await ctx.service(Documents).create(TICKETS, {"title": form.title.strip()}, one=one)
    return Go(url=f"/tickets/{id}", toast="Child ticket opened")


async def watch(ctx: Context, id: UUID) -> Done:
    """Follow a ticket, or stop following it."""
    watched = "SELECT EXISTS (SELECT FROM ticketing.watcher WHERE ticket = $1 AND account = $2)"
    me = [ctx.principal.id]
    if await ctx.db.fetch_value(watched, id, ctx.principal.id):
        await ctx.records.unlink(TICKETS, id, "watchers", me)
        return Done(toast="You no longer follow this ticket", refresh=(f"{TICKETS}:{id}",))
    await ctx.records.link(TICKETS, id, "watchers", me)
    return Done(toast="You follow this ticket", refresh=(f"{TICKETS}:{id}",))


async def people(ctx: Context, id: UUID, form: Mapping[str, Sequence[str]]) -> Done:
    """Set who follows a ticket and who is in copy."""
    documents = ctx.service(Documents)
    many = {
        name: [UUID(value) for value in form.get(name, ()) if value]
        for name in ("watchers", "cc_contacts")
        if f"{name}~" in form
    }
    await documents.update(TICKETS, id, {}, many=many)
    return Done(toast="Saved", refresh=(f"{TICKETS}:{id}",))


async def templates(ctx: Context) -> Mapping[str, Any]:
    """Load the page on which a ticket is opened from a template."""
    found = await ctx.service(Documents).find(
        "ticket-templates", {"filter[is_active]": "true", "page[size]": "100", "sort": "name"}
    )
    return {"templates": found.items}


async def apply_template(ctx: Context, form: FromTemplate) -> Go:
    """Open a ticket from a template and go there."""
    if form.template is None:
        raise Invalid("Choose a template.", pointer="/template")
    body: dict[str, Any] = {
        name: value for name in ("company", "contact", "title") if (value := getattr(form, name).strip())
    }
    made = await ctx.service(Documents).call("POST", f"/ticket-templates/{form.template}/apply", body=body)
    return Go(url=f"/tickets/{made.id}", toast="Ticket opened")
