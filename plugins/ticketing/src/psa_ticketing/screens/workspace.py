"""The page of a ticket: conversation, properties, and what other plugins add."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_ticketing.api import TICKETS
from psa_ticketing.screens.lists import entries
from psa_ticketing.screens.timeline import Note, timeline

PEEKED: Final = 4
"""Notes of a preview: the first one and the latest."""
INCLUDED = (
    "status",
    "priority",
    "ticket_type",
    "category",
    "subcategory",
    "queue",
    "company",
    "contact",
    "site",
    "assigned_to",
    "team",
    "parent",
    "merged_into",
    "created_by",
)


class Asked(msgspec.Struct):
    """The address: `notes=all` shows a long conversation whole."""

    notes: str = ""


async def load(ctx: Context, id: UUID, query: Asked) -> Mapping[str, Any]:
    """Load the page of a ticket; a merged one shows where it went."""
    documents = ctx.service(Documents)
    found = await documents.one(TICKETS, id, include=included(documents))
    lists = await entries(ctx)
    ticket = found.items[0]
    told = await timeline(ctx, found, all_notes=query.notes == "all")
    custom = await documents.custom_fields(TICKETS)
    return {
        "title": f"{ticket.attributes['ticket_number']} {ticket.attributes['title']}",
        "found": found,
        "ticket": ticket,
        "lists": lists,
        "chosen": chosen(lists, ticket.one),
        "log": told,
        "custom": custom,
        "watching": await watching(ctx, id),
        "me": ctx.principal.id,
        "draft": f"{ctx.principal.id} {id}",
        "verbs": documents.describe(TICKETS).verbs,
    }


async def peek(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load the preview of a ticket: its head and the latest notes."""
    documents = ctx.service(Documents)
    found = await documents.one(TICKETS, id, include=included(documents))
    lists = await entries(ctx)
    ticket = found.items[0]
    told = await timeline(ctx, found)
    said = [entry for entry in (*told.first, *told.folded, *told.last) if isinstance(entry, Note)]
    return {
        "found": found,
        "ticket": ticket,
        "chosen": chosen(lists, ticket.one),
        "said": said if len(said) <= PEEKED else [said[0], *said[1 - PEEKED :]],
    }


def included(documents: Documents) -> str:
    """Return the relationships to include: those whose targets the person may read."""
    facts, readable = documents.describe(TICKETS), frozenset(documents.resources())
    return ",".join(
        name for name in INCLUDED if name in facts.relations and facts.relations[name].target in readable
    )


def chosen(lists: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the entries of the desk's lists that a ticket has."""
    by_id = {entry.id: entry for found in lists.values() for entry in found}
    names = ("status", "priority", "ticket_type", "queue", "category", "subcategory")
    return {name: by_id.get(one[name][1]) if one.get(name) else None for name in names}


async def watching(ctx: Context, id: UUID) -> bool:
    """Tell whether the person follows a ticket."""
    sql = "SELECT EXISTS (SELECT FROM ticketing.watcher WHERE ticket = $1 AND account = $2)"
    return bool(await ctx.db.fetch_value(sql, id, ctx.principal.id))
