"""Seals new entries in batches: a hash chain per tenant, each link signed (AUD-02)."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from psa_kernel.builtin.audit import alerts
from psa_kernel.builtin.audit.canonical import ABSENT, CANONICAL, GENESIS, chain, digest_of
from psa_kernel.crypto import KeyRing
from psa_kernel.database.session import Session
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

EVERY_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 10.0
"""How long entries wait that a process without a sealer wrote, such as a command."""
BATCH: Final = 5000
_log = structlog.get_logger(__name__)


def signing_key(keys: KeyRing, *, previous: bool = False) -> Ed25519PrivateKey:
    """Return the key that signs seals; the database never holds it."""
    return Ed25519PrivateKey.from_private_bytes(keys.derive("audit seals", previous=previous))


async def seal(kernel: "Kernel", tenant_id: UUID) -> int:
    """Seal up to 5,000 of a tenant's entries and return how many; 0 also when another process is at it."""
    async with kernel.unit(tenant_id) as unit:
        db = unit.db
        if not await db.fetch_value(
            "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"seal {tenant_id}"
        ):
            return 0
        waiting = sorted(
            row["entry"] for row in await db.fetch("SELECT * FROM psa.take_unsealed($1) AS t(entry)", BATCH)
        )
        if not waiting:
            return 0
        rows = await db.fetch(
            f"SELECT id, action, resource, {CANONICAL} AS canonical FROM psa.audit_entry"
            " WHERE tenant_id = $1 AND id = ANY ($2)",
            tenant_id,
            waiting,
        )
        digests = {row["id"]: digest_of(row["canonical"]) for row in rows}
        last = await db.fetch_one(
            "SELECT sequence, hash FROM psa.audit_seal WHERE tenant_id = $1 ORDER BY sequence DESC LIMIT 1",
            tenant_id,
        )
        sequence = last["sequence"] + 1 if last else 1
        previous = bytes.fromhex(last["hash"]) if last else GENESIS
        entry_bytes = b"".join(entry.bytes for entry in waiting)
        digest_bytes = b"".join(digests.get(entry, ABSENT) for entry in waiting)
        link = chain(previous, tenant_id.bytes, sequence, entry_bytes, digest_bytes)
        await db.execute(
            "INSERT INTO psa.audit_seal (id, tenant_id, sequence, entry_count, entries, digests, previous, hash,"
            " signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            new_id(),
            tenant_id,
            sequence,
            len(waiting),
            base64.b64encode(entry_bytes).decode(),
            base64.b64encode(digest_bytes).decode(),
            previous.hex(),
            link.hex(),
            base64.b64encode(signing_key(kernel.keys).sign(link)).decode(),
        )
        await alerts.inspect(unit, {(row["action"], row["resource"]) for row in rows})
    return len(waiting)


async def seal_all(kernel: "Kernel") -> int:
    """Seal whatever waits, of all tenants; returns how many entries."""
    async with Session(kernel.pool, tenant_id=None, multi_tenant=kernel.config.multi_tenant) as session:
        rows = await session.connection.fetch("SELECT * FROM psa.tenants_with_unsealed() AS t(tenant)")
    total = 0
    for row in rows:
        while count := await seal(kernel, row["tenant"]):
            total += count
            if count < BATCH:
                break
    return total


@asynccontextmanager
async def sealer(kernel: "Kernel") -> AsyncGenerator[None]:
    """Seal what is written, once a second at most, while the process serves, and once more when it stops."""
    task = asyncio.create_task(_run(kernel))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await _try(kernel)


async def _run(kernel: "Kernel") -> None:
    while True:
        kernel.written.clear()
        await _try(kernel)
        await asyncio.sleep(EVERY_SECONDS)
        # Not `wait_for`, which forgets in 3.11 that it was cancelled when the event comes at the same moment.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await kernel.written.wait()


async def _try(kernel: "Kernel") -> None:
    try:
        await seal_all(kernel)
    except Exception:  # noqa: BLE001 - the entries wait in the database; the next second tries again
        kernel.written.set()
        _log.exception("sealing the audit log failed")
