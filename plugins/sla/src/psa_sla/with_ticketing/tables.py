"""What service levels add to tickets and queues: the clock's present state, its log, what was told of it."""

from typing import ClassVar

from psa_sdk.tables import UUID, BigInt, Boolean, Choice, Index, Instant, Integer, Ref, TenantTable, Text

CLOCKS = ("response", "resolution")
STATES = ("none", "running", "paused", "met", "breached")
OVERALL = ("none", "on_track", "warning", "paused", "breached", "met")
SOURCES = ("ticket", "contract", "company", "queue", "default", "none")


class QueuePolicy(TenantTable, schema="sla", tablename="queue_policy"):
    """The policy of tickets in a queue."""

    queue = Ref("ticket-queues", on_delete="cascade")
    sla_policy = Ref("sla-policies", null=True, on_delete="set_null")

    index_on = (Index(("queue",), unique=True), Index(("sla_policy",)))


class TicketSla(TenantTable, schema="sla", tablename="ticket_sla"):
    """How a ticket stands: all of it follows from the log, kept here to filter, sort and sweep by."""

    ticket = Ref("tickets", on_delete="cascade")
    sla_override = Ref("sla-policies", null=True, help_text="Chosen for this ticket")
    sla_exempt = Boolean(default=False, help_text="No policy holds, whatever else is said")
    sla_policy = Ref("sla-policies", null=True)
    sla_source = Choice(*SOURCES, default="none", help_text="Who said that the policy holds")
    sla_state = Choice(*OVERALL, default="none")
    sla_due_at = Instant(null=True, help_text="The next target that is due")
    sla_response_state = Choice(*STATES, default="none")
    sla_response_due_at = Instant(null=True)
    sla_response_breached_at = Instant(null=True)
    sla_resolution_state = Choice(*STATES, default="none")
    sla_resolution_due_at = Instant(null=True)
    sla_resolution_breached_at = Instant(null=True)
    sla_next_at = Instant(null=True, help_text="When there is something to tell next")

    index_on = (
        Index(("ticket",), unique=True),
        Index(("sla_next_at",), where="sla_next_at IS NOT NULL"),
        Index(("sla_policy", "ticket"), where="sla_state IN ('on_track', 'warning', 'paused', 'breached')"),
        Index(("sla_override",), where="sla_override IS NOT NULL"),
    )


class ClockEntry(TenantTable, schema="sla", tablename="clock_entry"):
    """A stretch of a clock: what holds from `at` until the clock's next entry (SLA, model)."""

    ticket = UUID()
    clock = Choice(*CLOCKS)
    cycle = Integer(default=1)
    number = Integer()
    at = Instant()
    state = Choice("running", "paused", "stopped", "left")
    calendar_version = UUID(null=True, help_text="Null counts around the clock")
    target_seconds = BigInt(null=True)
    cause = Text(default="")

    append_only: ClassVar[bool] = True
    index_on = (Index(("ticket", "clock", "cycle", "number"), unique=True),)


class ClockNotice(TenantTable, schema="sla", tablename="clock_notice"):
    """That a threshold was told of; unique, so that nobody is told twice (SLA-30)."""

    ticket = UUID()
    clock = Choice(*CLOCKS)
    cycle = Integer()
    threshold = Text()
    at = Instant()

    append_only: ClassVar[bool] = True
    index_on = (
        Index(("ticket", "clock", "cycle", "threshold"), unique=True),
        Index(("at",), where="threshold = '100%'"),
    )


ALL = (QueuePolicy, TicketSla, ClockEntry, ClockNotice)
