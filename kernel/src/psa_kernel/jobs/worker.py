"""The worker: Dramatiq's threads fetch claims, the coroutines run in the process's own event loop."""

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Mapping

import structlog
from dramatiq import Worker as Threads

from psa_kernel.database.outages import AWAY
from psa_kernel.events.deliveries import Deliveries
from psa_kernel.events.wakeup import Wakeup
from psa_kernel.events.work_list import Claim, WorkList
from psa_kernel.jobs.broker import Transport
from psa_sdk.actors import Queue

IDLE_MILLISECONDS = 100
"""The longest pause between two looks into an empty queue."""
_log = structlog.get_logger(__name__)


class Worker:
    """Runs deliveries, as many at once as it has threads; each queue has its own, so that none waits for another.

    A thread waits for its coroutine, so handlers share the loop, the pool and the kernel with HTTP requests.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        work: WorkList,
        wakeup: Wakeup,
        transport: Transport,
        *,
        threads: Mapping[Queue, int],
        lease: float,
        grace: float,
    ) -> None:
        self._deliveries = deliveries
        self._work = work
        self._wakeup = wakeup
        self._lease = lease
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._lanes = [
            Threads(
                transport.receiver(queue, self._handle),
                worker_timeout=IDLE_MILLISECONDS,
                worker_threads=number,
            )
            for queue, number in threads.items()
        ]

    def start(self) -> None:
        """Begin to fetch."""
        for lane in self._lanes:
            lane.start()

    async def stop(self) -> None:
        """Finish what runs within the grace, give back the rest."""
        self._stopping = True
        stopping = [asyncio.create_task(asyncio.to_thread(lane.stop)) for lane in self._lanes]
        await asyncio.wait(stopping, timeout=self._grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*stopping)

    async def keep_leases(self) -> None:
        """Renew the leases of what runs, until cancelled."""
        while True:
            await asyncio.sleep(self._lease / 3)
            if claims := list(self._deliveries.running.values()):
                # A database that is away now is back before the lease ends, or the delivery goes elsewhere.
                with contextlib.suppress(*AWAY):
                    await self._work.renew(claims, self._lease)

    def _handle(self, claim: Claim) -> None:
        """Run a claim from a worker's thread and wait for its end."""
        with contextlib.suppress(concurrent.futures.CancelledError):
            asyncio.run_coroutine_threadsafe(self._deliver(claim), self._loop).result()

    async def _deliver(self, claim: Claim) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._stopping:
                await self._work.release([claim])
            else:
                await self._deliveries.deliver(claim)
        except AWAY as error:
            _log.warning("a delivery waits for its lease to end", delivery=str(claim.id), error=str(error))
        finally:
            self._tasks.discard(task)
            # A place is free: the relay may hand out this tenant's next one.
            self._wakeup.worked()
