"""What the calendar offers to other plugins: the resource's name, events, and what it asks of its neighbours."""

import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from psa_sdk import Change, Event

APPOINTMENTS = "appointments"


class TicketSchedules(Protocol):
    """Keeps tickets' schedules in line with their appointments. Provided by the bridge to ticketing."""

    async def follow(self, change: Change) -> None:
        """Do to the ticket what was done to its appointment, in the same transaction."""
        ...


class AppointmentAssigned(Event, frozen=True, kw_only=True):
    """An appointment that is still to come was put into somebody's calendar."""

    name: ClassVar[str] = "calendar.appointment_assigned"
    appointment_id: UUID
    account_id: UUID


class ReminderDue(Event, frozen=True, kw_only=True):
    """Somebody asked to be told of an appointment some minutes before it begins, and it is that time."""

    name: ClassVar[str] = "calendar.reminder_due"
    appointment_id: UUID
    account_id: UUID
    starts_at: datetime.datetime


EVENTS = (AppointmentAssigned, ReminderDue)
