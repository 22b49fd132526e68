"""The background of a process: relay, worker and scheduler on the process's own event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Self

import structlog

from psa_kernel.events.deliveries import Deliveries
from psa_kernel.events.relay import Relay
from psa_kernel.events.routing import Routing
from psa_kernel.events.work_list import Limits, WorkList
from psa_kernel.jobs.broker import Transport
from psa_kernel.jobs.schedule import Scheduler
from psa_kernel.jobs.worker import Worker
from psa_sdk.actors import Queue

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

LEASE = 15.0
"""Seconds after which a dead process's work is taken over."""
GRACE = 20.0
"""Seconds that running handlers get to finish when the process stops; then they are cancelled and given back."""
AGAIN = 2.0
"""Seconds until a part of the background that failed unexpectedly is started again."""
_log = structlog.get_logger(__name__)


class Background:
    """Runs events, jobs and schedules beside the server, or alone as `psa worker`.

    Several processes may run it: each slot fires once, each delivery has one holder. `async with` or
    `start()` and `stop()`. Needs `config.redis_url`.
    """

    def __init__(self, kernel: "Kernel", *, lease: float | None = None, grace: float = GRACE) -> None:
        """Prepare; nothing happens before `start`. `lease` (`LEASE` by default) and `grace` are in seconds."""
        self._kernel = kernel
        self._lease = LEASE if lease is None else lease
        self._grace = grace
        self._tasks: list[asyncio.Task[None]] = []
        self._transport: Transport | None = None
        self._worker: Worker | None = None

    async def start(self) -> None:
        """Start relay, worker and scheduler; returns at once, also when Redis is away."""
        kernel, threads = self._kernel, lanes(self._kernel.config.worker_threads)
        database = await kernel.pool.fetchval("SELECT current_database()")
        routing = Routing(kernel.registry)
        work = WorkList(kernel.pool, routing)
        self._transport = Transport(kernel.config.redis_url, namespace=f"psa:{database}")
        self._worker = Worker(
            Deliveries(kernel, work, routing, lease=self._lease),
            work,
            kernel.wakeup,
            self._transport,
            threads=threads,
            lease=self._lease,
            grace=self._grace,
        )
        limits = self._limits(list(threads.values()))
        relay = Relay(work, kernel.wakeup, limits, self._transport.push)
        listening = kernel.config.direct_database_url or kernel.config.database_url
        self._tasks = [
            asyncio.create_task(_kept_up(name, run), name=name)
            for name, run in (
                ("relay", relay.run),
                ("listen", lambda: kernel.wakeup.listen(listening)),
                ("leases", self._worker.keep_leases),
                ("scheduler", Scheduler(kernel).run),
            )
        ]
        self._worker.start()

    async def stop(self) -> None:
        """Stop handing out, finish what runs, give back the rest."""
        keeping = [task for task in self._tasks if task.get_name() == "leases"]
        await _cancel([task for task in self._tasks if task not in keeping])
        if self._worker is not None:
            await self._worker.stop()
        await _cancel(keeping)
        if self._transport is not None:
            await asyncio.to_thread(self._transport.close)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _limits(self, threads: Sequence[int]) -> Limits:
        config = self._kernel.config
        critical, default, bulk = (number * 8 for number in threads)
        ahead = (critical, default, bulk)
        if not config.multi_tenant:
            return Limits(per_tenant=ahead, ahead=ahead, lease=self._lease)
        # Of several tenants none gets all the workers of a queue.
        critical, default, bulk = (config.tenant_jobs or max(1, number * 3 // 4) for number in threads)
        return Limits(per_tenant=(critical, default, bulk), ahead=ahead, lease=self._lease)


def lanes(threads: int) -> dict[Queue, int]:
    """Divide threads among the queues: a quarter for critical work, a quarter for bulk, the rest for default.

    Example:
        >>> lanes(8)
        {'critical': 2, 'default': 4, 'bulk': 2}
    """
    quarter = max(1, threads // 4)
    return {"critical": quarter, "default": max(1, threads - 2 * quarter), "bulk": quarter}


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _kept_up(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a part of the background until cancelled; a failure that it doesn't expect mustn't end it for good."""
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - a bug here must cost seconds, not all background work
            _log.critical("a background task failed and is started again", task=name, exc_info=error)
            await asyncio.sleep(AGAIN)
        else:
            return
