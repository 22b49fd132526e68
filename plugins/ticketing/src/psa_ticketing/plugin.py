"""Ticketing: the service desk."""

from psa_sdk import Manifest, Permission, hookimpl, provide
from psa_ticketing import (
    actions,
    api,
    bulk,
    checklist_tables,
    checklists,
    conversation_rules,
    crossing,
    defaults,
    demo,
    endings,
    pages,
    presence,
    resources,
    survey_routes,
    survey_tables,
    surveys,
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
    Permission(name=survey_routes.RATE, title="Rate the help with one's own tickets"),
    Permission(name=survey_routes.REPORT, title="See reports on satisfaction"),
)

LISTS = (
    "ticketing.ticket_queues.read",
    "ticketing.ticket_statuses.read",
    "ticketing.ticket_priorities.read",
    "ticketing.ticket_types.read",
    "ticketing.ticket_categories.read",
    "ticketing.ticket_templates.read",
    "ticketing.ticket_template_items.read",
    "ticketing.checklist_items.read",
    "ticketing.canned_responses.read",
)
CLIENT = (
    "ticketing.tickets.read",
    "ticketing.tickets.create",
    survey_routes.RATE,
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
        "ticketing.checklist_items.*",
    ),
    "dispatcher": (
        *LISTS,
        "ticketing.tickets.*",
        "!ticketing.tickets.delete",
        "ticketing.checklist_items.*",
    ),
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
        tables=(
            *tables.ALL,
            *checklist_tables.ALL,
            presence.TicketPresence,
            survey_tables.Survey,
        ),
        resources=(*resources.ALL, *checklists.RESOURCES, *surveys.RESOURCES),
        extensions=(checklists.progress,),
        routes=(
            *actions.ALL,
            *bulk.ALL,
            *texts.ALL,
            *checklists.ROUTES,
            *crossing.ROUTES,
            *presence.ROUTES,
            *survey_routes.ROUTES,
        ),
        permissions=PERMISSIONS,
        roles=ROLES,
        events=api.EVENTS,
        subscribers=(
            conversation_rules.announce_note,
            endings.resolve_parent,
            surveys.ask_when_closed,
        ),
        interceptors=(conversation_rules.receive_note,),
        actors=(endings.close_resolved, presence.forget),
        schedules=(*endings.SCHEDULES, *presence.SCHEDULES),
        settings=TicketingSettings,
        ui=pages.UI,
        services=(
            provide(api.ServiceDesk, StoredServiceDesk),
            provide(api.SurveyLinks, surveys.SignedSurveyLinks),
        ),
        seed=defaults.seed,
        demo=demo.fill,
    )
