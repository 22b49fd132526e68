"""Actions on one ticket: merge, split, assign, escalate, close, reopen."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_comments.api import Conversation
from psa_sdk import Context, Record, post
from psa_sdk.errors import Conflict
from psa_ticketing import defaults, family, merging
from psa_ticketing.api import TICKETS, TicketEscalated
from psa_ticketing.numbers import show_number

Reason = Annotated[str, Meta(min_length=3, max_length=2000)]


class MergeTicket(msgspec.Struct, forbid_unknown_fields=True):
    """Merge the ticket of the URL into `target`."""

    target: UUID
    force: bool = False
    reopen: bool = False


class SplitTicket(msgspec.Struct, forbid_unknown_fields=True):
    """Move `notes` to a new ticket with `title`."""

    notes: Annotated[list[UUID], Meta(min_length=1, max_length=500)]
    title: Annotated[str, Meta(min_length=1, max_length=300)]


class AssignTicket(msgspec.Struct, forbid_unknown_fields=True):
    """Who takes the ticket; null takes it from everybody."""

    assigned_to: UUID | None = None
    team: UUID | msgspec.UnsetType | None = msgspec.UNSET


class EscalateTicket(msgspec.Struct, forbid_unknown_fields=True):
    """Why, and to whom if anybody."""

    reason: Reason
    assigned_to: UUID | None = None
    team: UUID | None = None
    raise_priority: bool = True


class CloseTicket(msgspec.Struct, forbid_unknown_fields=True):
    """Close open children too with `cascade`; `resolution` becomes the resolution note."""

    cascade: bool = False
    resolution: Annotated[str, Meta(max_length=65_536)] = ""


@post("/tickets/{id:uuid}/merge", permission="ticketing.tickets.merge", returns=TICKETS)
async def merge_ticket(ctx: Context, id: UUID, body: MergeTicket) -> Record:
    """Merge this ticket into another one."""
    await merging.merge(ctx, id, body.target, force=body.force, reopen=body.reopen)
    return Record(TICKETS, body.target)


@post("/tickets/{id:uuid}/split", permission="ticketing.tickets.split", returns=TICKETS, status=201)
async def split_ticket(ctx: Context, id: UUID, body: SplitTicket) -> Record:
    """Move some notes to a ticket of their own."""
    return Record(TICKETS, await merging.split(ctx, id, notes=body.notes, title=body.title), status=201)


@post("/tickets/{id:uuid}/assign", permission="ticketing.tickets.assign", returns=TICKETS)
async def assign_ticket(ctx: Context, id: UUID, body: AssignTicket) -> Record:
    """Assign a ticket to a person, a team, or both; a new ticket becomes open."""
    ticket = await ctx.records.get(TICKETS, id, lock=True)
    values: dict[str, Any] = {"assigned_to": body.assigned_to}
    if body.team is not msgspec.UNSET:
        values["team"] = body.team
    if body.assigned_to is not None and await defaults.category_of(ctx, ticket["status"]) == "new":
        values["status"] = await defaults.status_of(ctx, "open")
    await ctx.records.update(TICKETS, id, values)
    return Record(TICKETS, id)


@post("/tickets/{id:uuid}/escalate", permission="ticketing.tickets.escalate", returns=TICKETS)
async def escalate_ticket(ctx: Context, id: UUID, body: EscalateTicket) -> Record:
    """Escalate a ticket: raise its priority, hand it on, note why."""
    ticket = await ctx.records.get(TICKETS, id, lock=True)
    values: dict[str, Any] = {}
    if body.raise_priority:
        priorities = await ctx.as_system().records.find("ticket-priorities", order="sort_order")
        place = next(index for index, row in enumerate(priorities) if row["id"] == ticket["priority"])
        values["priority"] = priorities[max(place - 1, 0)]["id"]
    values |= {"assigned_to": body.assigned_to} if body.assigned_to else {}
    values |= {"team": body.team} if body.team else {}
    await ctx.records.update(TICKETS, id, values)
    await ctx.service(Conversation).add((TICKETS, id), f"Escalated: {body.reason}")
    await ctx.emit(TicketEscalated(ticket_id=id, reason=body.reason))
    return Record(TICKETS, id)


@post("/tickets/{id:uuid}/close", permission="ticketing.tickets.update", returns=TICKETS)
async def close_ticket(ctx: Context, id: UUID, body: CloseTicket) -> Record:
    """Close a ticket, with its open children if asked."""
    ticket = await ctx.records.get(TICKETS, id, lock=True)
    if await defaults.category_of(ctx, ticket["status"]) == "closed":
        raise Conflict(f"{show_number(ticket['number'])} is already closed.", code="already_closed")
    if body.resolution:
        await ctx.service(Conversation).add((TICKETS, id), body.resolution, note_type="resolution")
    closed = await defaults.status_of(ctx, "closed")
    if body.cascade:
        for child in await family.open_children(ctx, id):
            await ctx.records.update(TICKETS, child, {"status": closed})
    await ctx.records.update(TICKETS, id, {"status": closed})
    return Record(TICKETS, id)


@post("/tickets/{id:uuid}/reopen", permission="ticketing.tickets.update", returns=TICKETS)
async def reopen_ticket(ctx: Context, id: UUID) -> Record:
    """Open a resolved or closed ticket again."""
    ticket = await ctx.records.get(TICKETS, id, lock=True)
    category = await defaults.category_of(ctx, ticket["status"])
    if category not in {"resolved", "closed"}:
        raise Conflict(
            "Only a resolved or closed ticket can be reopened.",
            code="illegal_transition",
            meta={"status": category, "allowed": ["resolved", "closed"]},
        )
    await ctx.records.update(TICKETS, id, {"status": await defaults.status_of(ctx, "open")})
    return Record(TICKETS, id)


class ReplaceStatus(msgspec.Struct, forbid_unknown_fields=True):
    """The status that takes the tickets over."""

    replacement: UUID


@post(
    "/ticket-statuses/{id:uuid}/replace",
    permission="ticketing.ticket_statuses.delete",
    returns="ticket-statuses",
)
async def replace_status(ctx: Context, id: UUID, body: ReplaceStatus) -> Record:
    """Move all tickets of a status to another one of the same category and delete it."""
    old = await ctx.records.get("ticket-statuses", id, lock=True)
    new = await ctx.records.get("ticket-statuses", body.replacement)
    if old["id"] == new["id"] or old["category"] != new["category"]:
        raise Conflict(
            f"The replacement must be another status of the category {old['category']}.",
            code="other_category",
            pointer="/data/attributes/replacement",
        )
    await ctx.as_system().records.repoint("ticket-statuses", id, body.replacement)
    if old["is_default"]:
        await ctx.records.update("ticket-statuses", body.replacement, {"is_default": True})
    await ctx.records.delete("ticket-statuses", id)
    return Record("ticket-statuses", body.replacement)


ALL = (
    merge_ticket,
    split_ticket,
    assign_ticket,
    escalate_ticket,
    close_ticket,
    reopen_ticket,
    replace_status,
)
