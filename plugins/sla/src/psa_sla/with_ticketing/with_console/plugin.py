"""The bridge between service levels and the console: warnings and breaches reach the bell (SLA-30)."""

from psa_console.api import Inbox
from psa_sdk import Context, Manifest, hookimpl, on
from psa_sla.api import SlaBreached, SlaWarning
from psa_ticketing.api import TICKETS, ServiceDesk


@on(SlaWarning)
async def tell_of_warning(ctx: Context, event: SlaWarning) -> None:
    """Tell that a target is near."""
    await _tell(ctx, event, f"sla_{event.clock}_warning")


@on(SlaBreached)
async def tell_of_breach(ctx: Context, event: SlaBreached) -> None:
    """Tell that a target was missed."""
    await _tell(ctx, event, f"sla_{event.clock}_missed")


async def _tell(ctx: Context, event: SlaWarning | SlaBreached, kind: str) -> None:
    ticket = (await ctx.service(ServiceDesk).tickets([event.ticket_id])).get(event.ticket_id)
    if ticket is not None and ticket.merged_into_id is None:
        for account in sorted(event.notify):
            await ctx.service(Inbox).tell(
                account, kind, (TICKETS, ticket.id), ticket.title, detail=ticket.number
            )


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="sla.console",
        title="Notifications of service levels",
        description="Tells people of targets that are near or were missed.",
        requires=("sla", "console", "ticketing"),
        subscribers=(tell_of_warning, tell_of_breach),
    )
