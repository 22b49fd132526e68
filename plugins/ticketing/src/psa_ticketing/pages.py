"""How tickets and the desk's lists look in the console."""

from psa_sdk.ui import ResourceView, SettingsSection, Ui

_LISTS = (
    ("ticket-queues", "Queues", "inbox"),
    ("ticket-statuses", "Statuses", "circle-dot"),
    ("ticket-priorities", "Priorities", "signal"),
    ("ticket-types", "Ticket types", "shapes"),
    ("ticket-categories", "Categories", "folder-tree"),
    ("ticket-templates", "Ticket templates", "clipboard-list"),
    ("canned-responses", "Canned responses", "message-square-quote"),
)

UI = Ui(
    views=(
        ResourceView(
            resource="tickets",
            icon="ticket",
            columns=("ticket_number", "title", "company", "status", "priority", "assigned_to", "updated_at"),
            summary=("status", "priority", "assigned_to", "company", "ticket_number"),
            hidden=("description_html",),
            fields=("title", "company", "contact", "status", "priority", "queue", "assigned_to"),
            group="service",
            order=10,
            hotkey="g t",
        ),
        *(ResourceView(resource=name, icon=icon) for name, _, icon in _LISTS),
    ),
    settings=tuple(
        SettingsSection(
            id=name,
            title=title,
            url=f"/{name}",
            permission=f"ticketing.{name.replace('-', '_')}.read",
            group="service",
            icon=icon,
        )
        for name, title, icon in _LISTS
    ),
)
