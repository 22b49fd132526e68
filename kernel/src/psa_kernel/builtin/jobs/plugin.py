"""Jobs: background work one can see and send again, and schedules."""

from psa_kernel.builtin.events.tables import Delivery
from psa_kernel.builtin.jobs import housekeeping, resources, routes, tables
from psa_sdk import Manifest, Permission, Principal, Scope, Who, hookimpl
from psa_sdk.tables import Condition


@hookimpl
def psa_manifest() -> Manifest:
    """Declare jobs."""
    return Manifest(
        name="jobs",
        title="Jobs",
        description="The history of background work, and the schedules.",
        requires=("tenancy", "settings", "events"),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=routes.ALL,
        permissions=(Permission(name="jobs.jobs.retry", title="Send dead jobs again"),),
        roles={"admin": ("jobs.jobs.*", "jobs.schedules.*")},
        actors=(housekeeping.purge_history,),
        schedules=(housekeeping.nightly,),
    )


def _jobs_only(who: Who) -> Condition:
    return Delivery.kind == "job"


@hookimpl
def psa_scope(principal: Principal, resource: str) -> Scope | None:
    """Leave event deliveries to their own resource: they are rows of the same table."""
    return _jobs_only if resource == "jobs" else None
