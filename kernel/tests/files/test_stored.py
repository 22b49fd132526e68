"""What is in the store, how much fits into a tenant, and when it goes (FIL-01, FIL-02)."""

from datetime import timedelta

import pytest

from psa_kernel.builtin.files import store
from psa_kernel.builtin.files.jobs import free_unused
from psa_kernel.builtin.files.tenant_files import TenantFiles
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import ensure_single
from psa_kernel.testing.drain import drain
from psa_sdk import hookimpl


@pytest.fixture
async def client(new_kernel, new_client, folders, multi_tenant):
    """The administrator of a kernel that nobody else stores anything in."""
    return await administrator(new_kernel, new_client, folders, multi_tenant=multi_tenant)


async def administrator(new_kernel, new_client, plugin, **options):
    kernel = await new_kernel([plugin], **options)
    await ensure_single(kernel, admin_email="admin@example.com", admin_password="a long enough passphrase")
    return await new_client(kernel)


def facts(answer):
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"], answer.json()["data"]["attributes"]


async def keys(kernel, tenant=SINGLE_TENANT):
    return [key async for key in store.of(kernel).keys(str(tenant))]


async def test_the_same_bytes_are_stored_once(kernel, upload):
    """FIL-02."""
    await upload(b"twice", "a.txt")
    await upload(b"twice", "b.txt")
    assert len(await keys(kernel)) == 1


async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(kernel, client, folder, upload):
    await client.patch("/settings/files", {"values": {"max_file_mib": 1}})
    answer = await upload(b"x" * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "file_too_large")
    assert await keys(kernel) == []
    assert (await client.get(f"{folder}/attachments")).json()["data"] == []


async def test_the_quota_holds(client, upload):
    await client.patch("/settings/files", {"values": {"quota_mib": 1}})
    facts(await upload(b"a" * 700_000, "a.txt"))
    answer = await upload(b"b" * 700_000, "b.txt")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "quota_exceeded")


async def test_a_deleted_file_is_freed_after_a_week_unless_its_bytes_are_used(kernel, client, upload):
    gone, _ = facts(await upload(b"gone", "gone.txt"))
    shared, _ = facts(await upload(b"shared", "one.txt"))
    kept, _ = facts(await upload(b"shared", "two.txt"))
    for file_id in (gone, shared):
        assert (await client.call("DELETE", f"/attachments/{file_id}")).status_code == 204
    async with kernel.unit(SINGLE_TENANT) as unit:
        await free_unused.run(unit)
    assert len(await keys(kernel)) == 2
    async with kernel.unit(SINGLE_TENANT) as unit:
        await unit.db.execute(
            "UPDATE psa.blob SET unused_since = unused_since - $1::interval", timedelta(days=8)
        )
        await free_unused.run(unit)
    assert len(await keys(kernel)) == 1
    assert (await client.http.get(f"/api/v1/attachments/{kept}/content")).content == b"shared"


async def test_a_file_waits_for_the_scanner_and_a_harmful_one_stays_closed(new_kernel, new_client, folders):
    class Scanner:
        async def is_clean(self, content):
            return b"harmful" not in b"".join([chunk async for chunk in content])

    folders.psa_file_scanner = _hook(lambda: Scanner())
    client = await administrator(new_kernel, new_client, folders)
    folder = (await client.post("/folders", {"title": "F"}, type="folders")).json()["data"]["id"]
    codes = {}
    for content in (b"harmless", b"harmful"):
        answer = await client.http.post(
            f"/api/v1/folders/{folder}/attachments", files={"file": (content.decode(), content)}
        )
        path = f"/api/v1/attachments/{answer.json()['data']['id']}/content"
        assert (await client.http.get(path)).json()["errors"][0]["code"] == "scan_pending"
        codes[content] = path
    await drain(client.kernel)
    assert (await client.http.get(codes[b"harmless"])).content == b"harmless"
    assert (await client.http.get(codes[b"harmful"])).json()["errors"][0]["code"] == "quarantined"


def _hook(function):
    return hookimpl(function)


async def test_the_files_of_an_upload_that_failed_midway_are_not_kept(kernel):
    async def breaking():
        yield b"first"
        raise ConnectionError("gone")

    async with kernel.unit(SINGLE_TENANT) as unit:
        with pytest.raises(ConnectionError):
            await TenantFiles(unit).save(breaking(), name="x.txt")
    assert await keys(kernel) == []
