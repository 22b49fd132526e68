"""Merging one ticket into another and splitting notes off (TIC-10 to TIC-16)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_comments.api import Conversation
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid
from psa_ticketing import defaults, family
from psa_ticketing.api import TICKETS, TicketsMerged, TicketSplit
from psa_ticketing.numbers import show_number

COPIED = (
    "company",
    "contact",
    "site",
    "queue",
    "priority",
    "ticket_type",
    "category",
    "subcategory",
    "team",
    "assigned_to",
    "is_billable",
)


UNMOVED = ("tickets.merged_into", "tickets.follow_up_of", "tickets.parent", "comments", "attachments")
"""Columns that keep naming the source, and what moves by another way."""


def check(
    source: Mapping[str, Any], target: Mapping[str, Any], category: str, *, force: bool, reopen: bool
) -> None:
    """Refuse merges that can't be meant (TIC-12); `category` is the target's."""
    if source["id"] == target["id"]:
        raise Invalid(
            "A ticket can't be merged into itself.", code="same_ticket", pointer="/data/attributes/target"
        )
    for role, row in (("source", source), ("target", target)):
        if row["merged_into"] is not None:
            raise Conflict(
                f"The {role} ticket was already merged into another one.",
                code="already_merged",
                meta={"merged_into": str(row["merged_into"])},
            )
    if source["company"] != target["company"] and not force:
        raise Conflict(
            "The tickets belong to different companies; send force=true to merge them all the same.",
            code="different_companies",
        )
    if category in {"closed", "spam"} and not reopen:
        raise Conflict(
            "The target ticket is closed; send reopen=true to open it again.", code="target_closed"
        )


async def merge(ctx: Context, source_id: UUID, target_id: UUID, *, force: bool, reopen: bool) -> None:
    """Merge the source into the target; everything that hangs on the source moves, the source becomes read-only."""
    rows = {
        ticket: await ctx.records.get(TICKETS, ticket, lock=True) for ticket in sorted({source_id, target_id})
    }
    source, target = rows[source_id], rows[target_id]
    category = await defaults.category_of(ctx, target["status"])
    check(source, target, category, force=force, reopen=reopen)
    system = ctx.as_system()
    await family.adopt(ctx, source, target_id)
    await ctx.service(Conversation).move((TICKETS, source_id), (TICKETS, target_id))
    await system.records.repoint(TICKETS, source_id, target_id, skip=UNMOVED)
    await ctx.files.move((TICKETS, source_id), (TICKETS, target_id))
    values: dict[str, Any] = {}
    tags = [*target["tags"], *(tag for tag in source["tags"] if tag not in target["tags"])]
    if tags != target["tags"]:
        values["tags"] = tags
    latest = max(
        filter(None, (source["last_customer_activity_at"], target["last_customer_activity_at"])), default=None
    )
    if latest != target["last_customer_activity_at"]:
        values["last_customer_activity_at"] = latest
    if category in {"closed", "spam"}:
        values["status"] = await defaults.status_of(ctx, "open")
    if values:
        await system.records.update(TICKETS, target_id, values)
    if source["contact"] is not None and source["contact"] != target["contact"]:
        await system.records.link(TICKETS, target_id, "cc_contacts", [source["contact"]])
    await system.records.update(
        TICKETS,
        source_id,
        {"status": await defaults.status_of(ctx, "merged"), "merged_into": target_id, "parent": None},
    )
    await ctx.service(Conversation).add(
        (TICKETS, target_id), f"{show_number(source['number'])} was merged into this ticket.", automated=True
    )
    await ctx.emit(TicketsMerged(source_id=source_id, target_id=target_id))


async def split(ctx: Context, origin_id: UUID, *, notes: Sequence[UUID], title: str) -> UUID:
    """Move the chosen notes, with their attachments, to a new ticket; the origin keeps a stub."""
    if not notes:
        raise Invalid(
            "Choose at least one note to split off.", code="no_notes", pointer="/data/attributes/notes"
        )
    origin = await ctx.records.get(TICKETS, origin_id, lock=True)
    if origin["merged_into"] is not None:
        raise Conflict("This ticket was merged; split the one it was merged into.", code="ticket_merged")
    values = {column: origin[column] for column in COPIED}
    ticket_id = await ctx.records.create(
        TICKETS, {**values, "title": title, "source": origin["source"], "tags": list(origin["tags"])}
    )
    await ctx.service(Conversation).move((TICKETS, origin_id), (TICKETS, ticket_id), notes)
    number = show_number((await ctx.records.get(TICKETS, ticket_id))["number"])
    await ctx.service(Conversation).add(
        (TICKETS, origin_id), f"{len(set(notes))} notes were split off to {number}.", automated=True
    )
    await ctx.emit(TicketSplit(origin_id=origin_id, ticket_id=ticket_id))
    return ticket_id
