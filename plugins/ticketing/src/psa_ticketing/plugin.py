"""Ticketing: the service desk."""

from psa_sdk import Manifest, Permission, hookimpl, provide
from psa_ticketing import (
    actions,
    api,
    bulk,
    conversation_rules,
    defaults,
    demo,
    endings,
    pages,
    resources,
    tables,
    texts,
)
from psa_ticketing.desk import StoredServiceDesk
from psa_ticketing.settings import TicketingSettings

PERMISSIONS = (
    Permission(name="ticketing.tickets.assign", title="Assign tickets"),
    Permission(name="ticketing.tickets.escalate", title="Escalate tickets"),
    Permission(name="ticketing.tickets.merge", title="Merge tickets"),
    Permission(name="ticketing.tickets.split", title="Split tickets"),
)

LISTS = (
    "ticketing.ticket_queues.read",
    "ticketing.ticket_statuses.read",
    "ticketing.ticket_priorities.read",
    "ticketing.ticket_types.read",
    "ticketing.ticket_categories.read",
    "ticketing.ticket_templates.read",
    "ticketing.canned_responses.read",
)
CLIENT = (
    "ticketing.tickets.read",
    "ticketing.tickets.create",
    "ticketing.ticket_statuses.read",
    "ticketing.ticket_priorities.read",
    "ticketing.ticket_types.read",
    "ticketing.ticket_categories.read",
)
ROLES = {
    "manager": ("ticketing.*",),
    "technician": (
        *LISTS,
        "ticketing.tickets.*",
        "!ticketing.tickets.delete",
        "ticketing.canned_responses.*",
    ),
    "dispatcher": (*LISTS, "ticketing.tickets.*", "!ticketing.tickets.delete"),
    "sales": (*LISTS, "ticketing.tickets.read", "ticketing.tickets.create"),
    "finance": (*LISTS, "ticketing.tickets.read"),
    "client_admin": CLIENT,
    "client_user": CLIENT,
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="ticketing",
        title="Service desk",
        description="Tickets, queues, statuses, conversations.",
        requires=("contacts", "comments"),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=(*actions.ALL, *bulk.ALL, *texts.ALL),
        permissions=PERMISSIONS,
        roles=ROLES,
        events=api.EVENTS,
        subscribers=(conversation_rules.announce_note, endings.resolve_parent),
        interceptors=(conversation_rules.receive_note,),
        actors=(endings.close_resolved,),
        schedules=endings.SCHEDULES,
        settings=TicketingSettings,
        ui=pages.UI,
        services=(provide(api.ServiceDesk, StoredServiceDesk),),
        seed=defaults.seed,
        demo=demo.fill,
    )
