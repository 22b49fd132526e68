"""The bridge between the calendar and the console: reminders and new appointments reach the bell."""

from psa_calendar.api import APPOINTMENTS, AppointmentAssigned, ReminderDue
from psa_calendar.invitation_words import span
from psa_calendar.participants import zone_of
from psa_console.api import Inbox
from psa_sdk import Context, Manifest, hookimpl, on


@on(ReminderDue)
async def tell_of_reminder(ctx: Context, event: ReminderDue) -> None:
    """Remind somebody of an appointment, even one of their own making."""
    row = await ctx.records.get(APPOINTMENTS, event.appointment_id)
    zone = await zone_of(ctx, event.account_id)
    await ctx.service(Inbox).tell(
        event.account_id,
        "appointment_reminder",
        (APPOINTMENTS, event.appointment_id),
        row["title"],
        detail=span(row, zone),
        own=True,
    )


@on(AppointmentAssigned)
async def tell_of_appointment(ctx: Context, event: AppointmentAssigned) -> None:
    """Tell somebody of an appointment that others put into their calendar."""
    row = await ctx.records.get(APPOINTMENTS, event.appointment_id)
    if row["archived_at"] is None and row["assigned_to"] == event.account_id:
        zone = await zone_of(ctx, event.account_id)
        subject = (APPOINTMENTS, event.appointment_id)
        await ctx.service(Inbox).tell(
            event.account_id, "appointment_assigned", subject, row["title"], detail=span(row, zone)
        )


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="calendar.console",
        title="Notifications of the calendar",
        description="Reminds people of appointments and tells them of new ones.",
        requires=("calendar", "console"),
        subscribers=(tell_of_reminder, tell_of_appointment),
    )
