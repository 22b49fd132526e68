"""The access log: requests are noted in memory and written in batches, off the request's path.

Writes and errors are all kept, successful reads sampled by the request id; every request counts in usage.
A crash loses at most five seconds of it; the audit log is the one that must not lose anything.
"""

import asyncio
import collections
import contextlib
import datetime
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
import structlog

from psa_kernel.builtin.audit.settings import AuditSettings
from psa_kernel.builtin.tenancy import usage
from psa_kernel.principal import KernelPrincipal
from psa_kernel.unit_of_work import RequestFacts
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

EVERY_SECONDS: Final = 5.0  # each tenant's batch is a transaction, so many tenants cost many
MOST_WAITING: Final = 50_000
_READS: Final = frozenset(("GET", "HEAD"))
_COLUMNS: Final = (
    "id",
    "tenant_id",
    "occurred_at",
    "method",
    "path",
    "status",
    "duration_ms",
    "actor_kind",
    "actor_id",
    "request_id",
    "ip",
    "user_agent",
)
_log = structlog.get_logger(__name__)


class Access(msgspec.Struct, frozen=True):
    """One request of a tenant."""

    tenant_id: UUID
    occurred_at: datetime.datetime
    method: str
    path: str
    status: int
    duration_ms: int
    actor_kind: str
    actor_id: UUID
    request_id: str
    ip: str | None
    user_agent: str | None

    def kept(self, percent: int) -> bool:
        """Tell whether the log keeps it when it keeps a percentage of successful reads."""
        if self.method not in _READS or self.status >= 400:
            return True
        return zlib.crc32(self.request_id.encode()) % 100 < percent


class AccessLog:
    """The requests of this process that are not written yet; when it is full the oldest go."""

    def __init__(self) -> None:
        """Start empty."""
        self._waiting: collections.deque[Access] = collections.deque(maxlen=MOST_WAITING)

    def add(self, access: Access) -> None:
        """Note a request."""
        self._waiting.append(access)

    async def flush(self, kernel: "Kernel") -> int:
        """Write what waits and return how many rows; a tenant that fails loses its batch, not the others."""
        taken, self._waiting = self._waiting, collections.deque(maxlen=MOST_WAITING)
        by_tenant: dict[UUID, list[Access]] = {}
        for access in taken:
            by_tenant.setdefault(access.tenant_id, []).append(access)
        written = 0
        for tenant_id, batch in by_tenant.items():
            try:
                written += await _write(kernel, tenant_id, batch)
            except Exception:  # noqa: BLE001 - whatever fails must not end the writer; it is logged
                _log.exception("writing the access log failed", tenant=str(tenant_id), requests=len(batch))
        return written


_logs: "WeakKeyDictionary[Kernel, AccessLog]" = WeakKeyDictionary()


def log_of(kernel: "Kernel") -> AccessLog:
    """Return a kernel's access log."""
    return _logs.setdefault(kernel, AccessLog())


def note(
    kernel: "Kernel",
    tenant_id: UUID,
    principal: KernelPrincipal,
    facts: RequestFacts,
    *,
    method: str,
    path: str,
    status: int,
    seconds: float,
) -> None:
    """Note a request that is answered; quick, and never fails."""
    log_of(kernel).add(
        Access(
            tenant_id=tenant_id,
            occurred_at=kernel.clock.now(),
            method=method,
            path=path[:500],
            status=status,
            duration_ms=round(seconds * 1000),
            actor_kind=principal.kind,
            actor_id=principal.id,
            request_id=facts.request_id,
            ip=facts.ip,
            user_agent=facts.user_agent,
        )
    )


async def _write(kernel: "Kernel", tenant_id: UUID, batch: list[Access]) -> int:
    async with kernel.unit(tenant_id) as unit:
        chosen = await unit.settings(AuditSettings)
        rows = [
            (new_id(), *msgspec.structs.astuple(access))
            for access in batch
            if access.kept(chosen.access_log_reads)
        ]
        arrays = list(zip(*rows, strict=True))
        if rows:
            await unit.db.execute(
                f"INSERT INTO psa.access_log ({', '.join(_COLUMNS)}) SELECT * FROM unnest($1::uuid[], $2::uuid[],"
                " $3::timestamptz[], $4::text[], $5::text[], $6::int[], $7::int[], $8::text[], $9::uuid[],"
                " $10::text[], $11::text[], $12::text[])",
                *arrays,
            )
        days = collections.Counter(access.occurred_at.astimezone(datetime.UTC).date() for access in batch)
        for day, count in sorted(days.items()):
            await usage.add(unit, day, "api_calls", count)
    return len(rows)


@asynccontextmanager
async def access_writer(kernel: "Kernel") -> AsyncGenerator[None]:
    """Write the log every five seconds while the process serves, and once more when it stops."""
    task = asyncio.create_task(_run(kernel))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await log_of(kernel).flush(kernel)


async def _run(kernel: "Kernel") -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await log_of(kernel).flush(kernel)
