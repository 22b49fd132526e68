"""What is checked when the desk's own lists change: one default each, no category left without a status."""

from psa_sdk import Change, Context
from psa_sdk.errors import Conflict
from psa_sdk.tables import And
from psa_ticketing.tables import TicketPriority, TicketQueue, TicketStatus, TicketType

DEFAULTED = {
    "ticket-queues": TicketQueue,
    "ticket-priorities": TicketPriority,
    "ticket-types": TicketType,
    "ticket-statuses": TicketStatus,
}
MANDATORY = frozenset(("new", "open", "resolved", "closed", "merged"))
"""Categories that always need a status: logic moves tickets there."""


async def replace_default(ctx: Context, change: Change) -> None:
    """A new default takes the place of the old one; the last one can't be unmarked."""
    table = DEFAULTED[change.resource]
    await ctx.db.lock("ticketing.defaults", change.resource)
    unmarked = change.verb == "update" and change.old["is_default"] and change.changes("is_default")
    if unmarked and ctx.principal.kind != "system":
        raise Conflict("Mark another one as default instead of unmarking this one.", code="default_required")
    if not change.value("is_default"):
        return
    same = table.is_default.eq(True)
    if table is TicketStatus:
        same = And(same, TicketStatus.category == (change.value("category") or "open"))
    for row in await ctx.records.find(change.resource, same):
        if row["id"] != change.id:
            await ctx.as_system().records.update(change.resource, row["id"], {"is_default": False})


async def write_status(ctx: Context, change: Change) -> None:
    """A status keeps its category while tickets have it, and a mandatory category its last status (TIC-02)."""
    if change.verb == "update" and change.changes("category"):
        if await ctx.db.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM ticketing.ticket WHERE status = $1)", change.id
        ):
            raise Conflict(
                "Tickets have this status, so its category is fixed; make a new status and move them.",
                code="status_in_use",
                pointer="/data/attributes/category",
            )
        await keep_category(ctx, change)
    await replace_default(ctx, change)


async def keep_category(ctx: Context, change: Change) -> None:
    """Refuse to take the last status of a mandatory category away, and the default of one that has others."""
    category = change.old["category"]
    others = await ctx.records.count(
        "ticket-statuses", And(TicketStatus.category == category, TicketStatus.id != change.id)
    )
    if others and change.old["is_default"]:
        raise Conflict(
            f"This is the default of the category {category}; mark another one first.",
            code="default_required",
        )
    if not others and category in MANDATORY:
        raise Conflict(
            f"This is the last status of the category {category}; make another one first.",
            code="last_of_category",
        )


async def delete_status(ctx: Context, change: Change) -> None:
    """A used status needs a replacement before it goes."""
    await keep_category(ctx, change)
    used = await ctx.db.fetch_value("SELECT count(*) FROM ticketing.ticket WHERE status = $1", change.id)
    if used:
        raise Conflict(
            f"{used} tickets have this status; move them with POST /ticket-statuses/{change.id}/replace first.",
            code="status_in_use",
            meta={"tickets": used},
        )


async def delete_default(_ctx: Context, change: Change) -> None:
    """The default of a list stays until another one is marked."""
    if change.old["is_default"]:
        raise Conflict("This is the default; mark another one first.", code="default_required")
