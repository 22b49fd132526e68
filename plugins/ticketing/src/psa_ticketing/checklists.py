"""Checklists of tickets: steps to do, taken from templates or added by hand, with their progress on the ticket."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_sdk import Change, Context, Extension, Record, Resource, ToOne, post
from psa_ticketing.api import TICKETS
from psa_ticketing.checklist_tables import ChecklistItem, ChecklistProgress, TemplateItem

ITEMS = "checklist-items"
Title = Annotated[str, Meta(min_length=1, max_length=300)]
Order = Annotated[int, Meta(ge=0, le=100_000)]


class TemplateItemWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a template's step."""

    title: Title
    sort_order: Order = 0


class TemplateItemRead(TemplateItemWrite, kw_only=True):
    """The attributes of a template's step."""

    created_at: datetime
    updated_at: datetime


class ItemWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a step."""

    title: Title
    sort_order: Order = 0
    is_done: bool = False


class ItemRead(ItemWrite, kw_only=True):
    """A step's attributes."""

    done_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ProgressRead(msgspec.Struct, kw_only=True):
    """How many steps a ticket has and how many are done; null before the first."""

    checklist_total: int | None = None
    checklist_done: int | None = None


class ApplyChecklist(msgspec.Struct, forbid_unknown_fields=True):
    """The template whose steps are added."""

    template: UUID


async def write_item(ctx: Context, change: Change) -> None:
    """Stamp who did a step and when; undoing takes the stamp away."""
    if not change.changes("is_done") and change.verb == "update":
        return
    done = bool(change.value("is_done"))
    who = ctx.principal.id if done and ctx.principal.kind in {"user", "api_key"} else None
    change.new.update({"done_at": ctx.now if done else None, "done_by": who})


async def add_steps(ctx: Context, template: UUID, ticket: UUID) -> None:
    """Copy a template's steps to a ticket, below those it has."""
    steps = await ctx.records.find(
        "ticket-template-items", TemplateItem.template == template, order="sort_order"
    )
    if not steps:
        return
    last = await ctx.db.fetch_value(
        "SELECT coalesce(max(sort_order), -1) FROM ticketing.checklist_item WHERE ticket = $1", ticket
    )
    rows = [
        {"ticket": ticket, "title": step["title"], "sort_order": last + number}
        for number, step in enumerate(steps, 1)
    ]
    await ctx.records.create_many(ITEMS, rows)


@post("/tickets/{id:uuid}/checklist", permission="ticketing.checklist_items.create", returns=TICKETS)
async def apply_checklist(ctx: Context, id: UUID, body: ApplyChecklist) -> Record:
    """Add the steps of a template to a ticket."""
    await ctx.records.get(TICKETS, id)
    await ctx.records.get("ticket-templates", body.template)
    await add_steps(ctx, body.template, id)
    return Record(TICKETS, id)


template_items = Resource(
    name="ticket-template-items",
    title="Template steps",
    table=TemplateItem,
    read=TemplateItemRead,
    write=TemplateItemWrite,
    relations=(ToOne("template", "ticket-templates", TemplateItem.template, required=True, inverse="items"),),
    filters=(TemplateItem.template,),
    sorts=(TemplateItem.sort_order, TemplateItem.created_at),
    default_sort="sort_order",
    label=TemplateItem.title,
)
items = Resource(
    name=ITEMS,
    title="Checklist steps",
    table=ChecklistItem,
    read=ItemRead,
    write=ItemWrite,
    relations=(
        ToOne("ticket", TICKETS, ChecklistItem.ticket, required=True, inverse="checklist_items"),
        ToOne("done_by", "users", ChecklistItem.done_by, writable=False),
    ),
    filters=(ChecklistItem.ticket, ChecklistItem.is_done, ChecklistItem.done_at),
    sorts=(ChecklistItem.sort_order, ChecklistItem.created_at),
    default_sort="sort_order",
    label=ChecklistItem.title,
    before_create=write_item,
    before_update=write_item,
)
progress = Extension(
    resource=TICKETS,
    table=ChecklistProgress,
    column=ChecklistProgress.ticket,
    read=ProgressRead,
    filters=(ChecklistProgress.checklist_total, ChecklistProgress.checklist_done),
)
RESOURCES = (template_items, items)
ROUTES = (apply_checklist,)
