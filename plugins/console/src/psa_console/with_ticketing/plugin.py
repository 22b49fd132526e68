"""The bridge between the console and the service desk: who is told about tickets."""

from psa_console.api import Inbox
from psa_sdk import Context, Manifest, hookimpl, on
from psa_ticketing.api import TICKETS, ServiceDesk, TicketAssigned, TicketReplied


@on(TicketAssigned)
async def tell_assignee(ctx: Context, event: TicketAssigned) -> None:
    """Tell people of tickets that others give them."""
    ticket = (await ctx.service(ServiceDesk).tickets([event.ticket_id])).get(event.ticket_id)
    if ticket is not None and event.assigned_to_id is not None:
        subject = (TICKETS, ticket.id)
        await ctx.service(Inbox).tell(
            event.assigned_to_id, "ticket_assigned", subject, ticket.title, detail=ticket.number
        )


@on(TicketReplied)
async def tell_of_reply(ctx: Context, event: TicketReplied) -> None:
    """Tell the assignee that the client has written."""
    if event.by != "customer":
        return
    ticket = (await ctx.service(ServiceDesk).tickets([event.ticket_id])).get(event.ticket_id)
    if ticket is not None and ticket.assigned_to_id is not None:
        subject = (TICKETS, ticket.id)
        await ctx.service(Inbox).tell(
            ticket.assigned_to_id, "client_replied", subject, ticket.title, detail=ticket.number
        )


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="console.ticketing",
        title="Notifications of tickets",
        description="Tells people of tickets that concern them.",
        requires=("console", "ticketing"),
        subscribers=(tell_assignee, tell_of_reply),
    )
