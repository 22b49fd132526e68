"""How tickets and the desk's lists look in the console."""

from psa_sdk.ui import (
    Action,
    Command,
    ListFilter,
    ListPreset,
    NavItem,
    Page,
    ResourceView,
    SettingsSection,
    Ui,
)
from psa_ticketing.screens import (
    aids,
    board,
    choosing,
    composing,
    dialogs,
    panels,
    properties,
    satisfaction,
    workspace,
)

READ, CREATE, UPDATE = "ticketing.tickets.read", "ticketing.tickets.create", "ticketing.tickets.update"
OPEN = "status.category=new&status.category=open&status.category=waiting_customer&status.category=scheduled"
EVERY_OPEN = f"{OPEN}&status.category=waiting_third_party"

_LISTS = (
    ("ticket-queues", "Queues", "inbox"),
    ("ticket-statuses", "Statuses", "circle-dot"),
    ("ticket-priorities", "Priorities", "signal"),
    ("ticket-types", "Ticket types", "shapes"),
    ("ticket-categories", "Categories", "folder-tree"),
    ("ticket-templates", "Ticket templates", "clipboard-list"),
    ("canned-responses", "Canned responses", "message-square-quote"),
)

PAGES = (
    Page(
        path="/tickets/{id:uuid}",
        template="ticketing/ticket.html",
        permission=READ,
        load=workspace.load,
        slots=("ticket.header", "ticket.side", "ticket.main", "ticket.composer"),
    ),
    Page(
        path="/tickets/{id:uuid}/peek",
        template="ticketing/peek.html",
        permission=READ,
        load=workspace.peek,
        block="peek",
        title="Preview",
    ),
    Page(
        path="/tickets/{id:uuid}/texts",
        template="ticketing/texts.html",
        permission="ticketing.canned_responses.read",
        load=composing.snippets,
        block="options",
        title="Canned responses",
    ),
    Page(
        path="/tickets/{id:uuid}/notes/{note:uuid}",
        template="ticketing/note.html",
        permission="comments.comments.update",
        load=composing.own_note,
        block="form",
        title="Edit note",
        active="tickets",
    ),
    Page(
        path="/tickets/board",
        template="ticketing/board.html",
        permission=READ,
        load=board.load,
        block="board",
        title="Board",
        active="board",
    ),
    Page(
        path="/tickets/from-template",
        template="ticketing/from_template.html",
        permission=CREATE,
        load=dialogs.templates,
        title="New ticket from template",
    ),
)

ACTIONS = (
    Action(
        path="/tickets/{id:uuid}/reply",
        permission="comments.comments.create",
        handle=composing.send,
        max_body=composing.LARGEST,
        slot="ticket.composer",
    ),
    Action(
        path="/tickets/{id:uuid}/notes/{note:uuid}",
        permission="comments.comments.update",
        handle=composing.edit_note,
    ),
    Action(path="/tickets/{id:uuid}/texts/{response:uuid}", permission=READ, handle=composing.fill_in),
    Action(path="/tickets/{id:uuid}/set", permission=UPDATE, handle=properties.change),
    Action(path="/tickets/{id:uuid}/people", permission=UPDATE, handle=dialogs.people),
    Action(path="/tickets/{id:uuid}/watch", permission=READ, handle=dialogs.watch),
    Action(path="/tickets/{id:uuid}/move", permission=UPDATE, handle=board.move),
    Action(path="/tickets/{id:uuid}/merge", permission="ticketing.tickets.merge", handle=dialogs.merge),
    Action(path="/tickets/{id:uuid}/split", permission="ticketing.tickets.split", handle=dialogs.split),
    Action(path="/tickets/{id:uuid}/children", permission=CREATE, handle=dialogs.add_child),
    Action(
        path="/tickets/{id:uuid}/escalate", permission="ticketing.tickets.escalate", handle=dialogs.escalate
    ),
    Action(path="/tickets/{id:uuid}/close", permission=UPDATE, handle=dialogs.close),
    Action(path="/tickets/{id:uuid}/reopen", permission=UPDATE, handle=dialogs.reopen),
    Action(path="/tickets/{id:uuid}/follow-up", permission=CREATE, handle=dialogs.follow_up),
    Action(path="/tickets/from-template", permission=CREATE, handle=dialogs.apply_template),
)

UI = Ui(
    views=(
        ResourceView(
            resource="tickets",
            icon="ticket",
            columns=("priority", "ticket_number", "title", "company", "status", "assigned_to", "updated_at"),
            summary=("status", "priority", "assigned_to", "company", "ticket_number"),
            hidden=("description_html",),
            fields=("title", "company", "contact", "status", "priority", "queue", "assigned_to"),
            group="service",
            order=10,
            hotkey="g t",
            cells={name: f"ticketing/cells/{name}.html" for name in ("priority", "status", "title")},
            signs=("priority",),
            list_template="ticketing/list.html",
        ),
        *(ResourceView(resource=name, icon=icon) for name, _, icon in _LISTS),
        ResourceView(
            resource="satisfaction-surveys",
            icon="smile",
            columns=("ticket", "company", "rating", "comment", "assigned_to", "rated_at"),
        ),
        ResourceView(resource="checklist-items", singular="Step", icon="list-checks"),
        ResourceView(resource="ticket-template-items", singular="Step", icon="list-checks"),
    ),
    nav=(
        NavItem(
            id="board",
            label="Board",
            url="/tickets/board",
            permission=READ,
            icon="square-kanban",
            group="service",
            order=11,
            hotkey="g b",
        ),
        *satisfaction.NAV,
    ),
    pages=(*PAGES, *satisfaction.PAGES),
    actions=(*ACTIONS, *aids.ACTIONS, *satisfaction.ACTIONS),
    panels=(*panels.PANELS, *aids.PANELS, *satisfaction.PANELS),
    widgets=(*panels.WIDGETS, *satisfaction.WIDGETS),
    bulk=choosing.BULK,
    modules=("presence.js",),
    styles=("marks.css", "aids.css", "stars.css"),
    presets=(
        ListPreset(
            resource="tickets",
            title="My open",
            query=f"assigned_to={{me}}&{EVERY_OPEN}",
            counted=True,
            order=10,
        ),
        ListPreset(
            resource="tickets",
            title="Unassigned",
            query=f"assigned_to=none&{EVERY_OPEN}",
            counted=True,
            order=20,
        ),
        ListPreset(
            resource="tickets",
            title="Waiting for us",
            query=f"awaiting=us&{EVERY_OPEN}",
            counted=True,
            order=30,
        ),
        ListPreset(
            resource="tickets", title="Waiting for client", query="status.category=waiting_customer", order=40
        ),
        ListPreset(resource="tickets", title="All open", query=EVERY_OPEN, counted=True, order=50),
    ),
    filters=(
        ListFilter(resource="tickets", name="priority", order=10),
        ListFilter(resource="tickets", name="queue", order=20),
    ),
    commands=(
        Command(
            id="ticketing.from-template",
            title="Open a ticket from a template",
            url="/tickets/from-template",
            permission=CREATE,
            icon="clipboard-list",
        ),
        Command(
            id="ticketing.new",
            title="Open a ticket",
            url="/tickets/new",
            permission=CREATE,
            icon="plus",
            keywords="new create call",
        ),
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
