"""The bridge between billing and the service desk: what invoices call tickets."""

from collections.abc import Collection, Mapping
from uuid import UUID

from psa_billing.api_sources import TicketTitles
from psa_sdk import Context, Manifest, hookimpl, provide
from psa_ticketing.api import ServiceDesk


class DeskTicketTitles:
    """Implements `psa_billing.api.TicketTitles`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx.as_system()

    async def titles(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Return number and title by id."""
        found = await self._ctx.service(ServiceDesk).tickets(list(ticket_ids))
        return {ticket_id: f"{facts.number} {facts.title}" for ticket_id, facts in found.items()}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="billing.ticketing",
        title="Tickets on invoices",
        description="Invoices name the tickets that their lines come from.",
        requires=("billing", "ticketing"),
        services=(provide(TicketTitles, DeskTicketTitles),),
    )
