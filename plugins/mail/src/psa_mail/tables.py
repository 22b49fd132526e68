"""What mail stores: mailboxes and transports, each message in and out, and what they say about tickets."""

from psa_sdk.tables import (
    UUID,
    BigInt,
    Boolean,
    Choice,
    Index,
    Instant,
    Integer,
    Json,
    Ref,
    Sealed,
    Tags,
    TenantTable,
    Text,
)

SECURITY = ("tls", "starttls", "none")
AUTHENTICATION = ("password", "microsoft", "google", "google_service", "none")
TEMPLATE_KINDS = ("created", "reply", "resolved", "survey", "notice", "password_reset", "invitation")


class Transport(TenantTable, schema="mail", tablename="transport"):
    """A way out: an SMTP server, Microsoft Graph, or the Gmail API."""

    name = Text()
    kind = Choice("smtp", "graph", "gmail", default="smtp")
    host = Text(default="", help_text="Of the server; empty takes the provider's own")
    port = Integer(default=587)
    security = Choice(*SECURITY, default="starttls")
    authentication = Choice(*AUTHENTICATION, default="password")
    username = Text(default="")
    secret = Sealed(help_text="Password, client secret, refresh token or service account's key (JSON)")
    client_id = Text(default="")
    directory = Text(default="", help_text="The Microsoft 365 tenant")
    authority = Text(default="", help_text="Where tokens come from; empty takes the provider's own")
    certificate = Text(default="", help_text="PEM of the authority that signed the server's certificate")
    from_address = Text()
    from_name = Text(default="")
    is_default = Boolean(default=False)
    is_active = Boolean(default=True)

    index_on = (Index(("lower(name)",), unique=True), Index(("is_default",), unique=True, where="is_default"))
    checks = ("port BETWEEN 1 AND 65535",)


class Mailbox(TenantTable, schema="mail", tablename="mailbox"):
    """An address whose mail becomes tickets."""

    name = Text()
    address = Text()
    aliases = Tags(help_text="Further addresses of this mailbox")
    kind = Choice("imap", "graph", "gmail", "push", default="imap")
    host = Text(default="")
    port = Integer(default=993)
    security = Choice(*SECURITY, default="tls")
    authentication = Choice(*AUTHENTICATION, default="password")
    username = Text(default="")
    secret = Sealed(help_text="Password, client secret, refresh token or service account's key (JSON)")
    client_id = Text(default="")
    directory = Text(default="")
    authority = Text(default="")
    certificate = Text(default="")
    folder = Text(default="INBOX")
    after_reading = Choice("keep", "seen", "move", default="seen")
    archive_folder = Text(default="")
    poll_seconds = Integer(default=60)
    pubsub_topic = Text(default="", help_text="Where Gmail tells of new mail: projects/…/topics/…")
    transport = Ref("email-transports", null=True, on_delete="set_null")
    queue = Ref("ticket-queues", null=True, on_delete="set_null")
    triage_queue = Ref("ticket-queues", null=True, on_delete="set_null")
    priority = Ref("ticket-priorities", null=True, on_delete="set_null")
    ticket_type = Ref("ticket-types", null=True, on_delete="set_null")
    plus_addressing = Boolean(default=True, help_text="Replies come to address+token@")
    acknowledges = Boolean(default=True)
    creates_contacts = Boolean(default=True, help_text="Of senders from a client's domain")
    keeps_outside_copies = Boolean(default=False)
    trusted_servers = Tags(help_text="authserv-ids whose Authentication-Results are believed")
    is_paused = Boolean(default=False)
    paused_because = Text(default="")

    index_on = (Index(("lower(name)",), unique=True), Index(("lower(address)",), unique=True))
    checks = ("port BETWEEN 1 AND 65535", "poll_seconds BETWEEN 10 AND 86400")


class MailboxHealth(TenantTable, schema="mail", tablename="mailbox_health"):
    """How reading a mailbox goes, and how far it got; changed by every look, so kept apart."""

    mailbox = Ref("email-mailboxes", on_delete="cascade")
    state = Choice("new", "working", "failing", default="new")
    position = Json(
        default={}, help_text="uidvalidity and uid of IMAP, delta link of Graph, history of Gmail"
    )
    checked_at = Instant(null=True)
    succeeded_at = Instant(null=True)
    next_check_at = Instant(null=True)
    failures = Integer(default=0)
    refused_logins = Integer(default=0)
    last_error = Text(default="")
    failing_since = Instant(null=True)
    alerted_at = Instant(null=True)
    watched_by = Text(default="")
    watched_until = Instant(null=True)
    subscription = Text(default="", help_text="At the provider, who rings when mail arrives")
    subscribed_until = Instant(null=True)
    subscription_error = Text(default="")

    index_on = (Index(("mailbox",), unique=True), Index(("next_check_at",)))
    exported = False


