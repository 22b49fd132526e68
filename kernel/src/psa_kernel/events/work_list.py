"""The work list: what is to be done over all tenants, through functions that tell ids and names only."""

import datetime
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from psa_kernel.database.pool import Pool
from psa_kernel.database.session import Session
from psa_kernel.events.routing import Kind, Routing
from psa_sdk.actors import Queue
from psa_sdk.tables import new_id

BATCH = 500


class Claim(msgspec.Struct, frozen=True):
    """A delivery that was handed out; `token` is the right to start and settle it."""

    id: UUID
    tenant_id: UUID
    token: int
    queue: Queue


QUEUES: tuple[Queue, ...] = ("critical", "default", "bulk")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is handed out, for each of `QUEUES`: of one tenant in flight, and ahead of the workers in all.

    `lease` is in seconds: a process that dies loses its work to others after one.
    """

    per_tenant: tuple[int, int, int]
    ahead: tuple[int, int, int]
    lease: float = 15.0


class WorkList:
    """The narrow functions over all tenants' outbox rows and deliveries.

    `at` is the present instant, for tests that travel in time; None means the database's clock.
    """

    def __init__(self, pool: Pool, routing: Routing) -> None:
        self._pool = pool
        self._routing = routing

    def _session(self) -> Session:
        return Session(self._pool, tenant_id=None, multi_tenant=True)

    async def route(self, most: int = BATCH) -> int:
        """Make the deliveries of up to `most` new outbox rows; returns how many rows were routed."""
        async with self._session() as session:
            rows = await session.connection.fetch("SELECT * FROM psa.outbox_take($1)", most)
            if not rows:
                return 0
            wanted: list[tuple[UUID, UUID, UUID, str, str, int]] = []
            for row in rows:
                handlers = self._routing.handlers(row["kind"], row["name"])
                wanted += [
                    (
                        row["tenant_id"],
                        row["id"],
                        row["id"] if row["kind"] == "job" else new_id(),
                        handler.name,
                        handler.queue,
                        handler.max_attempts,
                    )
                    for handler in handlers
                ]
                if row["kind"] == "job" and not handlers:
                    # Its plugin isn't installed here: kept, and held when started.
                    wanted.append((row["tenant_id"], row["id"], row["id"], row["name"], "default", 8))
            columns = [list(column) for column in zip(*wanted, strict=True)] if wanted else [[]] * 6
            await session.connection.execute(
                "SELECT psa.outbox_route($1, $2, $3, $4, $5, $6, $7, $8)",
                [row["tenant_id"] for row in rows],
                [row["id"] for row in rows],
                *columns,
            )
        return len(rows)

    async def claim(self, limits: Limits, at: datetime.datetime | None = None) -> list[Claim]:
        """Hand out due deliveries within the limits."""
        rows = await self._pool.fetch(
            "SELECT id, tenant_id, token, queue FROM psa.delivery_claim($1, $2, $3, $4)",
            limits.per_tenant,
            limits.ahead,
            datetime.timedelta(seconds=limits.lease),
            at,
        )
        return [Claim(*row) for row in rows]

    async def release(
        self, claims: Sequence[Claim], *, pause: float | None = None, at: datetime.datetime | None = None
    ) -> None:
        """Give claims back, untried, due as before or after `pause` seconds."""
        await self._pool.execute(
            "SELECT psa.delivery_release($1, $2, $3, $4, $5)",
            *_columns(claims),
            None if pause is None else datetime.timedelta(seconds=pause),
            at,
        )

    async def start(
        self, claim: Claim, lease: float, at: datetime.datetime | None = None
    ) -> tuple[Kind, str, int] | None:
        """Begin a claimed delivery: its kind, its handler's name and the number of this try; None if stale."""
        row = await self._pool.fetchrow(
            "SELECT kind, handler, attempts FROM psa.delivery_start($1, $2, $3, $4, $5)",
            claim.tenant_id,
            claim.id,
            claim.token,
            datetime.timedelta(seconds=lease),
            at,
        )
        return None if row is None else (row["kind"], row["handler"], row["attempts"])

    async def fail(
        self, claim: Claim, error: str, pause: float, *, final: bool, at: datetime.datetime | None = None
    ) -> Literal["pending", "dead"] | None:
        """Put a failed delivery off, or end it; returns its state, None when others hold it by now."""
        return await self._pool.fetchval(
            "SELECT psa.delivery_fail($1, $2, $3, $4, $5, $6, $7)",
            claim.tenant_id,
            claim.id,
            claim.token,
            error,
            datetime.timedelta(seconds=pause),
            final,
            at,
        )

    async def renew(self, claims: Sequence[Claim], lease: float) -> None:
        """Keep claims for another lease."""
        await self._pool.execute(
            "SELECT psa.delivery_renew($1, $2, $3, $4)", *_columns(claims), datetime.timedelta(seconds=lease)
        )

    async def reap(self, at: datetime.datetime | None = None) -> int:
        """Free abandoned deliveries; returns how many."""
        return await self._pool.fetchval("SELECT psa.delivery_reap($1)", at)


def _columns(claims: Sequence[Claim]) -> tuple[list[UUID], list[UUID], list[int]]:
    return (
        [claim.tenant_id for claim in claims],
        [claim.id for claim in claims],
        [claim.token for claim in claims],
    )
