"""What the calendar stores: appointments and who takes part in them."""

from psa_sdk.tables import (
    Boolean,
    Choice,
    Date,
    Index,
    Instant,
    Integer,
    Json,
    Ref,
    TenantTable,
    Text,
)

STATUSES = ("scheduled", "in_progress", "completed", "cancelled")
TYPES = ("ticket", "project", "meeting", "other")
LONGEST_DAYS = 62
"""The most days of one appointment; searches by time need not look further back."""


class Appointment(TenantTable, schema="calendar", tablename="appointment"):
    """Time that people set aside, from an instant to another, exclusive; by dates when it is all day (CAL-08)."""

    title = Text()
    description = Text(default="", help_text="Goes to all who take part")
    notes = Text(default="", help_text="For staff only")
    appointment_type = Choice(*TYPES, default="other")
    status = Choice(*STATUSES, default="scheduled")
    start_time = Instant(null=True, help_text="Settled from the dates when all day; never empty once written")
    end_time = Instant(null=True, help_text="Exclusive; never empty once written")
    all_day = Boolean(default=False)
    start_date = Date(null=True, help_text="The first day when all day")
    end_date = Date(null=True, help_text="The last day when all day, included")
    location = Text(default="")
    is_busy = Boolean(default=True, help_text="Stands in the way of other appointments")
    is_private = Boolean(default=False, help_text="Others see that the time is taken, and nothing else")
    is_client_visible = Boolean(default=False)
    allow_conflicts = Boolean(default=False, help_text="May overlap others")
    reminder_minutes = Json(default=[], help_text="Minutes before the start")
    sequence = Integer(default=0, help_text="Counts what invitations have to tell (RFC 5545 3.8.7.4)")
    assigned_to = Ref("users", null=True, on_delete="set_null")
    organizer = Ref("users", null=True, on_delete="set_null")
    company = Ref("companies", null=True)
    contact = Ref("contacts", null=True, on_delete="set_null")
    site = Ref("sites", null=True, on_delete="set_null")
    ticket = Ref("tickets", null=True, on_delete="set_null")
    project = Ref("projects", null=True, on_delete="set_null")
    task = Ref("project-tasks", null=True, on_delete="set_null")
    archived_at = Instant(null=True)

    index_on = (
        Index(("assigned_to", "start_time"), where="archived_at IS NULL"),
        Index(("ticket", "start_time"), where="ticket IS NOT NULL"),
        Index(("company", "start_time"), where="company IS NOT NULL"),
        Index(("start_time",), where="archived_at IS NULL"),
    )
    checks = (
        "start_time IS NOT NULL AND end_time IS NOT NULL",
        "end_time > start_time",
        f"end_time <= start_time + interval '{LONGEST_DAYS} days 2 hours'",
        "all_day = (start_date IS NOT NULL)",
        "(start_date IS NULL) = (end_date IS NULL)",
        "end_date >= start_date",
    )


class Attendee(TenantTable, schema="calendar", tablename="attendee"):
    """A member of staff who takes part beside the assignee."""

    appointment = Ref("appointments", on_delete="cascade")
    account = Ref("users", on_delete="cascade")

    index_on = (Index(("appointment", "account"), unique=True), Index(("account",)))


class Guest(TenantTable, schema="calendar", tablename="guest"):
    """A contact who takes part."""

    appointment = Ref("appointments", on_delete="cascade")
    contact = Ref("contacts", on_delete="cascade")

    index_on = (Index(("appointment", "contact"), unique=True), Index(("contact",)))


class Invitation(TenantTable, schema="calendar", tablename="invitation"):
    """What somebody was last told of an appointment by mail."""

    appointment = Ref("appointments", on_delete="cascade")
    email = Text()
    name = Text(default="")
    sequence = Integer(default=0)
    state = Choice("invited", "cancelled", default="invited")

    index_on = (Index(("appointment", "email"), unique=True),)
    exported = False


class Feed(TenantTable, schema="calendar", tablename="feed"):
    """A secret address at which programs read somebody's calendar (CAL-14); only its hash is kept."""

    account = Ref("users", on_delete="cascade")
    name = Text()
    token_hash = Text()
    busy_only = Boolean(default=False)

    index_on = (Index(("token_hash",), unique=True), Index(("account",)))
    exported = False


class Reminder(TenantTable, schema="calendar", tablename="reminder"):
    """A reminder that was given: once for a start, an offset and a person (CAL-11)."""

    appointment = Ref("appointments", on_delete="cascade")
    start_time = Instant()
    offset_minutes = Integer()
    account = Ref("users", on_delete="cascade")

    index_on = (Index(("appointment", "start_time", "offset_minutes", "account"), unique=True),)
    exported = False


ALL = (Appointment, Attendee, Guest, Invitation, Feed, Reminder)
