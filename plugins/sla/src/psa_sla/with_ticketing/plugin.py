"""The bridge between service levels and the service desk."""

from psa_sdk import Extension, Manifest, Permission, ToOne, hookimpl, provide
from psa_sla.api import PolicyChanges, TicketClocks
from psa_sla.with_ticketing import demo, looking, pages, recomputing, reports, shapes, sweeping, ticket_events
from psa_sla.with_ticketing.tables import ALL, QueuePolicy, TicketSla

queue_policy = Extension(
    resource="ticket-queues",
    table=QueuePolicy,
    column=QueuePolicy.queue,
    read=shapes.QueuePolicyShape,
    write=shapes.QueuePolicyShape,
    relations=(ToOne("sla_policy", "sla-policies", QueuePolicy.sla_policy),),
    filters=(QueuePolicy.sla_policy,),
)
ticket_sla = Extension(
    resource="tickets",
    table=TicketSla,
    column=TicketSla.ticket,
    read=shapes.TicketSlaRead,
    write=shapes.TicketSlaWrite,
    relations=(
        ToOne("sla_override", "sla-policies", TicketSla.sla_override),
        ToOne("sla_policy", "sla-policies", TicketSla.sla_policy, writable=False),
    ),
    filters=(
        TicketSla.sla_state,
        TicketSla.sla_due_at,
        TicketSla.sla_policy,
        TicketSla.sla_exempt,
        TicketSla.sla_response_state,
        TicketSla.sla_response_due_at,
        TicketSla.sla_resolution_state,
        TicketSla.sla_resolution_due_at,
    ),
    sorts=(TicketSla.sla_due_at, TicketSla.sla_response_due_at, TicketSla.sla_resolution_due_at),
)
PERMISSIONS = (
    Permission(name=reports.READ, title="See SLA reports"),
    Permission(name=sweeping.SUPERVISE, title="Be told of service levels of unassigned tickets"),
)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="sla.ticketing",
        title="Service levels on tickets",
        description="Clocks of tickets, warnings and breaches, reports.",
        requires=("sla", "ticketing", "contacts"),
        enhances=("contracts", "contracts.ticketing"),
        tables=ALL,
        extensions=(queue_policy, ticket_sla),
        routes=(looking.ticket_sla, *reports.ALL),
        permissions=PERMISSIONS,
        roles={
            "manager": (reports.READ, sweeping.SUPERVISE),
            "dispatcher": (sweeping.SUPERVISE,),
        },
        subscribers=recomputing.SUBSCRIBERS,
        interceptors=ticket_events.ALL,
        actors=(recomputing.recompute, sweeping.sweep),
        schedules=sweeping.SCHEDULES,
        ui=pages.UI,
        demo=demo.fill,
        services=(
            provide(PolicyChanges, recomputing.StoredPolicyChanges),
            provide(TicketClocks, looking.StoredTicketClocks),
        ),
    )
