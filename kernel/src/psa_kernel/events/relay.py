"""The relay: makes deliveries of outbox rows and hands due ones to the broker, round-robin over tenants."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from psa_kernel.database.outages import AWAY
from psa_kernel.events.wakeup import Wakeup
from psa_kernel.events.work_list import Claim, Limits, WorkList

POLL = 0.25
"""Seconds after which the relay looks for work by itself."""
_log = structlog.get_logger(__name__)


class BrokerAway(Exception):
    """The broker took nothing; what was claimed goes back."""


Push = Callable[[Sequence[Claim]], Awaitable[None]]
"""Hand claims to the workers; raises `BrokerAway`."""


class Relay:
    """Moves work from the tables to the broker, for as long as it runs. Several may run at once."""

    def __init__(self, work: WorkList, wakeup: Wakeup, limits: Limits, push: Push) -> None:
        self._work = work
        self._wakeup = wakeup
        self._limits = limits
        self._push = push
        self._reaped = 0.0

    async def run(self) -> None:
        """Relay until cancelled; outages of database or broker are waited out."""
        self._wakeup.relay_started()
        away = False
        try:
            while True:
                try:
                    moved = await self.turn()
                    if away:
                        _log.info("the relay works again")
                    away = False
                    if not moved:
                        await self._wakeup.wait(POLL)
                except (BrokerAway, *AWAY) as error:
                    if not away:
                        _log.warning("the relay waits", error=f"{type(error).__name__}: {error}")
                    away = True
                    await asyncio.sleep(1)
        finally:
            self._wakeup.relay_stopped()

    async def turn(self) -> int:
        """Route, claim and push once, and reap now and then; returns how much there was."""
        if time.monotonic() - self._reaped > self._limits.lease / 5:
            self._reaped = time.monotonic()
            if freed := await self._work.reap():
                _log.warning("abandoned deliveries are tried again", count=freed)
        routed = await self._work.route()
        claims = await self._work.claim(self._limits)
        if claims:
            try:
                await self._push(claims)
            except BrokerAway:
                await self._work.release(claims)
                raise
        return routed + len(claims)
