"""The bridge between the calendar and the service desk."""

from psa_calendar.api import TicketSchedules
from psa_calendar.with_ticketing import demo, following, panels
from psa_sdk import Manifest, hookimpl, provide
from psa_sdk.ui import Ui
from psa_ticketing.api import TicketAppointments


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="calendar.ticketing",
        title="Appointments of tickets",
        description="Scheduling a ticket books an appointment; moving either moves the other.",
        requires=("calendar", "contacts", "ticketing"),
        interceptors=(
            following.unschedule_ended,
            following.take_from_ticket,
            following.take_from_other_ticket,
        ),
        subscribers=(following.follow_merge,),
        ui=Ui(panels=panels.PANELS, actions=panels.ACTIONS),
        demo=demo.fill,
        services=(
            provide(TicketAppointments, following.AppointmentsOfTickets),
            provide(TicketSchedules, following.SchedulesOfTickets),
        ),
    )
