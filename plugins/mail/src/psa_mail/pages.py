"""Mail in the console: generated pages, settings, actions, and what mail knows on a ticket's page."""

from psa_mail import panels, routes
from psa_mail.api import INCOMING, MAILBOXES, OUTGOING, RULES, TEMPLATES, TRANSPORTS
from psa_sdk.ui import BulkAction, ListFilter, Page, Panel, ResourceView, SettingsSection, Tone, Ui

_STATES: dict[str, Tone] = {
    "received": "blue", "processed": "green", "failed": "red", "held": "amber", "queued": "blue", "sent": "green",
    "bounced": "red", "new": "gray", "working": "green", "failing": "red",
}  # fmt: skip
_OUTCOMES: dict[str, Tone] = {
    "ticket": "green", "reply": "green", "follow_up": "teal", "bounce": "red", "dropped": "gray", "skipped": "gray",
    "held": "amber", "fail": "red", "pass": "green",
}  # fmt: skip

VIEWS = (
    ResourceView(
        resource=MAILBOXES,
        icon="inbox",
        columns=("name", "address", "kind", "state", "succeeded_at", "is_paused"),
        summary=("state", "address", "succeeded_at"),
        tones=_STATES,
        fields=(
            "name",
            "address",
            "kind",
            "authentication",
            "host",
            "port",
            "security",
            "username",
            "secret",
            "client_id",
            "directory",
            "folder",
            "after_reading",
            "archive_folder",
            "poll_seconds",
            "transport",
            "queue",
            "triage_queue",
            "priority",
            "ticket_type",
            "aliases",
            "pubsub_topic",
            "trusted_servers",
            "plus_addressing",
            "acknowledges",
            "creates_contacts",
            "keeps_outside_copies",
            "is_paused",
            "certificate",
            "authority",
        ),
    ),
    ResourceView(
        resource=TRANSPORTS,
        icon="send",
        columns=("name", "from_address", "kind", "host", "is_default", "is_active"),
        summary=("kind", "host", "from_address", "is_default"),
        fields=(
            "name",
            "from_address",
            "from_name",
            "kind",
            "authentication",
            "host",
            "port",
            "security",
            "username",
            "secret",
            "client_id",
            "directory",
            "is_default",
            "is_active",
            "certificate",
            "authority",
        ),
    ),
    ResourceView(
        resource=RULES,
        icon="filter",
        columns=("name", "mailbox", "priority", "is_active", "updated_at"),
        fields=("name", "mailbox", "priority", "is_active", "conditions", "actions"),
    ),
    ResourceView(
        resource=TEMPLATES,
        icon="file-text",
        columns=("kind", "language", "title", "updated_at"),
        fields=("kind", "language", "title", "content"),
    ),
    ResourceView(
        resource=INCOMING,
        singular="Incoming mail",
        icon="mail",
        columns=("title", "sender", "outcome", "verdict", "state", "ticket", "created_at"),
        summary=("state", "outcome", "verdict", "sender", "ticket"),
        tones={**_STATES, **_OUTCOMES},
        hidden=("message_id",),
    ),
    ResourceView(
        resource=OUTGOING,
        singular="Outgoing mail",
        icon="mail-check",
        columns=("title", "kind", "state", "ticket", "sent_at", "created_at"),
        summary=("state", "kind", "ticket", "sent_at"),
        tones=_STATES,
        hidden=("message_id",),
    ),
)
_SECTIONS = (
    (MAILBOXES, "Mailboxes", "inbox"),
    (TRANSPORTS, "Mail transports", "send"),
    (RULES, "Parse rules", "filter"),
    (TEMPLATES, "Mail templates", "file-text"),
    (INCOMING, "Incoming mail", "mail"),
    (OUTGOING, "Outgoing mail", "mail-check"),
)

UI = Ui(
    views=VIEWS,
    settings=tuple(
        SettingsSection(
            id=name,
            title=title,
            url=f"/{name}",
            permission=f"mail.{name.replace('-', '_')}.read",
            group="service",
            icon=icon,
            order=60 + place,
            keywords="mail e-mail imap smtp microsoft google",
        )
        for place, (name, title, icon) in enumerate(_SECTIONS)
    ),
    pages=(
        Page(
            path="/incoming-emails/{id:uuid}/original",
            template="mail/original.html",
            permission=routes.SOURCE,
            load=panels.original,
            title="Original message",
            active=INCOMING,
        ),
    ),
    panels=(
        Panel(
            slot="ticket.header",
            id="mail.marks",
            title="Mail",
            template="mail/panels/marks.html",
            load=panels.marks,
            permission="ticketing.tickets.read",
            order=20,
        ),
        Panel(
            slot="ticket.side",
            id="mail.messages",
            title="Mail",
            template="mail/panels/messages.html",
            load=panels.messages,
            permission="mail.incoming_emails.read",
            icon="mail",
            order=60,
            lazy=True,
        ),
        Panel(
            slot="email-mailbox.side",
            id="mail.health",
            title="Health",
            template="mail/panels/health.html",
            load=panels.health,
            permission="mail.email_mailboxes.read",
            icon="activity",
        ),
        Panel(
            slot="incoming-email.side",
            id="mail.source",
            title="What became of it",
            template="mail/panels/source.html",
            load=panels.told,
            permission="mail.incoming_emails.read",
            icon="mail",
        ),
    ),
    filters=(
        ListFilter(resource=INCOMING, name="state"),
        ListFilter(resource=OUTGOING, name="state"),
        ListFilter(resource=MAILBOXES, name="state"),
    ),
    styles=("mail.css",),
    bulk=(
        BulkAction(
            resource=MAILBOXES, id="mail.check", title="Check", permission=routes.OPERATE, handle=panels.check,
            icon="plug-zap", single=True, order=10,
        ),
        BulkAction(
            resource=MAILBOXES, id="mail.pause", title="Pause", permission=routes.OPERATE, handle=panels.pause,
            icon="pause", single=True, order=20,
        ),
        BulkAction(
            resource=MAILBOXES, id="mail.resume", title="Resume", permission=routes.OPERATE, handle=panels.resume,
            icon="play", single=True, order=30,
        ),
        BulkAction(
            resource=MAILBOXES, id="mail.resync", title="Read again", permission=routes.OPERATE, handle=panels.resync,
            icon="refresh-cw", single=True, order=40,
        ),
        BulkAction(
            resource=INCOMING, id="mail.retry", title="Try again", permission=routes.RETRY, handle=panels.retry,
            icon="refresh-cw", single=True,
        ),
    ),
)  # fmt: skip