class Incoming(TenantTable, schema="mail", tablename="incoming"):
    """A message that came in, from the moment it is stored; what became of it."""

    number = BigInt(help_text="In the order of arrival")
    mailbox = Ref("email-mailboxes", null=True, on_delete="set_null")
    message_id = Text(help_text="Normalised, or a fingerprint where the mail has none")
    source_file = UUID(default=None, help_text="The file with the message as it came")
    size = BigInt(default=0, help_text="Bytes")
    remote_key = Text(default="", help_text="What the mailbox calls the message")
    envelope_to = Text(default="")
    state = Choice("received", "processed", "failed", "held", default="received")
    verdict = Choice("", "human", "suspicious", "automated", "bulk", "bounce", "own", default="")
    verdict_reason = Text(default="")
    outcome = Choice(
        "",
        "ticket",
        "reply",
        "follow_up",
        "bounce",
        "dropped",
        "skipped",
        "held",
        default="",
        help_text="What it became",
    )
    matched_by = Choice("", "token", "in_reply_to", "references", "subject", "none", default="")
    sender = Text(default="")
    sender_name = Text(default="")
    title = Text(default="")
    sent_at = Instant(null=True)
    dmarc = Choice("none", "pass", "fail", default="none")
    ticket = Ref("tickets", null=True, on_delete="set_null")
    note = Ref("comments", null=True, on_delete="set_null")
    error = Text(default="")
    attempts = Integer(default=0)

    index_on = (
        Index(("mailbox", "message_id"), unique=True),
        Index(("message_id",)),
        Index(("state", "number")),
        Index(("ticket", "created_at"), where="ticket IS NOT NULL"),
        Index(("sender", "created_at")),
        Index(("note",), where="note IS NOT NULL"),
    )


class Outgoing(TenantTable, schema="mail", tablename="outgoing"):
    """A mail of ours, from the moment it is queued."""

    transport = Ref("email-transports", null=True, on_delete="set_null")
    mailbox = Ref("email-mailboxes", null=True, on_delete="set_null")
    kind = Choice("letter", *TEMPLATE_KINDS, default="letter")
    state = Choice("queued", "sent", "failed", "bounced", default="queued")
    ticket = Ref("tickets", null=True, on_delete="set_null")
    notes = Json(default=[], help_text="Ids of the notes that it carries, in order")
    account = Ref(
        "users",
        null=True,
        on_delete="cascade",
        help_text="The member of staff, or owner of a password, it is for",
    )
    request = UUID(null=True, help_text="Of a password, or a survey")
    to_addresses = Json(default=[])
    cc_addresses = Json(default=[])
    first_recipient = Text(default="")
    reply_to = Text(default="")
    title = Text(default="")
    body_text = Text(default="")
    body_html = Text(default="")
    body_calendar = Text(default="", help_text="An invitation (RFC 5545)")
    files = Json(default=[])
    is_automatic = Boolean(default=True)
    message_id = Text(default="")
    sent_at = Instant(null=True)
    attempts = Integer(default=0)
    error = Text(default="")

    index_on = (
        Index(("message_id",)),
        Index(("ticket", "created_at"), where="ticket IS NOT NULL"),
        Index(("first_recipient", "kind", "created_at")),
        Index(("state", "created_at", "id")),
    )


class ThreadEntry(TenantTable, schema="mail", tablename="thread_entry"):
    """A Message-ID that leads to a ticket: of everything that came in or went out (MAIL-01)."""

    message_id = Text()
    ticket = Ref("tickets", on_delete="cascade")
    direction = Choice("in", "out", default="in")
    is_root = Boolean(default=False)

    index_on = (Index(("message_id", "ticket"), unique=True), Index(("ticket", "created_at")))


class TicketMail(TenantTable, schema="mail", tablename="ticket_mail"):
    """What mail knows about a ticket."""

    ticket = Ref("tickets", on_delete="cascade")
    mailbox = Ref("email-mailboxes", null=True, on_delete="set_null")
    unverified_sender = Boolean(
        default=False, help_text="The mail's domain says that it didn't send it (DMARC)"
    )
    mail_held_at = Instant(null=True, help_text="More mail came than people write")
    mail_bounced_at = Instant(null=True)
    possible_reply_to = Ref("tickets", null=True, on_delete="set_null")
    outside_copies = Tags(help_text="Addresses of outsiders in copy")
    language = Text(default="")

    index_on = (Index(("ticket",), unique=True),)


class ParseRule(TenantTable, schema="mail", tablename="parse_rule"):
    """What to do with mail that opens a ticket, before it does."""

    name = Text()
    mailbox = Ref("email-mailboxes", null=True, on_delete="cascade")
    conditions = Json(default={})
    actions = Json(default={})
    priority = Integer(default=100)
    is_active = Boolean(default=True)
    disabled_because = Text(default="")

    index_on = (Index(("lower(name)",), unique=True), Index(("priority", "id")))


class Template(TenantTable, schema="mail", tablename="template"):
    """The words of a kind of mail in a language; where there is none, ours are used."""

    kind = Choice(*TEMPLATE_KINDS)
    language = Text(default="", help_text="BCP 47 tag; empty is for all")
    title = Text(default="", help_text="The mail's subject, with placeholders")
    content = Text(help_text="Markdown with placeholders")

    index_on = (Index(("kind", "language"), unique=True),)


class RepeatedImage(TenantTable, schema="mail", tablename="repeated_image"):
    """How often a sender's domain sent the same picture: a logo in a signature (MAIL-11)."""

    domain = Text()
    sha256 = Text()
    seen = Integer(default=1)

    index_on = (Index(("domain", "sha256"), unique=True),)
    exported = False


ALL = (
    Transport,
    Mailbox,
    MailboxHealth,
    Incoming,
    Outgoing,
    ThreadEntry,
    TicketMail,
    ParseRule,
    Template,
    RepeatedImage,
)
