"""Background work in tests: done at once, in order, without a broker."""

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from psa_kernel.clock import SystemClock
from psa_kernel.database.session import Session
from psa_kernel.events.deliveries import Deliveries
from psa_kernel.events.routing import Routing
from psa_kernel.events.work_list import Claim, WorkList

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel
    from psa_kernel.registry import Registry

_ENDLESS: Final = 100_000
_CLAIM: Final = """
WITH due AS (
    SELECT d.id, d.tenant_id FROM psa.delivery d JOIN psa.tenant t ON t.id = d.tenant_id AND t.status = 'active'
    WHERE d.tenant_id = $1 AND d.state = 'pending'
        AND coalesce(d.due_at, '-infinity') <= coalesce($2, clock_timestamp())
    ORDER BY coalesce(d.due_at, '-infinity'), d.event_id LIMIT 100 FOR UPDATE OF d
), claimed AS (
    UPDATE psa.delivery d SET state = 'dispatched', token = d.token + 1,
        lease_until = coalesce($2, clock_timestamp()) + interval '15 seconds'
    FROM due WHERE d.tenant_id = due.tenant_id AND d.id = due.id
    RETURNING d.id, d.tenant_id, d.token, d.queue, d.due_at, d.event_id
)
SELECT id, tenant_id, token, queue FROM claimed ORDER BY coalesce(due_at, '-infinity'), event_id"""

_routings: "WeakKeyDictionary[Kernel, tuple[Registry, Routing]]" = WeakKeyDictionary()


async def drain(kernel: "Kernel", *tenants: UUID) -> int:
    """Run every delivery and job that is due by the kernel's clock, and what they cause; returns how many ran.

    Of these tenants, or of all: what others of a shared installation left undone is theirs. Failing handlers are put
    off as in production: move the clock to see their next try. Raises `RuntimeError` when the work never ends.
    """
    routing = _routing(kernel)
    work = WorkList(kernel.pool, routing)
    deliveries = Deliveries(kernel, work, routing)
    ran = 0
    while True:
        while await work.route():
            pass
        at: datetime.datetime | None = None if isinstance(kernel.clock, SystemClock) else kernel.clock.now()
        claims = await _claim(kernel, tenants or await kernel.tenants(), at)
        if not claims:
            return ran
        for claim in claims:
            await deliveries.deliver(claim, at)
        ran += len(claims)
        if ran > _ENDLESS:
            raise RuntimeError(f"More than {_ENDLESS} deliveries: handlers are feeding each other.")


def _routing(kernel: "Kernel") -> Routing:
    known = _routings.get(kernel)
    if known is None or known[0] is not kernel.registry:
        known = _routings[kernel] = kernel.registry, Routing(kernel.registry)
    return known[1]


async def _claim(kernel: "Kernel", tenants: Sequence[UUID], at: datetime.datetime | None) -> list[Claim]:
    claims: list[Claim] = []
    for tenant in tenants:
        async with Session(kernel.pool, tenant_id=tenant, multi_tenant=kernel.config.multi_tenant) as session:
            claims += [Claim(*row) for row in await session.connection.fetch(_CLAIM, tenant, at)]
    return claims
