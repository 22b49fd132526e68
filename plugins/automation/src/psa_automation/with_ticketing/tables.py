"""What automation keeps beside tickets: since when a status holds, recurring tickets, close gates."""

from psa_sdk.tables import Boolean, Choice, Date, Index, Instant, Ref, Tags, TenantTable, Text


class TicketSince(TenantTable, schema="automation", tablename="ticket_since"):
    """Since when a ticket has its status, which time-based rules count from."""

    ticket = Ref("tickets", on_delete="cascade")
    status_since = Instant(null=True)

    index_on = (Index(("ticket",), unique=True), Index(("status_since",)))


class RecurringTicket(TenantTable, schema="automation", tablename="recurring_ticket"):
    """A ticket that is opened again and again, at a local time."""

    name = Text()
    title = Text()
    description = Text(default="")
    company = Ref("companies", null=True, on_delete="cascade")
    contact = Ref("contacts", null=True, on_delete="set_null")
    queue = Ref("ticket-queues", null=True, on_delete="set_null")
    priority = Ref("ticket-priorities", null=True, on_delete="set_null")
    ticket_type = Ref("ticket-types", null=True, on_delete="set_null")
    assigned_to = Ref("users", null=True, on_delete="set_null")
    team = Ref("groups", null=True, on_delete="set_null")
    tags = Tags()
    recurrence = Text(help_text="RRULE of RFC 5545, without times")
    starts_on = Date()
    at = Text(default="08:00", help_text="HH:MM in the tenant's zone")
    catch_up = Choice("last", "all", default="last")
    is_active = Boolean(default=True)
    next_at = Instant(null=True)
    last_at = Instant(null=True)

    index_on = (
        Index(("lower(name)",), unique=True),
        Index(("next_at",), where="next_at IS NOT NULL AND is_active"),
        Index(("company",), where="company IS NOT NULL"),
    )


class Occurrence(TenantTable, schema="automation", tablename="occurrence"):
    """An occurrence of a recurring ticket: what became of it, once."""

    recurring_ticket = Ref("recurring-tickets", on_delete="cascade")
    occurs_at = Instant()
    ticket = Ref("tickets", null=True, on_delete="set_null")
    outcome = Choice("opened", "skipped", "failed", default="opened")
    detail = Text(default="")

    index_on = (Index(("recurring_ticket", "occurs_at"), unique=True), Index(("ticket",)))


class CloseGate(TenantTable, schema="automation", tablename="close_gate"):
    """What a ticket must have before people close it; without a queue for all tickets (TIC-07)."""

    name = Text()
    queue = Ref("ticket-queues", null=True, on_delete="cascade")
    required_fields = Tags()
    needs_time = Boolean(default=False)
    needs_resolution = Boolean(default=False)
    needs_checklist = Boolean(default=False)
    is_active = Boolean(default=True)

    index_on = (Index(("lower(name)",), unique=True), Index(("queue",)))


ALL = (TicketSince, RecurringTicket, Occurrence, CloseGate)
