"""Mailboxes, transports, rules, templates, and mail in and out as the API shows them."""

from psa_mail import rules, shapes
from psa_mail.api import INCOMING, MAILBOXES, OUTGOING, RULES, TEMPLATES, TRANSPORTS
from psa_mail.tables import (
    Incoming,
    Mailbox,
    MailboxHealth,
    Outgoing,
    ParseRule,
    Template,
    TicketMail,
    Transport,
)
from psa_sdk import Extension, Resource, ToOne

transports = Resource(
    name=TRANSPORTS,
    title="Mail transports",
    description="SMTP servers and Microsoft Graph, which outgoing mail leaves through.",
    table=Transport,
    read=shapes.TransportRead,
    write=shapes.TransportWrite,
    filters=(Transport.name, Transport.kind, Transport.is_default, Transport.is_active),
    sorts=(Transport.name, Transport.created_at),
    default_sort="name",
    label=Transport.name,
    before_create=rules.write_transport,
    before_update=rules.write_transport,
)

mailboxes = Resource(
    name=MAILBOXES,
    title="Mailboxes",
    description="Addresses whose mail becomes tickets.",
    table=Mailbox,
    read=shapes.MailboxRead,
    write=shapes.MailboxWrite,
    relations=(
        ToOne("transport", TRANSPORTS, Mailbox.transport),
        ToOne("queue", "ticket-queues", Mailbox.queue),
        ToOne("triage_queue", "ticket-queues", Mailbox.triage_queue),
        ToOne("priority", "ticket-priorities", Mailbox.priority),
        ToOne("ticket_type", "ticket-types", Mailbox.ticket_type),
    ),
    filters=(Mailbox.name, Mailbox.address, Mailbox.kind, Mailbox.is_paused),
    sorts=(Mailbox.name, Mailbox.created_at),
    default_sort="name",
    search=(Mailbox.name, Mailbox.address),
    label=Mailbox.name,
    before_create=rules.write_mailbox,
    before_update=rules.write_mailbox,
    after_write=rules.watch_mailbox,
)

parse_rules = Resource(
    name=RULES,
    title="Parse rules",
    description="What to do with mail that opens a ticket, in the order of their priority.",
    table=ParseRule,
    read=shapes.RuleRead,
    write=shapes.RuleWrite,
    relations=(ToOne("mailbox", MAILBOXES, ParseRule.mailbox, inverse="parse_rules"),),
    filters=(ParseRule.name, ParseRule.mailbox, ParseRule.is_active),
    sorts=(ParseRule.priority, ParseRule.name, ParseRule.created_at),
    default_sort="priority",
    label=ParseRule.name,
    before_create=rules.write_rule,
    before_update=rules.write_rule,
)

templates = Resource(
    name=TEMPLATES,
    title="Mail templates",
    description="The words of mails, with placeholders, by kind and language.",
    table=Template,
    read=shapes.TemplateRead,
    write=shapes.TemplateWrite,
    filters=(Template.kind, Template.language),
    sorts=(Template.kind, Template.language, Template.created_at),
    default_sort="kind",
    label=Template.kind,
    before_create=rules.write_template,
    before_update=rules.write_template,
)

incoming = Resource(
    name=INCOMING,
    title="Incoming mail",
    description="Each message that came in and what became of it.",
    table=Incoming,
    read=shapes.IncomingRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("mailbox", MAILBOXES, Incoming.mailbox, inverse="incoming_emails", writable=False),
        ToOne("ticket", "tickets", Incoming.ticket, inverse="incoming_emails", writable=False),
        ToOne("note", "comments", Incoming.note, writable=False),
    ),
    filters=(
        Incoming.state,
        Incoming.outcome,
        Incoming.verdict,
        Incoming.mailbox,
        Incoming.ticket,
        Incoming.sender,
        Incoming.message_id,
        Incoming.created_at,
    ),
    sorts=(Incoming.created_at,),
    search=(Incoming.title, Incoming.sender, Incoming.sender_name),
    label=Incoming.title,
    unaudited=("attempts",),
)

outgoing = Resource(
    name=OUTGOING,
    title="Outgoing mail",
    description="Each mail of ours and what became of it.",
    table=Outgoing,
    read=shapes.OutgoingRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("mailbox", MAILBOXES, Outgoing.mailbox, writable=False),
        ToOne("transport", TRANSPORTS, Outgoing.transport, writable=False),
        ToOne("ticket", "tickets", Outgoing.ticket, inverse="outgoing_emails", writable=False),
    ),
    filters=(
        Outgoing.state,
        Outgoing.kind,
        Outgoing.ticket,
        Outgoing.first_recipient,
        Outgoing.message_id,
        Outgoing.created_at,
    ),
    sorts=(Outgoing.created_at,),
    search=(Outgoing.title, Outgoing.first_recipient),
    label=Outgoing.title,
    unaudited=("attempts", "body_text", "body_html", "body_calendar"),
)

health = Extension(
    resource=MAILBOXES,
    table=MailboxHealth,
    column=MailboxHealth.mailbox,
    read=shapes.HealthRead,
    filters=(MailboxHealth.state,),
)

on_tickets = Extension(
    resource="tickets",
    table=TicketMail,
    column=TicketMail.ticket,
    read=shapes.TicketMailRead,
    relations=(ToOne("possible_reply_to", "tickets", TicketMail.possible_reply_to, writable=False),),
    filters=(TicketMail.unverified_sender, TicketMail.mail_held_at, TicketMail.mail_bounced_at),
)

ALL = (transports, mailboxes, parse_rules, templates, incoming, outgoing)
EXTENSIONS = (health, on_tickets)
