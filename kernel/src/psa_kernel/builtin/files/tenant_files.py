"""The tenant's files as plugin code uses them: `ctx.files`."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psa_kernel.builtin.files import store
from psa_kernel.builtin.files.media_types import HEAD_BYTES, sniff
from psa_kernel.builtin.files.naming import safe_name
from psa_kernel.builtin.files.settings import ABSOLUTE_MAX, MIB, FilesSettings
from psa_kernel.builtin.files.spool import Spool
from psa_kernel.builtin.files.tables import File
from psa_sdk.errors import Conflict, Invalid, NotFound, TooLarge
from psa_sdk.files import StoredFile
from psa_sdk.tables import And, new_id

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

ATTACHMENTS = "attachments"

REMEMBER = """
INSERT INTO psa.blob AS b (id, tenant_id, sha256, size, scan_state)
VALUES (psa.new_id(), psa.current_tenant(), $1, $2, $3)
ON CONFLICT (tenant_id, sha256) DO UPDATE SET unused_since = NULL
RETURNING (xmax = 0) AS is_new, scan_state"""
LATEST = """
SELECT series, revision FROM psa.file WHERE tenant_id = psa.current_tenant() AND subject_kind = $1
    AND subject_id = $2 AND file_name = $3 AND is_internal = $4 AND deleted_at IS NULL
