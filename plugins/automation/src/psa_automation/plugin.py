"""Automation."""

from psa_automation import api, demo, pages, questions, resources, routes, sweeping, tables, webhooks
from psa_automation.running import StoredAutomation
from psa_automation.settings import AutomationSettings
from psa_sdk import Manifest, Permission, hookimpl, provide

ROLES = {
    "manager": ("automation.*",),
    "technician": (
        "automation.automation_rules.read",
        "automation.automation_runs.read",
        "automation.assignees.read",
        routes.RUN,
    ),
    "dispatcher": (
        "automation.automation_rules.read",
        "automation.automation_runs.read",
        "automation.assignees.*",
        routes.RUN,
    ),
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="automation",
        title="Automation",
        description="Rules, automatic assignment, schedules.",
        tables=tables.ALL,
        resources=resources.ALL,
        routes=routes.ALL,
        permissions=(Permission(name=routes.RUN, title="Run macros"),),
        roles=ROLES,
        events=api.EVENTS,
        services=(provide(api.Automation, StoredAutomation),),
        actors=(*sweeping.ACTORS, webhooks.deliver),
        schedules=sweeping.SCHEDULES,
        settings=AutomationSettings,
        ui=pages.UI,
        hookspecs=questions,
        demo=demo.fill,
    )
