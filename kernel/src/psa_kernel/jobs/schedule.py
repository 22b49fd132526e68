"""The scheduler: due schedules become jobs in the transaction that claims them. Any process may run it."""

import asyncio
import datetime
import time
from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import structlog

from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.database.outages import AWAY
from psa_kernel.database.session import Session
from psa_kernel.jobs import arguments, slots
from psa_kernel.principal import SYSTEM
from psa_kernel.registry import Registry
from psa_sdk.actors import Schedule
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

TICK = 0.5
"""Seconds between two looks at the schedules."""
REGISTER = 60.0
"""Seconds after which new tenants, zones and expressions are taken up."""
_BATCH = 200
_log = structlog.get_logger(__name__)


class Named(msgspec.Struct, frozen=True):
    """A declared schedule, its plugin and its name: the actor's, numbered from the second one on."""

    name: str
    plugin: str
    schedule: Schedule


def named(registry: Registry) -> list[Named]:
    """Name all declared schedules."""
    seen: Counter[str] = Counter()
    found: list[Named] = []
    for plugin, schedule in registry.schedules:
        seen[schedule.actor.name] += 1
        number = seen[schedule.actor.name]
        suffix = f" #{number}" if number > 1 else ""
        found.append(Named(schedule.actor.name + suffix, plugin, schedule))
    return found


class Scheduler:
    """Fires each slot of each schedule once, however many schedulers there are.

    An actor that takes a `slot` (datetime) is told which slot it runs for.
    """

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._schedules = {item.name: item for item in named(kernel.registry)}

    async def run(self) -> None:
        """Fire until cancelled; a database that is away is waited out."""
        registered = -REGISTER
        while self._schedules:
            try:
                if time.monotonic() - registered >= REGISTER:
                    await self.register()
                    registered = time.monotonic()
                if await self.tick() < _BATCH:
                    await asyncio.sleep(TICK)
            except AWAY as error:
                _log.warning("the scheduler waits", error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(2)

    async def register(self) -> None:
        """Give every active tenant its rows, with the zones and expressions that hold now."""
        items = list(self._schedules.values())
        await self._kernel.pool.execute(
            "SELECT psa.schedule_register($1, $2, $3, $4, $5)",
            [item.name for item in items],
            [item.schedule.cron for item in items],
            [item.schedule.catch_up for item in items],
            [item.schedule.per_tenant for item in items],
            SINGLE_TENANT,
        )

    async def tick(self, at: datetime.datetime | None = None) -> int:
        """Fire what is due at an instant, the database's present by default; returns how many rows moved."""
        async with Session(self._kernel.pool, tenant_id=None, multi_tenant=True) as session:
            rows = await session.connection.fetch(
                "SELECT * FROM psa.schedule_claim($1, $2, $3, $4)",
                list(self._schedules),
                [item.plugin for item in self._schedules.values()],
                _BATCH,
                at,
            )
            if not rows:
                return 0
            moves: list[tuple[UUID, UUID, datetime.datetime, datetime.datetime | None]] = []
            jobs: list[tuple[UUID, UUID, str, str]] = []
            for row in rows:
                schedule = self._schedules[row["name"]].schedule
                found = slots.due(
                    schedule.cron,
                    row["timezone"],
                    row["next_at"],
                    row["last_slot"],
                    row["present"],
                    schedule.catch_up,
                )
                moves.append((row["tenant_id"], row["id"], found.next_at, found.last))
                jobs += [
                    (row["tenant_id"], new_id(), schedule.actor.name, arguments.scheduled(schedule, slot))
                    for slot in found.fire
                ]
            columns = [list(column) for column in zip(*moves, strict=True)]
            columns += [list(column) for column in zip(*jobs, strict=True)] if jobs else [[], [], [], []]
            await session.connection.execute(
                "SELECT psa.schedule_fire($1, $2, $3, $4, $5, $6, $7, $8, $9)", *columns, SYSTEM.id
            )
        if jobs:
            self._kernel.wakeup.committed()
        return len(rows)
