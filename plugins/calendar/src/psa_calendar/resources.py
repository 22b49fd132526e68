"""Appointments as the API shows them."""

from psa_calendar import appointment_rules, feeds, shapes
from psa_calendar.api import APPOINTMENTS
from psa_calendar.tables import Appointment, Attendee, Feed, Guest
from psa_sdk import ManyToMany, Resource, ToOne, Who
from psa_sdk.tables import Condition, QueryString

CONCERNS = (
    '("appointment".assigned_to = {} OR "appointment".organizer = {} OR "appointment".id IN'
    " (SELECT t.appointment FROM calendar.attendee t WHERE t.account = {}))"
)


def concerning(who: Who) -> Condition | QueryString:
    """What a person is in charge of, has arranged or takes part in."""
    return QueryString(CONCERNS, who.id, who.id, who.id)


def open_or_own(who: Who) -> Condition | QueryString:
    """All but what is private to others."""
    return QueryString('(NOT "appointment".is_private OR ' + CONCERNS[1:], who.id, who.id, who.id)


def for_client(who: Who) -> Condition | QueryString:
    """What clients are meant to see: admins all of their company's, others what isn't a colleague's."""
    shown = (
        '"appointment".company = {} AND "appointment".is_client_visible AND NOT "appointment".is_private'
        ' AND "appointment".archived_at IS NULL'
    )
    if who.client_admin:
        return QueryString(shown, who.company_id)
    return QueryString(
        f'{shown} AND ("appointment".contact IS NULL OR "appointment".contact = {{}} OR "appointment".id IN'
        " (SELECT g.appointment FROM calendar.guest g WHERE g.contact = {}))",
        who.company_id,
        who.contact_id,
        who.contact_id,
    )


appointments = Resource(
    name=APPOINTMENTS,
    title="Appointments",
    description="Time that people set aside.",
    table=Appointment,
    read=shapes.AppointmentRead,
    write=shapes.AppointmentWrite,
    relations=(
        ToOne("assigned_to", "users", Appointment.assigned_to),
        ToOne("organizer", "users", Appointment.organizer, writable=False),
        ToOne("company", "companies", Appointment.company, inverse="appointments"),
        ToOne("contact", "contacts", Appointment.contact, inverse="appointments"),
        ToOne("site", "sites", Appointment.site, inverse="appointments"),
        ToOne("ticket", "tickets", Appointment.ticket, inverse="appointments"),
        ToOne("project", "projects", Appointment.project, inverse="appointments"),
        ToOne("task", "project-tasks", Appointment.task, inverse="appointments"),
        ManyToMany(
            "attendees",
            "users",
            Attendee.appointment,
            Attendee.account,
            before_change=appointment_rules.change_attendees,
        ),
        ManyToMany(
            "guests",
            "contacts",
            Guest.appointment,
            Guest.contact,
            before_change=appointment_rules.change_guests,
        ),
    ),
    filters=(
        Appointment.title,
        Appointment.appointment_type,
        Appointment.status,
        Appointment.start_time,
        Appointment.end_time,
        Appointment.assigned_to,
        Appointment.organizer,
        Appointment.company,
        Appointment.contact,
        Appointment.site,
        Appointment.ticket,
        Appointment.is_client_visible,
    ),
    sorts=(Appointment.start_time, Appointment.created_at),
    default_sort="-start_time",
    search=(Appointment.title, Appointment.location),
    label=Appointment.title,
    scopes={"own": concerning},
    portal=for_client,
    portal_hidden=(
        "activity",
        "notes",
        "is_busy",
        "is_private",
        "is_client_visible",
        "allow_conflicts",
        "reminder_minutes",
        "sequence",
        "assigned_to",
        "organizer",
        "attendees",
        "guests",
        "project",
        "task",
    ),
    archive=Appointment.archived_at,
    before_create=appointment_rules.write_new,
    before_update=appointment_rules.write_edit,
    before_delete=appointment_rules.write_removal,
    after_write=appointment_rules.settle,
)

calendar_feeds = Resource(
    name=feeds.FEEDS,
    title="Calendar feeds",
    description="Secret addresses at which programs read one's calendar; deleting one revokes it.",
    table=Feed,
    read=feeds.FeedRead,
    verbs=frozenset(("list", "get", "delete")),
    relations=(ToOne("user", "users", Feed.account, writable=False),),
    filters=(Feed.account,),
    sorts=(Feed.created_at,),
    label=Feed.name,
    scopes={"own": lambda who: Feed.account == who.id},
)

ALL = (appointments, calendar_feeds)
