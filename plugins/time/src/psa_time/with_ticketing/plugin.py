"""The bridge between time and the service desk."""

from decimal import Decimal

import msgspec

from psa_sdk import Extension, Manifest, hookimpl, provide
from psa_sdk.ui import Ui
from psa_time.api import TicketClients
from psa_time.with_ticketing import demo, panels, routes
from psa_time.with_ticketing.clients import DeskTicketClients
from psa_time.with_ticketing.following import follow_merge
from psa_time.with_ticketing.tables import TicketHours


class TicketHoursRead(msgspec.Struct, kw_only=True):
    """Worked and billable time of a ticket; null before the first entry."""

    actual_minutes: int
    billable_minutes: int
    actual_hours: Decimal
    billable_hours: Decimal


hours = Extension(
    resource="tickets",
    table=TicketHours,
    column=TicketHours.ticket,
    read=TicketHoursRead,
    filters=(TicketHours.actual_minutes,),
    portal=False,
)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="time.ticketing",
        title="Time on tickets",
        description="Hours of tickets; time follows merges and splits.",
        requires=("time", "ticketing"),
        tables=(TicketHours,),
        extensions=(hours,),
        routes=routes.ALL,
        subscribers=(follow_merge,),
        services=(provide(TicketClients, DeskTicketClients),),
        ui=Ui(panels=panels.PANELS, form_parts=panels.FORM_PARTS),
        demo=demo.fill,
    )
