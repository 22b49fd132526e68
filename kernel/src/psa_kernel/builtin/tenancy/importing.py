"""Imports a tenant's archive as a new tenant; every id is replaced, also inside JSON and text (TEN-10)."""

import asyncio
import base64
import hashlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from psa_kernel.builtin.tenancy.archive import CONTENTS, FORMAT, PROOF, Contents, Layout, Passphrase, layouts
from psa_kernel.builtin.tenancy.archived_files import read_files, remove_files
from psa_kernel.builtin.tenancy.provisioning import check_identity, seed
from psa_kernel.crypto import NotAuthentic
from psa_kernel.database.schema import quoted
from psa_kernel.database.session import Session
from psa_sdk.errors import Conflict, Fault, Invalid
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

_CHUNK = 500
_ANY_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class _NewIds:
    """Gives each id of the archive a new one, keeping its time and so its order; other uuids stay."""

    def __init__(self, old_tenant: UUID, new_tenant: UUID, known: set[bytes]) -> None:
        self._tenants = (old_tenant.bytes, str(new_tenant).encode())
        self._secret = new_tenant.bytes
        self._known = known

    def of(self, old: bytes) -> UUID:
        digest = hashlib.blake2b(old, key=self._secret, digest_size=10).digest()
        changed = bytearray(old[:6] + digest)
        changed[6] = 0x70 | changed[6] & 0x0F
        changed[8] = 0x80 | changed[8] & 0x3F
        return UUID(bytes=bytes(changed))

    def in_line(self, line: bytes) -> bytes:
        return _ANY_ID.sub(self._replaced, line)

    def _replaced(self, match: re.Match[bytes]) -> bytes:
        old = bytes.fromhex(match[0].replace(b"-", b"").decode())
        if old == self._tenants[0]:
            return self._tenants[1]
        return str(self.of(old)).encode() if old in self._known else match[0]


async def import_tenant(
    kernel: "Kernel", path: Path, *, slug: str = "", name: str = "", passphrase: str = ""
) -> UUID:
    """Make a tenant out of an archive, all or nothing, and return its id.

    `slug` and `name` are the archive's unless given. Raises `Invalid` for an archive that doesn't fit what
    is installed or a wrong passphrase, `Conflict` when the slug is taken.
    """
    tenant_id = new_id()
    with zipfile.ZipFile(path) as archive:
        contents = _checked(kernel, archive)
        contents.slug, contents.name = slug or contents.slug, name or contents.name
        check_identity(contents.slug, contents.timezone)
        journey = await _journey(contents, passphrase)
        wanted = [layout for layout in layouts(kernel.registry) if layout.table in contents.tables]
        known = await asyncio.to_thread(_ids, archive, wanted)
        ids = _NewIds(contents.tenant_id, tenant_id, known)
        await kernel.keys.ensure(tenant_id)
        try:
            async with _session(kernel, tenant_id) as session:
                await _insert_tenant(session, tenant_id, contents)
                for layout in wanted:
                    loader = _Loader(kernel, session, tenant_id, layout, journey)
                    await loader.load(_lines(archive, layout), ids)
                await _check_counts(session, tenant_id, contents)
                if await read_files(kernel, tenant_id, archive) != contents.files:
                    raise Invalid(f"The archive is damaged: it should have {contents.files} files.")
                for counter, value in contents.numbers.items():
                    await session.connection.execute("SELECT psa.restore_number($1, $2)", counter, value)
        except BaseException:
            kernel.keys.forget(tenant_id)
            await remove_files(kernel, tenant_id)
            async with _session(kernel, tenant_id) as session:
                await session.connection.execute("DELETE FROM psa.data_key WHERE tenant_id = $1", tenant_id)
            raise
    kernel.directory.forget(tenant_id)
    async with kernel.unit(tenant_id) as unit:
        await unit.audit(
            "tenant_imported", "tenants", tenant_id, exported_at=contents.exported_at.isoformat()
        )
    await seed(kernel, tenant_id)
    return tenant_id


def _session(kernel: "Kernel", tenant_id: UUID) -> Session:
    return Session(kernel.pool, tenant_id=tenant_id, multi_tenant=kernel.config.multi_tenant)


