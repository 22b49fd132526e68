"""The bridge between automation and the service desk."""

from psa_automation.api import Anchor, Automatable, Automation, Occasion, OccasionField
from psa_automation.subscribers import listening
from psa_automation.with_ticketing import actions, demo, gates, pages, recurring, resources, routes, tables
from psa_sdk import Context, Manifest, Permission, hookimpl, on
from psa_ticketing.api import TICKETS, TicketReplied

LIVING = "new,open,waiting_customer,waiting_third_party,scheduled,resolved"
TICKET_RULES = Automatable(
    resource=TICKETS,
    title="Tickets",
    occasions=(
        Occasion(
            name="note_added",
            title="A note was added",
            fields=(
                OccasionField(
                    name="note.by", title="Written by", kind="choice", choices=("staff", "customer", "system")
                ),
                OccasionField(
                    name="note.type",
                    title="Note type",
                    kind="choice",
                    choices=("internal", "public", "resolution"),
                ),
            ),
        ),
    ),
    anchors=(
        Anchor(name="created_at", title="it was created", fields=("created_at",)),
        Anchor(name="updated_at", title="it was last changed", fields=("updated_at",)),
        Anchor(name="status_since", title="it got its status", fields=("status_since", "created_at")),
        Anchor(
            name="no_response",
            title="the client has been waiting for an answer",
            fields=("last_customer_activity_at",),
            when={"awaiting": "us"},
        ),
        Anchor(
            name="no_reply",
            title="we have been waiting for the client",
            fields=("last_staff_activity_at",),
            when={"awaiting": "customer"},
        ),
        Anchor(name="resolved_at", title="it was resolved", fields=("resolved_at",)),
    ),
    actions=actions.ALL,
    living={"filter[status.category][in]": LIVING},
)


@hookimpl
def psa_automatable() -> Automatable:
    """Return what rules can do with tickets."""
    return TICKET_RULES


@on(TicketReplied)
async def run_note_rules(ctx: Context, event: TicketReplied) -> None:
    """Run the rules that wait for notes."""
    await ctx.service(Automation).tell(
        TICKETS, event.ticket_id, "note_added", values={"note.by": event.by, "note.type": event.note_type}
    )


ROLES = {
    "manager": ("automation.*",),
    "technician": ("automation.recurring_tickets.read",),
    "dispatcher": ("automation.recurring_tickets.*", "automation.recurring_ticket_occurrences.read"),
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="automation.ticketing",
        title="Automation of tickets",
        description="Rules for tickets, recurring tickets, close gates.",
        requires=("automation", "ticketing"),
        tables=tables.ALL,
        resources=resources.ALL,
        extensions=(resources.since,),
        routes=routes.ALL,
        permissions=(Permission(name=gates.OVERRIDE, title="Close tickets past their gates"),),
        roles=ROLES,
        subscribers=(listening(TICKETS), run_note_rules),
        interceptors=(gates.guard_end, gates.stamp_start),
        actors=(recurring.open_due,),
        schedules=recurring.SCHEDULES,
        ui=pages.UI,
        demo=demo.fill,
    )
