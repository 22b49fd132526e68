"""What the service desk has in the portal, and the portal's request types in the console."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from psa_portal.api import SHELL
from psa_portal.home import START
from psa_portal.with_ticketing import ticket_pages
from psa_sdk.ui import (
    Action,
    NavItem,
    Page,
    Panel,
    ResourceView,
    SearchProvider,
    SettingsSection,
    Ui,
    Widget,
)

READ, CREATE = "ticketing.tickets.read", "ticketing.tickets.create"
REPLY, CLOSE = "comments.comments.create", "portal.tickets.close"
ONE, KIND = "/tickets/{id:uuid}", "/tickets/new/{id:uuid}"
SLOTS: Final = ("request.main", "request.side", "request.rating")
UPLOADS: Final = 128 << 20
Load = Callable[..., Awaitable[Any]]


def _page(path: str, name: str, load: Load, title: str, permission: str = READ, **more: Any) -> Page:
    return Page(
        path=path,
        template=f"portal.ticketing/{name}.html",
        load=load,
        title=title,
        permission=permission,
        active="tickets",
        shell=SHELL,
        **more,
    )


def _action(path: str, handle: Load, permission: str, **more: Any) -> Action:
    return Action(path=path, handle=handle, permission=permission, shell=SHELL, **more)


UI: Final = Ui(
    nav=(
        NavItem(
            id="portal.tickets",
            label="Requests",
            url="/tickets",
            permission=READ,
            icon="ticket",
            order=10,
            shell=SHELL,
        ),
    ),
    pages=(
        _page("/tickets", "list", ticket_pages.listed, "Requests"),
        _page("/tickets/new", "new", ticket_pages.choose, "New request", CREATE),
        _page(KIND, "new", ticket_pages.form, "New request", CREATE),
        _page(ONE, "request", ticket_pages.show, "Request", slots=SLOTS),
    ),
    actions=(
        _action("/tickets/new", ticket_pages.make, CREATE, max_body=UPLOADS, page="/tickets/new"),
        _action(KIND, ticket_pages.make_of_kind, CREATE, max_body=UPLOADS, page=KIND),
        _action(f"{ONE}/reply", ticket_pages.reply, REPLY, max_body=UPLOADS, page=ONE),
        _action(f"{ONE}/close", ticket_pages.close, CLOSE),
        _action(f"{ONE}/reopen", ticket_pages.reopen, CLOSE),
    ),
    panels=(
        Panel(
            slot=START,
            id="portal.new",
            title="New request",
            template="portal.ticketing/start.html",
            load=ticket_pages.start,
            permission=CREATE,
            shell=SHELL,
        ),
        Panel(
            slot="ticket.side",
            id="portal.answers",
            title="Answers of the form",
            template="portal.ticketing/answers.html",
            load=ticket_pages.answers,
            permission="portal.request_answers.read",
            icon="clipboard-list",
            order=60,
        ),
    ),
    widgets=(
        Widget(
            id="portal.open",
            title="Open requests",
            template="portal.ticketing/open.html",
            load=ticket_pages.open_requests,
            permission=READ,
            size="2x1",
            order=10,
            shell=SHELL,
        ),
        Widget(
            id="portal.kinds",
            title="What do you need?",
            template="portal.ticketing/quick.html",
            load=ticket_pages.quick,
            permission=CREATE,
            order=20,
            shell=SHELL,
        ),
    ),
    searches=(SearchProvider(id="portal.tickets", search=ticket_pages.search, permission=READ, shell=SHELL),),
    views=(
        ResourceView(
            resource="request-types",
            icon="clipboard-list",
            columns=("name", "description", "is_active", "queue", "priority"),
        ),
        ResourceView(
            resource="request-fields",
            singular="Question",
            icon="text-cursor-input",
            columns=("label", "key", "kind", "required", "request_type"),
        ),
        ResourceView(resource="request-answers", icon="clipboard-check"),
    ),
    settings=(
        SettingsSection(
            id="request-types",
            title="Request types",
            url="/request-types",
            permission="portal.request_types.read",
            group="service",
            icon="clipboard-list",
        ),
    ),
)
