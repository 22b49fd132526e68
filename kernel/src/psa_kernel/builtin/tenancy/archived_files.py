"""The files of an archive: each blob once, under its hash."""

import asyncio
import hashlib
import zipfile
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final
from uuid import UUID

from psa_kernel.builtin.files import store
from psa_sdk.errors import Invalid

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import Unit

FOLDER: Final = "files/"
_CHUNK: Final = 1 << 18


async def write_files(unit: "Unit", archive: zipfile.ZipFile) -> tuple[int, list[str]]:
    """Add the tenant's blobs; returns how many, and the hashes of those that the store has lost."""
    held = store.of(unit.kernel)
    rows = await unit.db.fetch(
        "SELECT sha256 FROM psa.blob WHERE tenant_id = $1 ORDER BY sha256", unit.tenant_id
    )
    lost: list[str] = []
    for row in rows:
        sha256: str = row["sha256"]
        content = held.get(store.key(unit.tenant_id, sha256))
        try:
            first = await anext(content, b"")
        except FileNotFoundError:
            lost.append(sha256)
            continue
        # Most files are compressed already.
        entry = zipfile.ZipInfo(FOLDER + sha256)
        entry.compress_type = zipfile.ZIP_STORED
        with archive.open(entry, "w", force_zip64=True) as file:
            await asyncio.to_thread(file.write, first)
            async for chunk in content:
                await asyncio.to_thread(file.write, chunk)
    return len(rows) - len(lost), lost


async def read_files(kernel: "Kernel", tenant_id: UUID, archive: zipfile.ZipFile) -> int:
    """Store an archive's blobs for a tenant; raises `Invalid` when one isn't what its name says."""
    held = store.of(kernel)
    names = [name for name in archive.namelist() if name.startswith(FOLDER) and len(name) > len(FOLDER)]
    for name in names:
        sha256 = name.removeprefix(FOLDER)
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise Invalid(f"The archive is damaged: {name!r} is no hash.")
        await held.put(store.key(tenant_id, sha256), _checked(archive, name, sha256))
    return len(names)


async def remove_files(kernel: "Kernel", tenant_id: UUID) -> None:
    """Take back what a failed import has stored."""
    held = store.of(kernel)
    keys = [key async for key in held.keys(f"{tenant_id}/")]
    for key in keys:
        await held.delete(key)


async def _checked(archive: zipfile.ZipFile, name: str, sha256: str) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    with archive.open(name) as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != sha256:
        raise Invalid(f"The archive is damaged: the file {sha256} has other content.")
