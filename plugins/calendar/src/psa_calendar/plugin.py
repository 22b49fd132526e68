"""The calendar."""

from psa_calendar import (
    api,
    calendar_routes,
    conflicts,
    demo,
    feeds,
    forgetting,
    invitations,
    pages,
    reminding,
    resources,
    tables,
)
from psa_calendar.api import APPOINTMENTS
from psa_calendar.settings import CalendarSettings
from psa_sdk import Manifest, Permission, Principal, Scope, hookimpl

SEE_PRIVATE = "calendar.private.read"
PERMISSIONS = (
    Permission(name=conflicts.ALLOW, title="Book people twice"),
    Permission(name=feeds.CREATE, title="Read one's calendar with other programs", sensitive=True),
    Permission(name=SEE_PRIVATE, title="See private appointments of others"),
)
FEEDS = ("calendar.feeds.create", "calendar.calendar_feeds.read@own", "calendar.calendar_feeds.delete@own")
OWN = (
    *FEEDS,
    "calendar.appointments.read",
    "calendar.appointments.create@own",
    "calendar.appointments.update@own",
    "calendar.appointments.delete@own",
)
ROLES = {
    "manager": (
        "calendar.appointments.*",
        "calendar.calendar_feeds.*",
        "calendar.feeds.create",
        conflicts.ALLOW,
    ),
    "dispatcher": (*FEEDS, "calendar.appointments.*", conflicts.ALLOW),
    "technician": OWN,
    "sales": OWN,
    "finance": OWN,
    "client_admin": ("calendar.appointments.read",),
    "client_user": ("calendar.appointments.read",),
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="calendar",
        title="Calendar",
        description="Appointments, conflicts, invitations, feeds, reminders.",
        requires=("contacts",),
        enhances=("ticketing", "mail"),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=(*calendar_routes.ALL, *feeds.ALL),
        permissions=PERMISSIONS,
        roles=ROLES,
        events=api.EVENTS,
        subscribers=forgetting.SUBSCRIBERS,
        actors=(invitations.tell_participants, reminding.remind, forgetting.forget_ended),
        schedules=forgetting.SCHEDULES,
        settings=CalendarSettings,
        ui=pages.UI,
        demo=demo.fill,
    )


@hookimpl
def psa_scope(principal: Principal, resource: str) -> Scope | None:
    """Keep private appointments to those whom they concern."""
    if resource != APPOINTMENTS or principal.allows(SEE_PRIVATE):
        return None
    return resources.open_or_own
