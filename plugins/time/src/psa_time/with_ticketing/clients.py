"""Whom work on a ticket is for."""

from uuid import UUID

from psa_sdk import Context
from psa_sdk.errors import Invalid
from psa_ticketing.api import ServiceDesk

TICKET = "/data/relationships/ticket"


class DeskTicketClients:
    """Implements `psa_time.api.TicketClients` with the service desk."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def company_of(self, ticket_id: UUID) -> UUID | None:
        """Return a ticket's company; a merged ticket takes no time."""
        desk = self._ctx.service(ServiceDesk)
        facts = (await desk.tickets([ticket_id])).get(ticket_id)
        if facts is None:
            raise Invalid("There is no such ticket.", code="unknown_reference", pointer=TICKET)
        if facts.merged_into_id is not None:
            raise Invalid(
                f"{facts.number} was merged; log the time on the ticket it was merged into.",
                code="ticket_merged",
                pointer=TICKET,
                meta={"merged_into": str(facts.merged_into_id)},
            )
        return facts.company_id
