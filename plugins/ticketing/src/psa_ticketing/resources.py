"""Tickets and the desk's lists as the API shows them."""

from psa_sdk import Derived, ManyToMany, Resource, ToMany, ToOne, Who
from psa_sdk.tables import Condition, QueryString
from psa_ticketing import defaults, list_rules, shapes, ticket_rules
from psa_ticketing.tables import (
    CannedResponse,
    Ticket,
    TicketCategory,
    TicketContact,
    TicketPriority,
    TicketQueue,
    TicketStatus,
    TicketTemplate,
    TicketType,
    TicketWatcher,
)

TICKET_NUMBER = "('T' || lpad({row}.number::text, greatest(6, length({row}.number::text)), '0'))"


def own_tickets(who: Who) -> Condition | QueryString:
    """Client admins see their company's tickets, other clients those they requested or are in copy of."""
    if who.client_admin:
        return Ticket.company == who.company_id
    return QueryString(
        '"ticket".company = {} AND ("ticket".contact = {} OR "ticket".id IN'
        " (SELECT c.ticket FROM ticketing.ticket_contact c WHERE c.contact = {}))",
        who.company_id,
        who.contact_id,
        who.contact_id,
    )


queues = Resource(
    name="ticket-queues",
    title="Queues",
    table=TicketQueue,
    read=shapes.QueueRead,
    write=shapes.QueueWrite,
    relations=(ToOne("team", "groups", TicketQueue.team),),
    filters=(TicketQueue.name, TicketQueue.is_active, TicketQueue.is_default, TicketQueue.team),
    sorts=(TicketQueue.sort_order, TicketQueue.name, TicketQueue.created_at),
    default_sort="sort_order",
    label=TicketQueue.name,
    before_create=list_rules.replace_default,
    before_update=list_rules.replace_default,
    before_delete=list_rules.delete_default,
)

statuses = Resource(
    name="ticket-statuses",
    title="Statuses",
    table=TicketStatus,
    read=shapes.StatusRead,
    write=shapes.StatusWrite,
    derived=(Derived("is_closed", "({row}.category IN ('closed', 'merged', 'spam'))"),),
    filters=(TicketStatus.name, TicketStatus.category, TicketStatus.is_default),
    sorts=(TicketStatus.sort_order, TicketStatus.name, TicketStatus.created_at),
    default_sort="sort_order",
    label=TicketStatus.name,
    portal=lambda _who: TicketStatus.category.is_not_null(),
    before_create=list_rules.write_status,
    before_update=list_rules.write_status,
    before_delete=list_rules.delete_status,
)

priorities = Resource(
    name="ticket-priorities",
    title="Priorities",
    table=TicketPriority,
    read=shapes.PriorityRead,
    write=shapes.PriorityWrite,
    filters=(TicketPriority.name, TicketPriority.is_default),
    sorts=(TicketPriority.sort_order, TicketPriority.name, TicketPriority.created_at),
    default_sort="sort_order",
    label=TicketPriority.name,
    portal=lambda _who: TicketPriority.name.is_not_null(),
    portal_hidden=("sla_multiplier",),
    before_create=list_rules.replace_default,
    before_update=list_rules.replace_default,
    before_delete=list_rules.delete_default,
)

types = Resource(
    name="ticket-types",
    title="Ticket types",
    table=TicketType,
    read=shapes.TypeRead,
    write=shapes.TypeWrite,
    filters=(TicketType.name, TicketType.is_default),
    sorts=(TicketType.sort_order, TicketType.name, TicketType.created_at),
    default_sort="sort_order",
    label=TicketType.name,
    portal=lambda _who: TicketType.name.is_not_null(),
    before_create=list_rules.replace_default,
    before_update=list_rules.replace_default,
    before_delete=list_rules.delete_default,
)

categories = Resource(
    name="ticket-categories",
    title="Categories",
    table=TicketCategory,
    read=shapes.CategoryRead,
    write=shapes.CategoryWrite,
    relations=(ToOne("parent", "ticket-categories", TicketCategory.parent, inverse="subcategories"),),
    filters=(TicketCategory.name, TicketCategory.parent),
    sorts=(TicketCategory.sort_order, TicketCategory.name, TicketCategory.created_at),
    default_sort="sort_order",
    label=TicketCategory.name,
    portal=lambda _who: TicketCategory.name.is_not_null(),
)

