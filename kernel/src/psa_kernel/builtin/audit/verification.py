"""Verifies the chain: names the first entry or seal that was edited, removed, added or moved (AUD-02)."""

import base64
import contextlib
import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from psa_kernel.builtin.audit.canonical import ABSENT, CANONICAL, GENESIS, chain, digest_of
from psa_kernel.builtin.audit.sealing import signing_key
from psa_kernel.crypto import KeyRing
from psa_kernel.master_key import UnusableKey

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import Unit

_AT_ONCE: Final = 5000


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a tenant's chain at some time, signed; kept elsewhere, it shows a chain cut short."""

    tenant_id: UUID
    sequence: int
    hash: str
    signature: str
    sealed_at: datetime.datetime


class Report(msgspec.Struct, kw_only=True):
    """What a verification found; `finding` is the first thing wrong, "" when all is well."""

    tenant_id: UUID
    seals: int = 0
    entries: int = 0
    waiting: int = 0
    purged: int = 0
    """Entries beyond retention; that they were removed is itself a sealed entry."""
    redacted: int = 0
    """Entries in which something was blanked to erase a person; that is an entry too, with their new digests."""
    finding: str = ""
    sequence: int | None = None
    entry_id: UUID | None = None

    @property
    def intact(self) -> bool:
        """Whether nothing was tampered with."""
        return not self.finding


class _Tampered(Exception):
    def __init__(self, finding: str, sequence: int | None = None, entry_id: UUID | None = None) -> None:
        self.finding, self.sequence, self.entry_id = finding, sequence, entry_id
        super().__init__(finding)


async def checkpoint(unit: "Unit") -> Checkpoint | None:
    """Return the present end of the unit's tenant's chain, None before the first seal."""
    row = await unit.db.fetch_one(
        "SELECT tenant_id, sequence, hash, signature, created_at AS sealed_at FROM psa.audit_seal"
        " WHERE tenant_id = $1 ORDER BY sequence DESC LIMIT 1",
        unit.tenant_id,
    )
    return Checkpoint(**row) if row else None


async def verify(kernel: "Kernel", tenant_id: UUID, known: Checkpoint | None = None) -> Report:
    """Check a tenant's log against its seals and, if given, a checkpoint kept elsewhere.

    Reads one consistent state; writers go on meanwhile.
    """
    report = Report(tenant_id=tenant_id)
    async with kernel.unit(tenant_id) as unit:
        await unit.db.execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = 0"
        )
        try:
            await _check_chain(unit, report, known)
            await _check_strays(unit, report)
        except _Tampered as found:
            report.finding, report.sequence, report.entry_id = found.finding, found.sequence, found.entry_id
    return report


async def _check_chain(unit: "Unit", report: Report, known: Checkpoint | None) -> None:
    keys = _public_keys(unit.kernel.keys)
    previous, expected = GENESIS, 1
    group: list[tuple[int, bytes, bytes]] = []
    async for row in unit.db.stream(
        "SELECT sequence, entries, digests, previous, hash, signature FROM psa.audit_seal"
        " WHERE tenant_id = $1 ORDER BY sequence",
        unit.tenant_id,
        prefetch=200,
    ):
        sequence: int = row["sequence"]
        if sequence != expected:
            await _check_entries(unit, report, group)
            raise _Tampered(f"Seal {expected} is missing.", expected)
        entries, digests = _decoded(row)
        link = chain(previous, unit.tenant_id.bytes, sequence, entries, digests)
        if link.hex() != row["hash"] or previous.hex() != row["previous"] or not _signed(keys, link, row):
            await _check_entries(unit, report, group)
            raise _Tampered(f"Seal {sequence} was changed.", sequence)
        if known is not None and known.sequence == sequence and known.hash != row["hash"]:
            raise _Tampered(f"Seal {sequence} isn't the one of the checkpoint.", sequence)
        previous, expected = link, expected + 1
        report.seals += 1
        group.append((sequence, entries, digests))
        if sum(len(entries) for _, entries, _ in group) >= 16 * _AT_ONCE:
            await _check_entries(unit, report, group)
            group.clear()
    await _check_entries(unit, report, group)
    if known is not None and known.sequence >= expected:
        raise _Tampered(
            f"The chain ends at seal {expected - 1}; the checkpoint saw seal {known.sequence}.", expected
        )


