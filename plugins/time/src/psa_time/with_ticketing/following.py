"""What merging does to time: the entries moved with the merge, drafts take the other ticket's terms (TIME-34)."""

from psa_sdk import Context, on
from psa_ticketing.api import ServiceDesk, TicketsMerged
from psa_time.api import ENTRIES
from psa_time.tables import TimeEntry


@on(TicketsMerged)
async def follow_merge(ctx: Context, event: TicketsMerged) -> None:
    """Give drafts that came from a ticket of another company the company, rate and rounding of the target."""
    target = await ctx.service(ServiceDesk).surviving(event.target_id)
    company = (await ctx.service(ServiceDesk).tickets([target]))[target].company_id
    if company is None:
        return
    where = (
        (TimeEntry.ticket == target)
        & (TimeEntry.company != company)
        & (TimeEntry.approval_status != "approved")
    )
    for entry in await ctx.records.find(ENTRIES, where, lock=True, limit=10_000):
        await ctx.records.update(ENTRIES, entry["id"], {"company": company})
