"""What mail offers to other plugins: events. To send mail, use `psa_sdk.mail.Mailer`."""

from typing import ClassVar, Literal
from uuid import UUID

from psa_sdk import Event

MAILBOXES = "email-mailboxes"
TRANSPORTS = "email-transports"
RULES = "email-parse-rules"
TEMPLATES = "email-templates"
INCOMING = "incoming-emails"
OUTGOING = "outgoing-emails"

TemplateKind = Literal["created", "reply", "resolved", "survey", "notice", "password_reset", "invitation"]


class MailReceived(Event, frozen=True, kw_only=True):
    """A mail was taken in: it became a ticket or a note, or was set aside."""

    name: ClassVar[str] = "mail.mail_received"
    incoming_id: UUID
    outcome: str
    ticket_id: UUID | None = None


class MailboxTroubled(Event, frozen=True, kw_only=True):
    """A mailbox has not been read for a while, or was paused because its log-in is refused."""

    name: ClassVar[str] = "mail.mailbox_troubled"
    mailbox_id: UUID
    paused: bool
    detail: str


class ThreadHeld(Event, frozen=True, kw_only=True):
    """More mail came in on a ticket than people write; the rest waits until somebody looks at it."""

    name: ClassVar[str] = "mail.thread_held"
    ticket_id: UUID


class MailSetAside(Event, frozen=True, kw_only=True):
    """A mail became nothing yet and waits for somebody: it could not be worked on, or its sender floods us."""

    name: ClassVar[str] = "mail.mail_set_aside"
    incoming_id: UUID
    mailbox_id: UUID | None
    state: Literal["failed", "held"]
    sender: str
    detail: str


class MailBounced(Event, frozen=True, kw_only=True):
    """A mail of ours did not arrive: it came back, or no server took it."""

    name: ClassVar[str] = "mail.mail_bounced"
    outgoing_id: UUID
    detail: str


EVENTS = (MailReceived, MailboxTroubled, ThreadHeld, MailSetAside, MailBounced)
