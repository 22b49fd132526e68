"""The bridge between the console and time tracking: weeks that come back, timers that nobody stopped."""

from psa_console.api import Inbox
from psa_sdk import Context, Manifest, hookimpl, on
from psa_sdk.documents import Documents
from psa_time.api import TimerForgotten, TimesheetRejected


@on(TimesheetRejected)
async def tell_of_rejection(ctx: Context, event: TimesheetRejected) -> None:
    """Tell people that their week was given back, and why."""
    found = (await ctx.service(Documents).one("timesheets", event.timesheet_id)).items[0].attributes
    title = f"{found['start_date']} / {found['end_date']}"
    subject = ("timesheets", event.timesheet_id)
    await ctx.service(Inbox).tell(event.account_id, "timesheet_rejected", subject, title, detail=event.reason)


@on(TimerForgotten)
async def tell_of_timer(ctx: Context, event: TimerForgotten) -> None:
    """Remind people of a timer that still runs."""
    subject, hours = ("timers", event.timer_id), event.minutes // 60
    await ctx.service(Inbox).tell(event.account_id, "timer_forgotten", subject, f"{hours} h")


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="console.time",
        title="Notifications of time",
        description="Tells people of returned weeks and forgotten timers.",
        requires=("console", "time"),
        subscribers=(tell_of_rejection, tell_of_timer),
    )
