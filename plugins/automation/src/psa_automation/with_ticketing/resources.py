"""Recurring tickets, their occurrences and close gates as the API shows them."""

from psa_automation.with_ticketing import gates, recurring, shapes
from psa_automation.with_ticketing.tables import CloseGate, Occurrence, RecurringTicket, TicketSince
from psa_sdk import Extension, Resource, ToOne

since = Extension(
    resource="tickets",
    table=TicketSince,
    column=TicketSince.ticket,
    read=shapes.SinceRead,
    filters=(TicketSince.status_since,),
    sorts=(TicketSince.status_since,),
)

recurring_tickets = Resource(
    name="recurring-tickets",
    title="Recurring tickets",
    table=RecurringTicket,
    read=shapes.RecurringRead,
    write=shapes.RecurringWrite,
    relations=(
        ToOne("company", "companies", RecurringTicket.company, inverse="recurring_tickets"),
        ToOne("contact", "contacts", RecurringTicket.contact),
        ToOne("queue", "ticket-queues", RecurringTicket.queue),
        ToOne("priority", "ticket-priorities", RecurringTicket.priority),
        ToOne("ticket_type", "ticket-types", RecurringTicket.ticket_type),
        ToOne("assigned_to", "users", RecurringTicket.assigned_to),
        ToOne("team", "groups", RecurringTicket.team),
    ),
    filters=(
        RecurringTicket.name,
        RecurringTicket.company,
        RecurringTicket.is_active,
        RecurringTicket.next_at,
    ),
    sorts=(RecurringTicket.name, RecurringTicket.next_at, RecurringTicket.created_at),
    default_sort="name",
    search=(RecurringTicket.name, RecurringTicket.title),
    label=RecurringTicket.name,
    before_create=recurring.write_recurring,
    before_update=recurring.write_recurring,
)

occurrences = Resource(
    name="recurring-ticket-occurrences",
    title="Occurrences of recurring tickets",
    table=Occurrence,
    read=shapes.OccurrenceRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("recurring_ticket", "recurring-tickets", Occurrence.recurring_ticket, inverse="occurrences"),
        ToOne("ticket", "tickets", Occurrence.ticket),
    ),
    filters=(Occurrence.recurring_ticket, Occurrence.ticket, Occurrence.occurs_at, Occurrence.outcome),
    sorts=(Occurrence.occurs_at,),
    default_sort="-occurs_at",
)

close_gates = Resource(
    name="close-gates",
    title="Close gates",
    description="What a ticket must have before people close it.",
    table=CloseGate,
    read=shapes.GateRead,
    write=shapes.GateWrite,
    relations=(ToOne("queue", "ticket-queues", CloseGate.queue),),
    filters=(CloseGate.name, CloseGate.queue, CloseGate.is_active),
    sorts=(CloseGate.name, CloseGate.created_at),
    default_sort="name",
    label=CloseGate.name,
    before_create=gates.write_gate,
    before_update=gates.write_gate,
)

ALL = (recurring_tickets, occurrences, close_gates)
