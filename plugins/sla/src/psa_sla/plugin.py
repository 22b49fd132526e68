"""Service levels."""

from psa_sdk import Manifest, hookimpl, provide
from psa_sla import api, demo, import_routes, pages, resources, subscribers, tables
from psa_sla.business_calendars import StoredBusinessCalendars

READ = (
    "sla.business_hours.read",
    "sla.holiday_calendars.read",
    "sla.sla_policies.read",
    "sla.sla_targets.read",
)
ROLES = {
    "manager": (
        "sla.business_hours.*",
        "sla.holiday_calendars.*",
        "sla.sla_policies.*",
        "sla.sla_targets.*",
    ),
    "technician": READ,
    "dispatcher": READ,
    "sales": READ,
    "finance": READ,
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="sla",
        title="Service levels",
        description="Policies, business hours and holidays; clocks that run in business time.",
        enhances=("contacts", "ticketing"),
        tables=tables.ALL,
        resources=resources.ALL,
        extensions=resources.EXTENSIONS,
        routes=import_routes.ALL,
        roles=ROLES,
        events=api.EVENTS,
        subscribers=subscribers.ALL,
        ui=pages.UI,
        demo=demo.fill,
        services=(provide(api.BusinessCalendars, StoredBusinessCalendars),),
    )
