"""TEN-10: an archive holds one tenant and no secrets, and becomes another tenant with other ids."""

import io
import json
import zipfile

import pytest

from psa_kernel.builtin.settings.sections import section_named
from psa_kernel.builtin.settings.writer import change
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.archive import layouts
from psa_kernel.builtin.tenancy.exporting import export_tenant
from psa_kernel.builtin.tenancy.importing import import_tenant
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest, Secret, Settings
from psa_sdk.errors import Conflict, Invalid

ADMIN = {"admin_email": "admin@example.com", "admin_password": "a long enough passphrase"}
PASSPHRASE = "for the journey only"


class MailSettings(Settings, frozen=True, kw_only=True):
    """A mail plugin's."""

    password: Secret = ""
    footer: str = ""


mail = module(Manifest(name="mail", title="Mail", settings=MailSettings))


@pytest.fixture
async def kernel(new_kernel):
    kernel = await new_kernel([mail])
    await ensure_single(kernel, **ADMIN)
    return kernel


@pytest.fixture
async def north(kernel):
    """A tenant with people, a team led by one of them, a secret and a text that links to a record."""
    tenant_id = await provision(kernel, slug="north", name="North IT", timezone="Asia/Tokyo", **ADMIN)
    async with kernel.unit(tenant_id) as unit:
        admin = await unit.db.fetch_value("SELECT id FROM psa.account")
        team = await unit.db.fetch_value(
            "INSERT INTO psa.team (name, manager) VALUES ('First line', $1) RETURNING id", admin
        )
        footer = f"see [us](/groups/{team}) and 00000000-0000-4000-8000-00000000abcd"
        await change(
            unit, section_named(kernel.registry, "mail"), {"password": "canary-7431", "footer": footer}
        )
        for _ in range(3):
            await unit.db.fetch_value("SELECT psa.next_number('tickets')")
    return tenant_id


async def counts(kernel, tenant_id):
    async with kernel.unit(tenant_id) as unit:
        return {
            layout.table: await unit.db.fetch_value(
                f"SELECT count(*) FROM {layout.table} WHERE tenant_id = $1", tenant_id
            )
            for layout in layouts(kernel.registry)
        }


def everything(path):
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


async def test_an_archive_holds_one_tenant_and_no_secret(kernel, north, tmp_path):
    async with kernel.unit(SINGLE_TENANT) as unit:
        await unit.db.execute("INSERT INTO psa.team (name) VALUES ('Somebody else''s')")
        hashes = [row["hash"] for row in await unit.db.fetch("SELECT hash FROM psa.password")]
    for passphrase in ("", PASSPHRASE):
        path = tmp_path / "north.zip"
        rows = await export_tenant(kernel, north, path, passphrase=passphrase)
        content = everything(path)
        assert b"First line" in content
        assert b"Somebody else's" not in content
        assert b"canary" not in content
        assert b"$argon2" not in content
        assert rows["psa.account"] == 1
        assert not {"psa.password", "psa.session", "psa.api_key", "psa.data_key", "psa.outbox"} & set(rows)
    assert hashes


async def test_an_import_has_the_same_rows_under_other_ids(kernel, north, tmp_path):
    path = tmp_path / "north.zip"
    await export_tenant(kernel, north, path, passphrase=PASSPHRASE)
    before = await counts(kernel, north)
    imported = await import_tenant(kernel, path, slug="copy", passphrase=PASSPHRASE)
    after = await counts(kernel, imported)
    own = {"psa.audit_entry": 1}  # that it was imported
    assert after == {table: rows + own.get(table, 0) for table, rows in before.items()}
    facts = await kernel.directory.by_slug("copy")
    assert (facts.name, str(facts.timezone)) == ("North IT", "Asia/Tokyo")

    async with kernel.unit(north) as unit:
        old = {
            row["id"]
            for row in await unit.db.fetch("SELECT id FROM psa.audit_entry UNION SELECT id FROM psa.team")
        }
    async with kernel.unit(imported) as unit:
        new = {
            row["id"]
            for row in await unit.db.fetch("SELECT id FROM psa.audit_entry UNION SELECT id FROM psa.team")
        }
        team = await unit.db.fetch_one(
            "SELECT t.id, a.email FROM psa.team t JOIN psa.account a ON a.id = t.manager"
        )
        mail_settings = await unit.settings(MailSettings)
        number = await unit.db.fetch_value("SELECT psa.next_number('tickets')")
    assert not old & new
    assert team["email"] == "admin@example.com"
    assert mail_settings.password == "canary-7431"
    assert mail_settings.footer == f"see [us](/groups/{team['id']}) and 00000000-0000-4000-8000-00000000abcd"
    assert number == 4