ORDER BY revision DESC LIMIT 1"""


class TenantFiles:
    """Implements `psa_sdk.Files` in a unit of work."""

    def __init__(self, unit: "Unit") -> None:
        """Bind to a unit of work."""
        self._unit = unit

    async def save(
        self,
        content: bytes | AsyncIterable[bytes],
        *,
        name: str,
        subject: tuple[str, UUID] | None = None,
        internal: bool = False,
        id: UUID | None = None,
        unlimited: bool = False,
    ) -> StoredFile:
        """Store content and attach it to a record given as (type, id); the same name makes a new version."""
        settings = await self._unit.settings(FilesSettings)
        company = await self._company(subject)
        async with Spool(ABSOLUTE_MAX if unlimited else settings.max_file_mib * MIB) as spool:
            await spool.fill(_chunks(content))
            shown = safe_name(name)
            media_type = sniff(spool.head[:HEAD_BYTES], shown)
            if settings.refuses(media_type) and not unlimited:
                raise Invalid(
                    f"{shown} is {media_type}, which is not accepted here.",
                    code="type_refused",
                    pointer="/data/attributes/file_name",
                )
            await self._within_quota(spool.size, settings.quota_mib * MIB)
            await self._keep(spool)
        series, revision = await self._place(subject, shown, internal=internal)
        values: dict[str, Any] = {
            "file_name": shown,
            "file_size": spool.size,
            "mime_type": media_type,
            "sha256": spool.sha256,
            "series": series,
            "revision": revision,
            "is_internal": internal,
            "company": company,
        }
        if subject is not None:
            values |= {"subject_kind": subject[0], "subject_id": subject[1]}
        if self._unit.principal.kind in {"user", "contact", "api_key"}:
            values["uploaded_by"] = self._unit.principal.id
        file_id = await self._system.create(ATTACHMENTS, values, id=id)
        return StoredFile(id=file_id, name=shown, size=spool.size, media_type=media_type, sha256=spool.sha256)

    async def get(self, id: UUID) -> StoredFile:
        """Return a file's facts; raises `NotFound`."""
        row = await self._system.get(ATTACHMENTS, id)
        if row["deleted_at"] is not None:
            raise NotFound(f"There is no attachment {id}.")
        return stored(row)

    async def read(self, id: UUID) -> AsyncIterator[bytes]:
        """Iterate over the content in chunks."""
        file = await self.get(id)
        async for chunk in self.content(file.sha256):
            yield chunk

    def content(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Iterate over a blob's bytes `start` to `end` (exclusive)."""
        return store.of(self._unit.kernel).get(store.key(self._unit.tenant_id, sha256), start, end)

    async def refuse_unclean(self, sha256: str) -> None:
        """Raise `Conflict` while a scanner has not passed a blob, or has found something in it."""
        state = await self._unit.db.fetch_value(
            "SELECT scan_state FROM psa.blob WHERE tenant_id = psa.current_tenant() AND sha256 = $1", sha256
        )
        if state == "pending":
            raise Conflict("This file is still being scanned; try again in a moment.", code="scan_pending")
        if state == "infected":
            raise Conflict(
                "A scanner found this file to be harmful; it is in quarantine.", code="quarantined"
            )

    async def attached(self, resource: str, id: UUID) -> list[StoredFile]:
        """Return the files that hang on a record, newest version of each."""
        here = And(And(File.subject_kind == resource, File.subject_id == id), File.is_current.eq(True))
        return [stored(row) for row in await self._unit.records.find(ATTACHMENTS, here, order="created_at")]

    async def move(self, source: tuple[str, UUID], target: tuple[str, UUID]) -> int:
        """Re-attach all files of one record to another; returns how many."""
        here = And(File.subject_kind == source[0], File.subject_id == source[1])
        rows = await self._system.find(ATTACHMENTS, here, limit=100_000)
        place = {"subject_kind": target[0], "subject_id": target[1], "company": await self._company(target)}
        for row in rows:
            await self._system.update(ATTACHMENTS, row["id"], place)
        return len(rows)

    async def restore(self, id: UUID) -> UUID:
        """Make an older version's content the newest version; returns that version's id."""
        row = await self._unit.records.get(ATTACHMENTS, id, lock=True)
        if row["is_current"]:
            raise Conflict("This already is the newest version.", code="already_current")
        await self._unit.db.lock("files.series", row["series"])
        revision = await self._supersede(row["series"])
        copied = (
            "subject_kind",
            "subject_id",
            "company",
            "file_name",
            "file_size",
            "mime_type",
            "sha256",
            "series",
        )
        values = {name: row[name] for name in (*copied, "is_internal")}
        await self._unit.db.fetch_one(REMEMBER, row["sha256"], row["file_size"], "clean")
        return await self._system.create(
            ATTACHMENTS, {**values, "revision": revision, "uploaded_by": self._unit.principal.id}
        )

    @property
    def _system(self) -> Any:
        return self._unit.as_system().records

    async def _company(self, subject: tuple[str, UUID] | None) -> UUID | None:
        """Return the company whose people may see a record's files; raises `NotFound` for no such record."""
        if subject is None:
            return None
        row = await self._unit.records.get(*subject)
        company = row["id"] if subject[0] == "companies" else row.get("company")
        return company if isinstance(company, UUID) else None

    async def _within_quota(self, size: int, quota: int) -> None:
        if not quota:
            return
        await self._unit.db.lock("files.quota")
        used = await self._unit.db.fetch_value(
            "SELECT coalesce(sum(size), 0)::bigint FROM psa.blob WHERE tenant_id = psa.current_tenant()"
        )
        if used + size > quota:
            left = max(quota - used, 0) // 1024
            raise TooLarge(
                f"The storage quota leaves {left} KiB; delete files or raise it.", code="quota_exceeded"
            )

    async def _keep(self, spool: Spool) -> None:
        """Put the blob into the store unless the tenant has it already, and note it."""
        kernel = self._unit.kernel
        scanned = "pending" if kernel.registry.hooks.hook.psa_file_scanner() else "clean"
        row = await self._unit.db.fetch_one(REMEMBER, spool.sha256, spool.size, scanned)
        if row is None or row["is_new"]:
            await store.of(kernel).put(store.key(self._unit.tenant_id, spool.sha256), spool.chunks())
        if row is not None and row["scan_state"] == "pending":
            from psa_kernel.builtin.files.jobs import scan_blob

            await self._unit.send(scan_blob, sha256=spool.sha256)

    async def _place(
        self, subject: tuple[str, UUID] | None, name: str, *, internal: bool
    ) -> tuple[UUID, int]:
        """Return the series and revision of a new version, the former newest one superseded."""
        if subject is None:
            return new_id(), 1
        await self._unit.db.lock("files.subject", *subject, name)
        latest = await self._unit.db.fetch_one(LATEST, *subject, name, internal)
        if latest is None:
            return new_id(), 1
        return latest["series"], await self._supersede(latest["series"])

    async def _supersede(self, series: UUID) -> int:
        rows = await self._system.find(ATTACHMENTS, File.series == series, limit=100_000, archived=True)
        for row in rows:
            if row["is_current"]:
                await self._system.update(ATTACHMENTS, row["id"], {"is_current": False})
        return max(row["revision"] for row in rows) + 1


def stored(row: Any) -> StoredFile:
    """Return a file's facts from its row."""
    return StoredFile(
        id=row["id"],
        name=row["file_name"],
        size=row["file_size"],
        media_type=row["mime_type"],
        sha256=row["sha256"],
    )


async def _chunks(content: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    async for chunk in content:
        yield chunk
