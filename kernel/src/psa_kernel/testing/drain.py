"""Background work in tests: done at once, in order, without a broker."""

import datetime
from typing import TYPE_CHECKING

from psa_kernel.clock import SystemClock
from psa_kernel.events.deliveries import Deliveries
from psa_kernel.events.routing import Routing
from psa_kernel.events.work_list import Limits, WorkList

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

_ENDLESS = 100_000


async def drain(kernel: "Kernel") -> int:
    """Run every delivery and job that is due by the kernel's clock, and what they cause; returns how many ran.

    Failing handlers are put off as in production: move the clock to see their next try. Raises `RuntimeError`
    when the work never ends.
    """
    work = WorkList(kernel.pool, Routing(kernel.registry))
    deliveries = Deliveries(kernel, work, Routing(kernel.registry))
    limits = Limits(per_tenant=(100, 100, 100), ahead=(100, 100, 100))
    ran = 0
    while True:
        while await work.route():
            pass
        at: datetime.datetime | None = None if isinstance(kernel.clock, SystemClock) else kernel.clock.now()
        claims = await work.claim(limits, at)
        if not claims:
            return ran
        for claim in claims:
            await deliveries.deliver(claim, at)
        ran += len(claims)
        if ran > _ENDLESS:
            raise RuntimeError(f"More than {_ENDLESS} deliveries: handlers are feeding each other.")
