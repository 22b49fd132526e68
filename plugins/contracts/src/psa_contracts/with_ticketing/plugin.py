"""The bridge between contracts and the service desk."""

import msgspec

from psa_contracts.api import TicketPlaces
from psa_contracts.with_ticketing import panels
from psa_contracts.with_ticketing.choosing import DeskTicketPlaces, check, choose
from psa_contracts.with_ticketing.following import reprice_time
from psa_contracts.with_ticketing.tables import TicketContract
from psa_sdk import Extension, Manifest, ToOne, hookimpl, provide
from psa_ticketing.api import TICKETS


class TicketContractShape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A ticket has a relationship more, and no attribute."""


of_ticket = Extension(
    resource=TICKETS,
    table=TicketContract,
    column=TicketContract.ticket,
    read=TicketContractShape,
    write=TicketContractShape,
    relations=(ToOne("contract", "contracts", TicketContract.contract, inverse="tickets"),),
    filters=(TicketContract.contract,),
)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="contracts.ticketing",
        title="Contracts of tickets",
        description="The contract that a ticket falls under.",
        requires=("contacts", "contracts", "ticketing"),
        tables=(TicketContract,),
        extensions=(of_ticket,),
        interceptors=(choose, check),
        subscribers=(reprice_time,),
        services=(provide(TicketPlaces, DeskTicketPlaces),),
        ui=panels.UI,
    )
