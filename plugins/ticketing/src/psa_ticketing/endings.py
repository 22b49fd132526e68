"""How tickets end by themselves: resolved ones close, parents follow their children (TIC-03, TIC-20)."""

from datetime import timedelta

from psa_sdk import Context, actor, every, on
from psa_ticketing import defaults, family, lifecycle
from psa_ticketing.api import TICKETS, TicketStatusChanged
from psa_ticketing.settings import TicketingSettings

BATCH = 500
RIPE = """
SELECT t.id FROM ticketing.ticket t JOIN ticketing.status s ON s.id = t.status
WHERE s.category = 'resolved' AND t.archived_at IS NULL
    AND greatest(t.resolved_at, t.last_customer_activity_at) <= $1
ORDER BY t.resolved_at LIMIT $2"""


@actor(queue="bulk")
async def close_resolved(ctx: Context) -> None:
    """Close what has been resolved for the tenant's number of days without a reply."""
    days = (await ctx.settings(TicketingSettings)).auto_close_days
    if not days:
        return
    ripe = await ctx.db.fetch(RIPE, ctx.now - timedelta(days=days), BATCH)
    if not ripe:
        return
    closed = await defaults.status_of(ctx, "closed")
    for row in ripe:
        # A ticket whose children are open waits for them.
        if not await family.open_children(ctx, row["id"]):
            await ctx.records.update(TICKETS, row["id"], {"status": closed})
    if len(ripe) == BATCH:
        await ctx.send(close_resolved, delay=timedelta(minutes=1))


@on(TicketStatusChanged)
async def resolve_parent(ctx: Context, event: TicketStatusChanged) -> None:
    """Resolve the parent when its last open child is done, where the tenant wants it."""
    if event.after in lifecycle.ACTIVE or not (await ctx.settings(TicketingSettings)).resolve_parents:
        return
    parent_id = (await ctx.records.get(TICKETS, event.ticket_id))["parent"]
    if parent_id is None:
        return
    parent = await ctx.records.get(TICKETS, parent_id, lock=True)
    category = await defaults.category_of(ctx, parent["status"])
    if category in lifecycle.ACTIVE and not await family.open_children(ctx, parent_id):
        await ctx.records.update(TICKETS, parent_id, {"status": await defaults.status_of(ctx, "resolved")})


SCHEDULES = (every("23 * * * *", close_resolved),)