tickets = Resource(
    name="tickets",
    title="Tickets",
    description="Requests of clients and the work they take.",
    table=Ticket,
    read=shapes.TicketRead,
    write=shapes.TicketWrite,
    derived=(Derived("ticket_number", TICKET_NUMBER),),
    relations=(
        ToOne("status", "ticket-statuses", Ticket.status),
        ToOne("priority", "ticket-priorities", Ticket.priority),
        ToOne("ticket_type", "ticket-types", Ticket.ticket_type, portal_writable=True),
        ToOne("category", "ticket-categories", Ticket.category, portal_writable=True),
        ToOne("subcategory", "ticket-categories", Ticket.subcategory, portal_writable=True),
        ToOne("queue", "ticket-queues", Ticket.queue, inverse="tickets"),
        ToOne("company", "companies", Ticket.company, inverse="tickets"),
        ToOne("contact", "contacts", Ticket.contact, inverse="tickets"),
        ToOne("site", "sites", Ticket.site, inverse="tickets", portal_writable=True),
        ToOne("assigned_to", "users", Ticket.assigned_to),
        ToOne("team", "groups", Ticket.team),
        ToOne("parent", "tickets", Ticket.parent, inverse="children"),
        ToOne("merged_into", "tickets", Ticket.merged_into, inverse="merged_tickets", writable=False),
        ToOne("follow_up_of", "tickets", Ticket.follow_up_of, inverse="follow_ups"),
        ToOne("created_by", "users", Ticket.created_by, writable=False),
        ManyToMany("watchers", "users", TicketWatcher.ticket, TicketWatcher.account),
        ManyToMany("cc_contacts", "contacts", TicketContact.ticket, TicketContact.contact),
        ToMany("notes", "comments", create=True),
        ToMany("attachments", "attachments"),
    ),
    filters=(
        Ticket.number,
        Ticket.title,
        Ticket.status,
        "status.category",
        Ticket.priority,
        Ticket.ticket_type,
        Ticket.category,
        Ticket.subcategory,
        Ticket.queue,
        Ticket.source,
        Ticket.company,
        Ticket.contact,
        Ticket.site,
        Ticket.assigned_to,
        Ticket.team,
        Ticket.parent,
        Ticket.merged_into,
        Ticket.created_by,
        Ticket.awaiting,
        Ticket.is_billable,
        Ticket.billing_status,
        Ticket.external_number,
        Ticket.tags,
        Ticket.created_at,
        Ticket.updated_at,
        Ticket.resolved_at,
        Ticket.closed_at,
        Ticket.scheduled_start,
        Ticket.scheduled_end,
    ),
    sorts=(Ticket.number, Ticket.created_at, Ticket.updated_at, Ticket.title, Ticket.scheduled_start),
    default_sort="-created_at",
    search=(Ticket.number, TICKET_NUMBER, Ticket.title, Ticket.description, Ticket.external_number),
    label=Ticket.title,
    custom_fields=True,
    scopes={
        "own": lambda who: Ticket.assigned_to == who.id,
        "team": lambda who: (
            (Ticket.assigned_to == who.id) | Ticket.team.is_in(list(who.team_ids) or [who.id])
        ),
    },
    portal=own_tickets,
    portal_verbs=frozenset(("list", "get", "create")),
    portal_write=shapes.TicketPortalWrite,
    portal_hidden=(
        "watchers",
        "tags",
        "custom_fields",
        "is_billable",
        "billing_status",
        "external_number",
        "queue",
        "team",
        "assigned_to",
        "created_by",
        "parent",
        "children",
        "merged_tickets",
        "follow_ups",
        "estimated_hours",
        "last_staff_activity_at",
        "source",
    ),
    archive=Ticket.archived_at,
    question=defaults.start,
    before_create=ticket_rules.write_new,
    before_update=ticket_rules.write_edit,
    tells=ticket_rules.meaning,
    after_write=ticket_rules.follow,
)

templates = Resource(
    name="ticket-templates",
    title="Ticket templates",
    table=TicketTemplate,
    read=shapes.TemplateRead,
    write=shapes.TemplateWrite,
    relations=(
        ToOne("priority", "ticket-priorities", TicketTemplate.priority),
        ToOne("ticket_type", "ticket-types", TicketTemplate.ticket_type),
        ToOne("category", "ticket-categories", TicketTemplate.category),
        ToOne("queue", "ticket-queues", TicketTemplate.queue),
    ),
    filters=(TicketTemplate.name, TicketTemplate.is_active),
    sorts=(TicketTemplate.name, TicketTemplate.created_at),
    default_sort="name",
    search=(TicketTemplate.name, TicketTemplate.title),
    label=TicketTemplate.name,
)

canned_responses = Resource(
    name="canned-responses",
    title="Canned responses",
    table=CannedResponse,
    read=shapes.CannedRead,
    write=shapes.CannedWrite,
    relations=(ToOne("team", "groups", CannedResponse.team),),
    filters=(CannedResponse.name, CannedResponse.team, CannedResponse.language, CannedResponse.is_active),
    sorts=(CannedResponse.name, CannedResponse.created_at),
    default_sort="name",
    search=(CannedResponse.name, CannedResponse.content),
    label=CannedResponse.name,
)

ALL = (queues, statuses, priorities, types, categories, tickets, templates, canned_responses)
