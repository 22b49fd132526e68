"""Waking the relay: at once in this process, by one coalesced NOTIFY for relays elsewhere."""

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg
import structlog

from psa_kernel.database.outages import AWAY
from psa_kernel.database.pool import Pool

CHANNEL = "psa_work"
COALESCE = 0.03
"""Seconds in which the commits of this process share one NOTIFY."""
_log = structlog.get_logger(__name__)


class Wakeup:
    """Tells relays that there is work.

    Never notify inside the writing transaction: PostgreSQL serialises such commits. Without a message the
    relay's own poll finds the work a little later, so a lost one costs only time.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._work = asyncio.Event()
        self._relays = 0
        self._notifying: asyncio.Task[None] | None = None

    def committed(self) -> None:
        """Note that a transaction with outbox rows is committed."""
        if self._relays:
            self._work.set()
        elif self._notifying is None or self._notifying.done():
            self._notifying = asyncio.get_running_loop().create_task(self._notify())

    def worked(self) -> None:
        """Note that this process has finished a delivery: there is room for another."""
        self._work.set()

    async def _notify(self) -> None:
        await asyncio.sleep(COALESCE)
        try:
            await self._pool.execute(f"NOTIFY {CHANNEL}")
        except AWAY as error:
            _log.info("the relay isn't notified and will find out by itself", error=str(error))

    async def wait(self, seconds: float) -> None:
        """Wait until there may be work, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._work.wait()
        self._work.clear()

    def relay_started(self) -> None:
        """Count a relay of this process: it needs no NOTIFY."""
        self._relays += 1

    def relay_stopped(self) -> None:
        """Count one less."""
        self._relays -= 1

    async def listen(self, url: str) -> None:
        """Pass on the NOTIFYs of other processes until cancelled; reconnects. `url` must bypass a pooler."""
        while True:
            ended = asyncio.Event()
            try:
                connection = await asyncpg.connect(url, server_settings={"application_name": "psa-listen"})
            except AWAY:
                await asyncio.sleep(2)
                continue
            try:
                connection.add_termination_listener(_setter(ended))
                await connection.add_listener(CHANNEL, self._heard)
                await ended.wait()
            except AWAY:
                await asyncio.sleep(2)
            finally:
                connection.terminate()

    def _heard(self, *_: object) -> None:
        self._work.set()


def _setter(ended: asyncio.Event) -> Callable[[object], None]:
    return lambda _connection: ended.set()