def _decoded(row: Mapping[str, Any]) -> tuple[bytes, bytes]:
    try:
        return base64.b64decode(row["entries"], validate=True), base64.b64decode(
            row["digests"], validate=True
        )
    except ValueError:
        return b"", b""  # no seal hashes to this


def _public_keys(keys: KeyRing) -> list[Ed25519PublicKey]:
    found = [signing_key(keys).public_key()]
    with contextlib.suppress(UnusableKey):
        found.append(signing_key(keys, previous=True).public_key())
    return found


def _signed(keys: Sequence[Ed25519PublicKey], link: bytes, row: Mapping[str, Any]) -> bool:
    for key in keys:
        try:
            key.verify(base64.b64decode(row["signature"]), link)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


async def _check_entries(unit: "Unit", report: Report, group: Sequence[tuple[int, bytes, bytes]]) -> None:
    # The entries that claim a purge are checked like all others: a forged one is changed, or a stray.
    purged_through: int = await unit.db.fetch_value(
        "SELECT coalesce(max((detail ->> 'through')::bigint), 0) FROM psa.audit_entry"
        " WHERE tenant_id = $1 AND action = 'audit_purged'",
        unit.tenant_id,
    )
    # So are those that claim a redaction. The last one says what an entry is like now.
    redactions = await unit.db.fetch(
        "SELECT one.key, one.value FROM psa.audit_entry, jsonb_each_text(detail -> 'entries') AS one"
        " WHERE tenant_id = $1 AND action = 'audit_redacted' ORDER BY id",
        unit.tenant_id,
    )
    redacted = {UUID(row["key"]).bytes: bytes.fromhex(row["value"]) for row in redactions}
    wanted = [
        (sequence, entries[16 * place : 16 * place + 16], digests[32 * place : 32 * place + 32])
        for sequence, entries, digests in group
        for place in range(len(entries) // 16)
    ]
    rows = await unit.connection.fetch(
        f"SELECT id::text, {CANONICAL} FROM psa.audit_entry WHERE tenant_id = $1 AND id = ANY ($2)",
        unit.tenant_id,
        [UUID(bytes=entry) for _, entry, _ in wanted],
    )
    found = {bytes.fromhex(row[0].replace("-", "")): digest_of(row[1]) for row in rows}
    for sequence, entry, digest in wanted:
        actual = found.get(entry)
        if actual is None and sequence <= purged_through:
            report.purged += 1
            continue
        if actual is None and digest == ABSENT:
            raise _Tampered(
                f"Entry {UUID(bytes=entry)} was removed before seal {sequence}.", sequence, UUID(bytes=entry)
            )
        if actual is None:
            raise _Tampered(
                f"Entry {UUID(bytes=entry)} of seal {sequence} is gone.", sequence, UUID(bytes=entry)
            )
        if actual != digest and actual == redacted.get(entry):
            report.redacted += 1
        elif actual != digest:
            raise _Tampered(
                f"Entry {UUID(bytes=entry)} of seal {sequence} was changed.", sequence, UUID(bytes=entry)
            )
        report.entries += 1


async def _check_strays(unit: "Unit", report: Report) -> None:
    """Find entries that no seal covers and that don't wait for one: put in around the application."""
    total = await unit.db.fetch_value(
        "SELECT count(*) FROM psa.audit_entry WHERE tenant_id = $1", unit.tenant_id
    )
    report.waiting = await unit.db.fetch_value("SELECT psa.unsealed_count()")
    if total == report.entries + report.waiting:
        return
    stray: UUID | None = await unit.db.fetch_value(
        "WITH sealed AS (SELECT substr(decode(entries, 'base64'), 1 + 16 * place, 16) AS entry"
        " FROM psa.audit_seal, generate_series(0, entry_count - 1) AS place WHERE tenant_id = $1)"
        " SELECT id FROM psa.audit_entry e WHERE tenant_id = $1 AND NOT psa.is_unsealed(id)"
        " AND NOT EXISTS (SELECT FROM sealed WHERE entry = uuid_send(e.id)) ORDER BY id LIMIT 1",
        unit.tenant_id,
    )
    if stray is not None:
        raise _Tampered(f"Entry {stray} is covered by no seal and doesn't wait for one.", None, stray)
    raise _Tampered("Entries that wait for their seal are gone.")
