"""Time tracking."""

from psa_sdk import Manifest, Permission, hookimpl, provide
from psa_time import (
    api,
    defaults,
    demo,
    entry_actions,
    forgotten,
    pages,
    reports,
    resources,
    tables,
    timer_routes,
    timesheet_routes,
)
from psa_time.approvers import APPROVE_ALL, APPROVE_TEAM
from psa_time.ledger import StoredTimeLedger
from psa_time.locking import CHANGE_LOCKED
from psa_time.settings import TimeSettings
from psa_time.timekeeping import STOP_OTHERS

PERMISSIONS = (
    Permission(name=timer_routes.RUN, title="Run timers"),
    Permission(name=STOP_OTHERS, title="Stop other people's timers"),
    Permission(name="time.timesheets.submit", title="Hand in weeks"),
    Permission(name=timesheet_routes.DECIDE, title="Decide on time where one is approver or delegate"),
    Permission(name=APPROVE_ALL, title="Approve everybody's time"),
    Permission(name=APPROVE_TEAM, title="Approve the time of one's teams"),
    Permission(name="time.time_entries.reprice", title="Price unapproved time anew"),
    Permission(name=CHANGE_LOCKED, title="Change time in locked periods"),
    Permission(name=reports.READ, title="See time reports"),
)

LISTS = ("time.work_types.read", "time.rounding_rules.read")
OWN = (
    *LISTS,
    "time.time_entries.read@own",
    "time.time_entries.create@own",
    "time.time_entries.update@own",
    "time.time_entries.delete@own",
    "time.timers.read@own",
    timer_routes.RUN,
    "time.timesheets.read@own",
    "time.timesheets.submit",
    timesheet_routes.DECIDE,
    "time.approval_delegations.*@own",
    "time.work_schedules.read@own",
    "time.time_entry_templates.read@usable",
    "time.time_entry_templates.create@own",
    "time.time_entry_templates.update@own",
    "time.time_entry_templates.delete@own",
)
ROLES = {
    "manager": (
        "time.time_entries.*",
        "time.timers.*",
        "time.timesheets.*",
        "time.work_types.*",
        "time.rounding_rules.*",
        "time.hourly_rates.*",
        "time.approval_delegations.*",
        "time.work_schedules.*",
        "time.time_entry_templates.*",
        reports.READ,
    ),
    "technician": OWN,
    "dispatcher": (*OWN, "time.time_entries.read", "time.timers.read"),
    "sales": OWN,
    "finance": (
        *OWN,
        "time.time_entries.*",
        "time.timesheets.*",
        "time.work_types.*",
        "time.rounding_rules.*",
        "time.hourly_rates.*",
        CHANGE_LOCKED,
        reports.READ,
    ),
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="time",
        title="Time",
        description="Time entries, timers, timesheets, rates.",
        requires=("contacts",),
        enhances=("ticketing",),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=(*timer_routes.ALL, *timesheet_routes.ALL, *entry_actions.ALL, *reports.ALL),
        permissions=PERMISSIONS,
        roles=ROLES,
        events=api.EVENTS,
        services=(provide(api.TimeLedger, StoredTimeLedger),),
        actors=(forgotten.watch_timers,),
        schedules=forgotten.SCHEDULES,
        settings=TimeSettings,
        ui=pages.UI,
        seed=defaults.seed,
        demo=demo.fill,
    )
