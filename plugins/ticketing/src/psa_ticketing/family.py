"""Parents and children: acyclic, at most five levels deep (TIC-20)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_sdk import Context
from psa_sdk.errors import Invalid
from psa_ticketing.api import TICKETS
from psa_ticketing.tables import Ticket

MAX_DEPTH = 5
POINTER = "/data/relationships/parent"

ANCESTORS = """
WITH RECURSIVE up AS (
    SELECT id, parent, 1 AS level FROM ticketing.ticket WHERE id = $1
    UNION ALL
    SELECT t.id, t.parent, up.level + 1 FROM ticketing.ticket t JOIN up ON t.id = up.parent WHERE up.level <= $2
) SELECT id FROM up ORDER BY level"""

DESCENDANTS = """
WITH RECURSIVE down AS (
    SELECT id, status, 1 AS level FROM ticketing.ticket WHERE id = $1
    UNION ALL
    SELECT t.id, t.status, down.level + 1 FROM ticketing.ticket t JOIN down ON t.parent = down.id WHERE down.level <= $2
) SELECT down.id, down.level, s.category FROM down JOIN ticketing.status s ON s.id = down.status ORDER BY level"""


def check_chain(ticket_id: UUID, ancestors: Sequence[UUID], height: int) -> None:
    """Refuse a parent that is below the ticket, or a family that gets too deep."""
    if ticket_id in ancestors:
        raise Invalid(
            "A ticket can't be below itself; choose another parent.", code="family_cycle", pointer=POINTER
        )
    if len(ancestors) + height > MAX_DEPTH:
        raise Invalid(
            f"The tickets would be nested {len(ancestors) + height} levels deep; at most {MAX_DEPTH} are allowed.",
            code="family_too_deep",
            pointer=POINTER,
        )


async def check_parent(ctx: Context, ticket_id: UUID, parent_id: UUID) -> None:
    """Check a new parent; concurrent changes of families wait for each other."""
    await ctx.db.lock("ticketing.family")
    ancestors = [row["id"] for row in await ctx.db.fetch(ANCESTORS, parent_id, MAX_DEPTH + 1)]
    below = await ctx.db.fetch(DESCENDANTS, ticket_id, MAX_DEPTH + 1)
    check_chain(ticket_id, ancestors, max((row["level"] for row in below), default=1))


async def adopt(ctx: Context, source: Mapping[str, Any], target_id: UUID) -> None:
    """Make a merged ticket's children the target's; a target below the source takes the source's place first."""
    await ctx.db.lock("ticketing.family")
    system, source_id = ctx.as_system(), source["id"]
    below = await ctx.db.fetch(DESCENDANTS, source_id, MAX_DEPTH + 1)
    if any(row["id"] == target_id for row in below):
        await system.records.update(TICKETS, target_id, {"parent": source["parent"]})
    children = await system.records.find(TICKETS, Ticket.parent == source_id, archived=True)
    if not children:
        return
    above = await ctx.db.fetch(ANCESTORS, target_id, MAX_DEPTH + 1)
    check_chain(
        source_id,
        [row["id"] for row in above if row["id"] != source_id],
        max(row["level"] for row in below) - 1,
    )
    for row in children:
        if row["id"] != target_id:
            await system.records.update(TICKETS, row["id"], {"parent": target_id})


async def open_children(ctx: Context, ticket_id: UUID) -> list[UUID]:
    """Return the descendants that are still being worked on, deepest first."""
    rows = await ctx.db.fetch(DESCENDANTS, ticket_id, MAX_DEPTH + 1)
    done = {"resolved", "closed", "merged", "spam"}
    return [row["id"] for row in reversed(rows) if row["level"] > 1 and row["category"] not in done]