def _checked(kernel: "Kernel", archive: zipfile.ZipFile) -> Contents:
    if not kernel.config.multi_tenant:
        raise Conflict(
            "This installation has one tenant; an archive becomes a further one.", code="single_tenant"
        )
    try:
        contents = msgspec.json.decode(archive.read(CONTENTS), type=Contents)
    except (KeyError, msgspec.DecodeError) as error:
        raise Invalid("This is no archive of a tenant.") from error
    if contents.format != FORMAT:
        raise Invalid(f"The archive has format {contents.format}; this version reads format {FORMAT}.")
    present = {layout.table for layout in layouts(kernel.registry)}
    lacking = sorted(table for table, rows in contents.tables.items() if rows and table not in present)
    if lacking:
        raise Invalid(
            faults=[
                Fault(
                    detail=f"The archive has rows of {table}, which no installed plugin owns; install it first."
                )
                for table in lacking
            ]
        )
    return contents


async def _journey(contents: Contents, text: str) -> Passphrase | None:
    if not contents.salt or not text:
        return None
    journey = await asyncio.to_thread(Passphrase, text, base64.b64decode(contents.salt))
    try:
        journey.open(PROOF, contents.proof)
    except NotAuthentic as error:
        raise Invalid("The passphrase is not the archive's.") from error
    return journey


async def _insert_tenant(session: Session, tenant_id: UUID, contents: Contents) -> None:
    await session.connection.execute("SET CONSTRAINTS ALL DEFERRED; SET LOCAL statement_timeout = 0")
    inserted = await session.connection.fetchval(
        "INSERT INTO psa.tenant (id, slug, name, timezone, currency, locale) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (slug) DO NOTHING RETURNING id",
        tenant_id,
        contents.slug,
        contents.name,
        contents.timezone,
        contents.currency,
        contents.locale,
    )
    if inserted is None:
        raise Conflict(f"There is a tenant {contents.slug} already; choose another slug.", code="slug_taken")


def _lines(archive: zipfile.ZipFile, layout: Layout) -> Iterator[bytes]:
    with archive.open(layout.path) as file:
        yield from file


class _OnlyId(msgspec.Struct):
    id: UUID


def _ids(archive: zipfile.ZipFile, wanted: list[Layout]) -> set[bytes]:
    decoder = msgspec.json.Decoder(_OnlyId)
    return {decoder.decode(line).id.bytes for layout in wanted for line in _lines(archive, layout)}


async def _check_counts(session: Session, tenant_id: UUID, contents: Contents) -> None:
    for table, rows in contents.tables.items():
        found = await session.connection.fetchval(
            f"SELECT count(*) FROM {quoted(table)} WHERE tenant_id = $1", tenant_id
        )
        if found != rows:
            raise Invalid(f"The archive is damaged: {table} has {found} rows, its contents say {rows}.")


class _Loader:
    """Loads one table."""

    def __init__(
        self, kernel: "Kernel", session: Session, tenant_id: UUID, layout: Layout, journey: Passphrase | None
    ) -> None:
        self._kernel, self._session, self._tenant_id = kernel, session, tenant_id
        self._layout, self._journey = layout, journey

    async def load(self, lines: Iterator[bytes], ids: _NewIds) -> None:
        waiting: list[bytes] = []
        for line in lines:
            secrets = await self._reseal(line, ids) if self._layout.sealed else {}
            text = ids.in_line(line.rstrip(b"\n"))
            if secrets:
                text = msgspec.json.encode(msgspec.json.decode(text) | secrets)
            waiting.append(text)
            if len(waiting) == _CHUNK:
                await self._insert(waiting)
                waiting.clear()
        if waiting:
            await self._insert(waiting)

    async def _reseal(self, line: bytes, ids: _NewIds) -> dict[str, str | None]:
        values: dict[str, Any] = msgspec.json.decode(line)
        found: dict[str, str | None] = {}
        for column in self._layout.sealed:
            found[column] = None
            if values.get(column) is not None and self._journey is not None:
                table = self._layout.table
                plain = self._journey.open(f"{table}|{column}|{values['id']}", values[column])
                row = ids.of(UUID(values["id"]).bytes)
                sealed = await self._kernel.keys.seal(self._tenant_id, table, column, row, plain)
                found[column] = f"\\x{sealed.hex()}"
        return found

    async def _insert(self, rows: list[bytes]) -> None:
        given: dict[str, Any] = msgspec.json.decode(rows[0])
        known = {*self._layout.columns, *self._layout.sealed}
        columns = ", ".join(quoted(name) for name in given if name in known)
        table = quoted(self._layout.table)
        await self._session.connection.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, $1::jsonb)",
            (b"[" + b",".join(rows) + b"]").decode(),
        )
