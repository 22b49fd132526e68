"""What the service desk stores: tickets and the tenant's own lists of statuses, priorities, types, queues."""

import decimal

from psa_sdk.tables import (
    BigInt,
    Boolean,
    Choice,
    Decimal,
    Index,
    Instant,
    Integer,
    Json,
    Ref,
    Tags,
    TenantTable,
    Text,
)

CATEGORIES = (
    "new",
    "open",
    "waiting_customer",
    "waiting_third_party",
    "scheduled",
    "resolved",
    "closed",
    "merged",
    "spam",
)
"""What a status means; all logic goes by this, names are the tenant's (TIC-02)."""
SOURCES = ("portal", "email", "phone", "api", "chat", "rmm")
TONES = (
    "slate",
    "red",
    "orange",
    "amber",
    "lime",
    "green",
    "teal",
    "cyan",
    "blue",
    "indigo",
    "violet",
    "pink",
)


class TicketQueue(TenantTable, schema="ticketing", tablename="queue"):
    """A board that tickets wait in, worked by a team."""

    name = Text()
    description = Text(null=True)
    team = Ref("groups", null=True, on_delete="set_null")
    is_default = Boolean(default=False)
    is_active = Boolean(default=True)
    sort_order = Integer(default=0)

    index_on = (Index(("lower(name)",), unique=True), Index(("is_default",), unique=True, where="is_default"))


class TicketStatus(TenantTable, schema="ticketing", tablename="status"):
    """A status of the tenant; its category says what it means."""

    name = Text()
    color = Choice(*TONES, default="slate")
    category = Choice(*CATEGORIES, default="open")
    is_default = Boolean(default=False, help_text="The one taken when a ticket enters the category")
    sort_order = Integer(default=0)

    index_on = (
        Index(("lower(name)",), unique=True),
        Index(("category",), unique=True, where="is_default"),
        Index(("category", "id")),
    )


class TicketPriority(TenantTable, schema="ticketing", tablename="priority"):
    """How urgent a ticket is; the lowest `sort_order` is the most urgent."""

    name = Text()
    color = Choice(*TONES, default="slate")
    sla_multiplier = Decimal(
        digits=(6, 3), default=decimal.Decimal(1), help_text="Multiplies the targets of an SLA"
    )
    is_default = Boolean(default=False)
    sort_order = Integer(default=0)

    index_on = (Index(("lower(name)",), unique=True), Index(("is_default",), unique=True, where="is_default"))
    checks = ("sla_multiplier > 0",)


class TicketType(TenantTable, schema="ticketing", tablename="ticket_type"):
    """What sort of work a ticket is: incident, service request and the like."""

    name = Text()
    is_default = Boolean(default=False)
    sort_order = Integer(default=0)

    index_on = (Index(("lower(name)",), unique=True), Index(("is_default",), unique=True, where="is_default"))


class TicketCategory(TenantTable, schema="ticketing", tablename="category"):
    """What a ticket is about; one with a parent is a subcategory."""

    name = Text()
    parent = Ref("ticket-categories", null=True, on_delete="cascade")
    sort_order = Integer(default=0)

    index_on = (Index(("parent", "lower(name)")),)


class Ticket(TenantTable, schema="ticketing", tablename="ticket"):
    """A request of a client and the work it takes."""

    number = BigInt()
    title = Text()
    description = Text(default="", help_text="Markdown")
    description_html = Text(default="")
    status = Ref("ticket-statuses")
    priority = Ref("ticket-priorities")
    ticket_type = Ref("ticket-types")
    category = Ref("ticket-categories", null=True)
    subcategory = Ref("ticket-categories", null=True)
    queue = Ref("ticket-queues")
    source = Choice(*SOURCES, default="api")
    company = Ref("companies", null=True)
    contact = Ref("contacts", null=True)
    site = Ref("sites", null=True, on_delete="set_null")
    assigned_to = Ref("users", null=True, on_delete="set_null")
    team = Ref("groups", null=True, on_delete="set_null")
    parent = Ref("tickets", null=True)
    merged_into = Ref("tickets", null=True)
    follow_up_of = Ref("tickets", null=True, on_delete="set_null")
    created_by = Ref("users", null=True, on_delete="set_null")
    first_response_at = Instant(null=True)
    resolved_at = Instant(null=True)
    first_resolved_at = Instant(null=True)
    closed_at = Instant(null=True)
    reopen_count = Integer(default=0)
    last_customer_activity_at = Instant(null=True)
    last_staff_activity_at = Instant(null=True)
    awaiting = Choice("us", "customer", default="us")
    scheduled_start = Instant(null=True)
    scheduled_end = Instant(null=True)
    estimated_hours = Decimal(digits=(8, 2), null=True)
    is_billable = Boolean(default=True)
    billing_status = Choice("not_billed", "ready_to_bill", "billed", default="not_billed")
    external_number = Text(null=True, help_text="The number in the system that a ticket was imported from")
    custom_fields = Json(default={})
    tags = Tags()
    archived_at = Instant(null=True)

    index_on = (
        Index(("number",), unique=True),
        Index(("company", "created_at", "id")),
        Index(("contact",), where="contact IS NOT NULL"),
        Index(("parent",), where="parent IS NOT NULL"),
        Index(("merged_into",), where="merged_into IS NOT NULL"),
        Index(("external_number",), where="external_number IS NOT NULL"),
    )
    checks = (
        "scheduled_end IS NULL OR (scheduled_start IS NOT NULL AND scheduled_end > scheduled_start)",
        "estimated_hours >= 0",
        "parent <> id",
    )


class TicketWatcher(TenantTable, schema="ticketing", tablename="watcher"):
    """A staff member who follows a ticket."""

    ticket = Ref("tickets", on_delete="cascade")
    account = Ref("users", on_delete="cascade")

    index_on = (Index(("ticket", "account"), unique=True), Index(("account",)))


class TicketContact(TenantTable, schema="ticketing", tablename="ticket_contact"):
    """A contact in copy of a ticket."""

    ticket = Ref("tickets", on_delete="cascade")
    contact = Ref("contacts", on_delete="cascade")

    index_on = (Index(("ticket", "contact"), unique=True), Index(("contact",)))


class TicketTemplate(TenantTable, schema="ticketing", tablename="template"):
    """Values that a new ticket can start from."""

    name = Text()
    title = Text()
    description = Text(default="")
    priority = Ref("ticket-priorities", null=True, on_delete="set_null")
    ticket_type = Ref("ticket-types", null=True, on_delete="set_null")
    category = Ref("ticket-categories", null=True, on_delete="set_null")
    queue = Ref("ticket-queues", null=True, on_delete="set_null")
    estimated_hours = Decimal(digits=(8, 2), null=True)
    tags = Tags()
    is_active = Boolean(default=True)

    index_on = (Index(("lower(name)",), unique=True),)


class CannedResponse(TenantTable, schema="ticketing", tablename="canned_response"):
    """Text to reply with; `{{contact.first_name|there}}` is filled in when it is used."""

    name = Text()
    content = Text(help_text="Markdown with placeholders")
    language = Text(null=True, help_text="BCP 47 tag; empty means any")
    team = Ref("groups", null=True, on_delete="set_null")
    is_active = Boolean(default=True)

    index_on = (Index(("lower(name)",)),)


ALL = (
    TicketQueue,
    TicketStatus,
    TicketPriority,
    TicketType,
    TicketCategory,
    Ticket,
    TicketWatcher,
    TicketContact,
    TicketTemplate,
    CannedResponse,
)
