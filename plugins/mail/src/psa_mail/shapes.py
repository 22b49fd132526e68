"""The attributes of mail's resources as clients read and write them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_mail.api import TemplateKind
from psa_sdk.settings import SECRET_MARK

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Address = Annotated[
    str, Meta(min_length=3, max_length=254, pattern=r"^[^\s<>,;@\x00-\x1f]+@[^\s<>,;@\x00-\x1f]+$")
]
Host = Annotated[str, Meta(max_length=253, pattern=r"^[A-Za-z0-9.:\-_]*$")]
Port = Annotated[int, Meta(ge=1, le=65535)]
Short = Annotated[str, Meta(max_length=1000)]
Login = Annotated[str, Meta(max_length=320)]
Url = Annotated[str, Meta(max_length=500, pattern=r"^(https?://\S+)?$")]
Pem = Annotated[str, Meta(max_length=100_000)]
NewSecret = Annotated[str, Meta(min_length=1, max_length=20_000, extra_json_schema=SECRET_MARK)]
Security = Literal["tls", "starttls", "none"]
Authentication = Literal["password", "microsoft", "google", "google_service", "none"]
Kind = TemplateKind


class TransportShown(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is both read and written of a transport."""

    name: Name
    from_address: Address
    kind: Literal["smtp", "graph", "gmail"] = "smtp"
    host: Host = ""
    port: Port = 587
    security: Security = "starttls"
    authentication: Authentication = "password"
    username: Login = ""
    client_id: Login = ""
    directory: Login = ""
    authority: Url = ""
    certificate: Pem = ""
    from_name: Annotated[str, Meta(max_length=120)] = ""
    is_default: bool = False
    is_active: bool = True


class TransportWrite(TransportShown, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a transport."""

    secret: NewSecret | None = None


class TransportRead(TransportShown, kw_only=True):
    """A transport's attributes; of the secret only whether it is set."""

    secret: bool
    created_at: datetime
    updated_at: datetime


class MailboxShown(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is both read and written of a mailbox."""

    name: Name
    address: Address
    kind: Literal["imap", "graph", "gmail", "push"] = "imap"
    aliases: Annotated[tuple[Address, ...], Meta(max_length=50)] = ()
    host: Host = ""
    port: Port = 993
    security: Security = "tls"
    authentication: Authentication = "password"
    username: Login = ""
    client_id: Login = ""
    directory: Login = ""
    authority: Url = ""
    certificate: Pem = ""
    folder: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\r\n\x00]+$")] = "INBOX"
    after_reading: Literal["keep", "seen", "move"] = "seen"
    archive_folder: Annotated[str, Meta(max_length=200, pattern=r"^[^\r\n\x00]*$")] = ""
    poll_seconds: Annotated[int, Meta(ge=10, le=86400)] = 60
    plus_addressing: bool = True
    acknowledges: bool = True
    creates_contacts: bool = True
    keeps_outside_copies: bool = False
    trusted_servers: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=253)], ...], Meta(max_length=20)
    ] = ()
    pubsub_topic: Annotated[str, Meta(max_length=300, pattern=r"^(projects/[^/\s]+/topics/[^/\s]+)?$")] = ""
    is_paused: bool = False


class MailboxWrite(MailboxShown, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a mailbox."""

    secret: NewSecret | None = None


class MailboxRead(MailboxShown, kw_only=True):
    """A mailbox's attributes; of the secret only whether it is set."""

    secret: bool
    paused_because: str
    created_at: datetime
    updated_at: datetime


class HealthRead(msgspec.Struct, kw_only=True):
    """How reading a mailbox goes; null before the first look."""

    state: Literal["new", "working", "failing"]
    checked_at: datetime | None
    succeeded_at: datetime | None
    next_check_at: datetime | None
    failures: int
    last_error: str
    failing_since: datetime | None
    subscribed_until: datetime | None
    subscription_error: str


class IncomingRead(msgspec.Struct, kw_only=True):
    """A message that came in and what became of it."""

    message_id: str
    size: int
    state: Literal["received", "processed", "failed", "held"]
    verdict: str
    verdict_reason: str
    outcome: str
    matched_by: str
    sender: str
    sender_name: str
    title: str
    sent_at: datetime | None
    dmarc: Literal["none", "pass", "fail"]
    error: str
    attempts: int
    created_at: datetime
    updated_at: datetime


class OutgoingRead(msgspec.Struct, kw_only=True):
    """A mail of ours and what became of it."""

    kind: str
    state: Literal["queued", "sent", "failed", "bounced"]
    to_addresses: list[str]
    cc_addresses: list[str]
    title: str
    message_id: str
    is_automatic: bool
    sent_at: datetime | None
    attempts: int
    error: str
    created_at: datetime
    updated_at: datetime


class TicketMailRead(msgspec.Struct, kw_only=True):
    """What mail knows about a ticket; null where it has none."""

    unverified_sender: bool
    mail_held_at: datetime | None
    mail_bounced_at: datetime | None


class RuleConditions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Patterns (RE2) that must all be found, without regard to case; `match_any` makes one of them enough."""

    sender: Short = ""
    recipient: Short = ""
    subject: Short = ""
    body: Short = ""
    match_any: bool = False


class Extraction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where in the mail the client's name stands: between two texts, or in a pattern's first group."""

    field: Literal["subject", "body", "sender"] = "subject"
    before: Annotated[str, Meta(max_length=200)] = ""
    after: Annotated[str, Meta(max_length=200)] = ""
    pattern: Short = ""


class RuleActions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What happens to a mail that a rule matches."""

    skip: bool = False
    company: UUID | None = None
    company_from: Extraction | None = None
    aliases: dict[Annotated[str, Meta(max_length=200)], UUID] = {}
    """Names that monitoring uses for clients."""
    contact: UUID | None = None
    queue: UUID | None = None
    priority: UUID | None = None
    ticket_type: UUID | None = None
    category: UUID | None = None
    assigned_to: UUID | None = None
    team: UUID | None = None
    tags: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...], Meta(max_length=20)] = ()
    title: Annotated[str, Meta(max_length=300)] = ""
    proceed: bool = False
    """Go on with the next rules after this one."""


class RuleWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a parse rule."""

    name: Name
    conditions: RuleConditions = msgspec.field(default_factory=RuleConditions)
    actions: RuleActions = msgspec.field(default_factory=RuleActions)
    priority: Annotated[int, Meta(ge=0, le=100_000)] = 100
    is_active: bool = True


class RuleRead(msgspec.Struct, kw_only=True):
    """A parse rule's attributes."""

    name: str
    conditions: dict[str, Any]
    actions: dict[str, Any]
    priority: int
    is_active: bool
    disabled_because: str
    created_at: datetime
    updated_at: datetime


class TemplateWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be sent for a template."""

    kind: Kind
    content: Annotated[str, Meta(min_length=1, max_length=65_536)]
    title: Annotated[str, Meta(max_length=300)] = ""
    language: Annotated[str, Meta(max_length=20, pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")] = ""


class TemplateRead(TemplateWrite, kw_only=True):
    """A template's attributes."""

    created_at: datetime
    updated_at: datetime
