"""Events: what happened, who reacts, and what failed for good."""

from psa_kernel.builtin.events import resources, routes, tables
from psa_kernel.builtin.events.tables import Delivery
from psa_kernel.events.live import UnitLive
from psa_sdk import Manifest, Permission, Principal, Scope, Who, hookimpl, provide
from psa_sdk.tables import Condition
from psa_sdk.ui import Live
from psa_sdk.web import LiveSource


@hookimpl
def psa_manifest() -> Manifest:
    """Declare events."""
    return Manifest(
        name="events",
        title="Events",
        description="The outbox of record and domain events, and their deliveries to subscribers.",
        requires=("tenancy",),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=routes.ALL,
        permissions=(Permission(name="events.event_deliveries.retry", title="Send dead events again"),),
        services=(provide(Live, UnitLive), provide(LiveSource, UnitLive)),
        roles={"admin": ("events.event_deliveries.*",)},
    )


def _events_only(who: Who) -> Condition:
    return Delivery.kind != "job"


@hookimpl
def psa_scope(principal: Principal, resource: str) -> Scope | None:
    """Leave jobs to their own resource: they are rows of the same table."""
    return _events_only if resource == "event-deliveries" else None
