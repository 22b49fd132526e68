"""Imports: in parts as if in one go, with the rights of whoever started them."""

from uuid import UUID

import pytest

from psa_console.imports import work
from psa_console.imports.resources import CSV_IMPORTS
from psa_sdk.errors import NotFound
from psa_sdk.identity import Directory
from psa_sdk.imports import Imports
from psa_sdk.testing import Kit

FILE = "\n".join(
    [
        "Name,External ID,Website",
        *(f"Part {number:03},P-{number:03},https://p{number}.example.com" for number in range(12)),
        "Part again,P-003,https://again.example.com",
        "Part wrong,P-100,nowhere",
        "Part right,P-100,https://right.example.com",
    ]
).encode()


async def begun(kit: Kit, account: UUID, content: bytes = FILE, state: str = "checked") -> UUID:
    """Make an import as the wizard does."""
    async with kit.unit() as ctx:
        sheet = await ctx.service(Imports).look("companies", content)
        values = {
            "account": account,
            "target": "companies",
            "file_name": "parts.csv",
            "row_count": sheet.rows,
            "mapping": {column.header: column.fills for column in sheet.columns},
            "state": state,
        }
        made = await ctx.records.create(CSV_IMPORTS, values)
        stored = await ctx.files.save(content, name="parts.csv", subject=(CSV_IMPORTS, made), internal=True)
        await ctx.records.update(CSV_IMPORTS, made, {"file": stored.id})
    return made


async def ran(kit: Kit, import_id: UUID) -> dict:
    """Run an import to its end and return its row."""
    async with kit.unit() as ctx:
        await ctx.records.update(CSV_IMPORTS, import_id, {"state": "running"})
        await ctx.send(work.run_part, import_id=import_id, first=0)
    await kit.drain()
    async with kit.unit() as ctx:
        return dict(await ctx.records.get(CSV_IMPORTS, import_id))


def told(row: dict) -> tuple:
    counts = tuple(row[f"{name}_count"] for name in ("created", "updated", "unchanged", "skipped"))
    return (*counts, [(one["line"], one["code"]) for one in row["problems"]])


async def test_parts_of_a_file_come_to_what_a_dry_run_of_it_says(kit: Kit, monkeypatch):
    monkeypatch.setattr(work, "PART", 4)
    account = await (await kit.admin()).account_id()
    import_id = await begun(kit, account, state="checking")
    async with kit.unit() as ctx:
        await ctx.send(work.check, import_id=import_id)
    await kit.drain()
    async with kit.unit() as ctx:
        dry = dict(await ctx.records.get(CSV_IMPORTS, import_id))
    assert dry["state"] == "checked"
    # Line 16 repeats the key of line 15, which was refused and so is no repetition.
    assert told(dry) == (13, 0, 0, 2, [(14, "duplicate_row"), (15, "invalid")])
    async with kit.unit() as ctx:
        cleared = dict.fromkeys(("created_count", "skipped_count"), 0)
        await ctx.records.update(CSV_IMPORTS, import_id, {**cleared, "problems": [], "refused": []})
    row = await ran(kit, import_id)
    assert (row["state"], row["done_count"]) == ("done", 15)
    assert told(row) == told(dry)


async def test_an_import_writes_with_the_rights_of_its_starter(kit: Kit):
    clerk = await kit.staff("contacts.companies.*", "console.csv_imports.read@own")
    content = b"Name\nWritten by a clerk\n"
    row = await ran(kit, await begun(kit, await clerk.account_id(), content))
    assert (row["state"], row["created_count"]) == ("done", 1)
    reader = await kit.staff("contacts.companies.read", "console.csv_imports.read@own")
    row = await ran(kit, await begun(kit, await reader.account_id(), b"Name\nNever written\n"))
    assert row["state"] == "failed"
    assert "contacts.companies.create" in row["fault"]
    actors = await kit.installation.rows(
        "SELECT actor_id FROM psa.audit_entry WHERE action = 'import' AND resource = 'companies'"
        " AND (detail ->> 'created')::int = 1 AND tenant_id = $1",
        kit.tenant_id,
    )
    assert await clerk.account_id() in {row["actor_id"] for row in actors}


async def test_nobody_sees_or_downloads_anothers_import(kit: Kit):
    admin = await kit.admin()
    made = await begun(kit, await admin.account_id())
    other = await kit.staff("console.csv_imports.read@own", "contacts.companies.*")
    assert (await other.get(f"/imports/{made}")).status_code == 404
    answer = await other.request("GET", f"/imports/{made}/rejected", headers={"Accept": "text/csv"})
    assert answer.status_code == 404


async def test_only_active_staff_are_acted_for(kit: Kit):
    async with kit.unit() as ctx:
        with pytest.raises(NotFound):
            await ctx.service(Directory).as_account(UUID(int=7))
