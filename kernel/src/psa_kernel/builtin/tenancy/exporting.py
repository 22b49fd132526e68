"""Exports a tenant: only its own rows, one consistent state, no credentials (TEN-10)."""

import asyncio
import base64
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from psa_kernel.builtin.tenancy.archive import CONTENTS, FORMAT, PROOF, Contents, Layout, Passphrase, layouts
from psa_kernel.builtin.tenancy.archived_files import write_files
from psa_kernel.database.schema import quoted

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel
    from psa_kernel.unit_of_work import Unit

_CHUNK = 500


async def export_tenant(
    kernel: "Kernel", tenant_id: UUID, path: Path, *, passphrase: str = ""
) -> dict[str, int]:
    """Write a tenant's archive to a file and return the rows per table.

    Without a passphrase secrets are left out. Passwords, sessions and API keys always are: people set a
    new password after an import. The tenant's audit log keeps that it was exported.
    """
    journey = await asyncio.to_thread(Passphrase, passphrase) if passphrase else None
    async with kernel.unit(tenant_id) as unit:
        await unit.audit("export", "tenants", tenant_id, secrets=journey is not None)
    async with kernel.unit(tenant_id, readonly=True) as unit:
        await unit.db.execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = 0"
        )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            counts = {
                layout.table: await _write_table(unit, archive, layout, journey)
                for layout in layouts(kernel.registry)
            }
            contents = await _contents(unit, counts, journey)
            contents.files, contents.lost_files = await write_files(unit, archive)
            archive.writestr(CONTENTS, msgspec.json.format(msgspec.json.encode(contents)))
    return counts


@asynccontextmanager
async def temporary_archive(
    kernel: "Kernel", tenant_id: UUID, *, passphrase: str = ""
) -> AsyncGenerator[Path]:
    """Export into a private file under the data directory that is gone afterwards."""
    kernel.config.data_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="export-", dir=kernel.config.data_dir) as directory:
        path = Path(directory) / "tenant.zip"
        await export_tenant(kernel, tenant_id, path, passphrase=passphrase)
        yield path


async def chunks(path: Path, size: int = 1 << 18) -> AsyncIterator[bytes]:
    """Yield a file's content without blocking the loop."""
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, size):
            yield chunk


async def _write_table(
    unit: "Unit", archive: zipfile.ZipFile, layout: Layout, journey: Passphrase | None
) -> int:
    columns = ", ".join(quoted(name) for name in layout.columns)
    sealed = "".join(f", {quoted(name)}" for name in layout.sealed)
    count = 0
    with archive.open(layout.path, "w", force_zip64=True) as file:
        waiting: list[bytes] = []
        async for row in unit.db.stream(
            f"SELECT id, (SELECT row_to_json(r) FROM (SELECT {columns}) r)::text AS line{sealed}"
            f" FROM {quoted(layout.table)} WHERE tenant_id = $1 ORDER BY id",
            unit.tenant_id,
        ):
            line = row["line"] if not layout.sealed else await _with_secrets(unit, layout, row, journey)
            waiting.append(line.encode() + b"\n")
            count += 1
            if len(waiting) == _CHUNK:
                await asyncio.to_thread(file.write, b"".join(waiting))
                waiting.clear()
        await asyncio.to_thread(file.write, b"".join(waiting))
    return count


async def _with_secrets(unit: "Unit", layout: Layout, row: Any, journey: Passphrase | None) -> str:
    values: dict[str, Any] = msgspec.json.decode(row["line"])
    for column in layout.sealed:
        values[column] = None
        if row[column] is not None and journey is not None:
            plain = await unit.kernel.keys.open_sealed(
                unit.tenant_id, layout.table, column, row["id"], row[column]
            )
            values[column] = journey.seal(f"{layout.table}|{column}|{row['id']}", plain)
    return msgspec.json.encode(values).decode()


async def _contents(unit: "Unit", counts: dict[str, int], journey: Passphrase | None) -> Contents:
    facts = unit.tenant_facts
    numbers = await unit.db.fetch("SELECT * FROM psa.numbers()")
    return Contents(
        format=FORMAT,
        tenant_id=unit.tenant_id,
        slug=facts.slug,
        name=facts.name,
        timezone=str(facts.timezone),
        currency=facts.currency,
        locale=facts.locale,
        exported_at=unit.now,
        plugins={name: plugin.version for name, plugin in unit.kernel.registry.plugins.items()},
        tables=counts,
        numbers={row["counter"]: row["value"] for row in numbers if row["value"]},
        salt=base64.b64encode(journey.salt).decode() if journey else "",
        proof=journey.seal(PROOF, PROOF) if journey else "",
    )