async def test_without_the_passphrase_secrets_stay_behind(kernel, north, tmp_path):
    path = tmp_path / "north.zip"
    await export_tenant(kernel, north, path)
    imported = await import_tenant(kernel, path, slug="copy")
    async with kernel.unit(imported) as unit:
        assert (await unit.settings(MailSettings)).password == ""
        await change(unit, section_named(kernel.registry, "mail"), {"password": "new"})
        assert (await unit.settings(MailSettings)).password == "new"
    with pytest.raises(Invalid, match="12 characters"):
        await export_tenant(kernel, north, tmp_path / "other.zip", passphrase="short")


async def test_a_wrong_passphrase_a_taken_slug_or_a_damaged_archive_leaves_nothing(
    kernel, north, tmp_path, new_kernel
):
    path = tmp_path / "north.zip"
    await export_tenant(kernel, north, path, passphrase=PASSPHRASE)
    with pytest.raises(Invalid, match="passphrase"):
        await import_tenant(kernel, path, slug="copy", passphrase="not the right one")
    with pytest.raises(Conflict):
        await import_tenant(kernel, path, passphrase=PASSPHRASE)
    shorter = tmp_path / "shorter.zip"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(shorter, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, b"" if name.endswith("psa.team.jsonl") else content)
    with pytest.raises(Invalid, match="damaged"):
        await import_tenant(kernel, shorter, slug="copy", passphrase=PASSPHRASE)
    with pytest.raises(Invalid, match="no archive"):
        other = tmp_path / "other.zip"
        with zipfile.ZipFile(other, "w") as target:
            target.writestr("readme.txt", "hello")
        await import_tenant(kernel, other)
    assert await kernel.directory.by_slug("copy") is None
    async with kernel.unit(SINGLE_TENANT) as unit:
        assert await unit.db.fetch_value("SELECT count(*) FROM psa.tenant") == 2


async def test_an_archive_with_tables_of_absent_plugins_is_refused(kernel, north, tmp_path):
    path = tmp_path / "north.zip"
    await export_tenant(kernel, north, path)
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(foreign, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "contents.json":
                contents = json.loads(content)
                contents["tables"]["visits.visit"] = 3
                content = json.dumps(contents).encode()
            target.writestr(name, content)
    with pytest.raises(Invalid, match=r"visits\.visit"):
        await import_tenant(kernel, foreign, slug="copy")


async def test_the_operator_downloads_an_archive_and_both_logs_tell(kernel, north, new_client):
    operator = await new_client(kernel)
    answer = await operator.post(f"/tenants/{north}/export", {}, headers={"Accept": "*/*"})
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        contents = json.loads(archive.read("contents.json"))
    assert contents["slug"] == "north"
    assert list(kernel.config.data_dir.glob("export-*")) == []
    for tenant_id in (north, SINGLE_TENANT):
        async with kernel.unit(tenant_id) as unit:
            assert (
                await unit.db.fetch_value("SELECT count(*) FROM psa.audit_entry WHERE action = 'export'") == 1
            )


async def test_files_travel_and_a_changed_one_is_refused(kernel, north, tmp_path):
    async with kernel.unit(north) as unit:
        team = await unit.db.fetch_value("SELECT id FROM psa.team")
        await unit.files.save(b"the contents of a note", name="note.txt", subject=("groups", team))
    path = tmp_path / "north.zip"
    await export_tenant(kernel, north, path)
    imported = await import_tenant(kernel, path, slug="copy")
    async with kernel.unit(imported) as unit:
        new_team = await unit.db.fetch_value("SELECT id FROM psa.team")
        (file,) = await unit.files.attached("groups", new_team)
        assert b"".join([chunk async for chunk in unit.files.read(file.id)]) == b"the contents of a note"
    stored = sorted(
        item.parent.parent.name for item in (kernel.config.data_dir / "files").rglob("*") if item.is_file()
    )
    assert stored == sorted([str(north), str(imported)])
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"something else" if name.startswith("files/") else source.read(name))
    with pytest.raises(Invalid, match="other content"):
        await import_tenant(kernel, changed, slug="again")
    assert await kernel.directory.by_slug("again") is None
    remaining = [item for item in (kernel.config.data_dir / "files").rglob("*") if item.is_file()]
    assert len(remaining) == 2
