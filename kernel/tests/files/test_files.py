"""Uploads, downloads and versions (FIL-01, FIL-02)."""

import asyncio
import io
import zipfile
from uuid import UUID

import pytest

from psa_kernel.builtin.files import store
from psa_kernel.builtin.files.media_types import sniff
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_sdk.errors import NotFound


def facts(answer):
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"], answer.json()["data"]["attributes"]


async def test_what_was_uploaded_comes_back_as_it_was(client, folder, upload):
    content = bytes(range(256)) * 5000
    file_id, shown = facts(await upload(content, "dump.bin"))
    assert (shown["file_name"], shown["file_size"], shown["revision"]) == ("dump.bin", len(content), 1)
    answer = await client.http.get(f"/api/v1/attachments/{file_id}/content")
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith('attachment; filename="dump.bin"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    listed = await client.get(f"{folder}/attachments")
    assert [row["id"] for row in listed.json()["data"]] == [file_id]


@pytest.mark.parametrize("size", [10, 2_000_000], ids=["in memory", "on the disk"])
async def test_a_repeated_upload_is_answered_from_store(client, folder, upload, size):
    """X-06: whatever the boundary is; the same key with another file, name or field is refused."""
    key = {"Idempotency-Key": f"upload {size}"}
    first = await upload(b"x" * size, "plan.txt", headers=key)
    again = await upload(b"x" * size, "plan.txt", headers=key)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    for changed in (
        upload(b"y" * size, "plan.txt", headers=key),
        upload(b"x" * size, "other.txt", headers=key),
        upload(b"x" * size, "plan.txt", is_internal="true", headers=key),
    ):
        refused = await changed
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "idempotency_key_reused")
    listed = (await client.get(f"{folder}/attachments")).json()["data"]
    assert [row["id"] for row in listed] == [first.json()["data"]["id"]]
    content = await client.http.get(f"/api/v1/attachments/{listed[0]['id']}/content")
    assert content.content == b"x" * size, "what was compared is stored whole"
    broken = await client.http.post(
        f"/api/v1{folder}/attachments", content=b"x", headers={**key, "Content-Type": "multipart/form-data"}
    )
    assert broken.status_code == 400, broken.text


@pytest.mark.parametrize(
    ("header", "status", "expected"),
    [
        ("bytes=2-4", 206, b"cde"),
        ("bytes=-2", 206, b"yz"),
        ("bytes=24-", 206, b"yz"),
    ],
)
async def test_a_part_can_be_asked_for(client, upload, header, status, expected):
    file_id, _ = facts(await upload(b"abcdefghijklmnopqrstuvwxyz"))
    answer = await client.http.get(f"/api/v1/attachments/{file_id}/content", headers={"Range": header})
    assert (answer.status_code, answer.content) == (status, expected)


async def test_a_part_beyond_the_end_is_refused(client, upload):
    file_id, _ = facts(await upload(b"abc"))
    answer = await client.http.get(f"/api/v1/attachments/{file_id}/content", headers={"Range": "bytes=3-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */3")
    assert answer.json()["errors"][0]["code"] == "range_not_satisfiable"


async def test_an_unchanged_file_is_not_sent_again(client, upload):
    file_id, shown = facts(await upload(b"same"))
    answer = await client.http.get(
        f"/api/v1/attachments/{file_id}/content", headers={"If-None-Match": f'"{shown["sha256"]}"'}
    )
    assert answer.status_code == 304


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\a.txt", "a.txt"), ("cod‮gpj.exe", "codgpj.exe"), ("…", "…")],
)
async def test_names_are_made_safe(upload, given, kept):
    _, shown = facts(await upload(b"x", given))
    assert shown["file_name"] == kept


async def test_the_content_tells_the_type_not_the_name(upload):
    _, shown = facts(await upload(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "photo.png"))
    assert shown["mime_type"] == "application/pdf"
    refused = await upload(b"MZ\x90\x00\x03", "holiday.jpg")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "type_refused")
    assert sniff(b"<html><script>", "x.txt") == "text/html"


async def test_the_same_name_makes_a_new_version_and_an_old_one_can_come_back(client, folder, upload):
    first, _ = facts(await upload(b"one"))
    second, shown = facts(await upload(b"two"))
    assert shown["revision"] == 2
    current = await client.get(f"{folder}/attachments?filter[is_current]=true")
    assert [row["id"] for row in current.json()["data"]] == [second]
    third, shown = facts(await client.post(f"/attachments/{first}/restore"))
    assert shown["revision"] == 3
    assert (await client.http.get(f"/api/v1/attachments/{third}/content")).content == b"one"
    again = await client.post(f"/attachments/{third}/restore")
    assert again.json()["errors"][0]["code"] == "already_current"


async def test_parallel_uploads_of_one_name_become_versions_in_a_row(upload):
    answers = await asyncio.gather(*(upload(b"%d" % n) for n in range(5)))
    assert sorted(facts(answer)[1]["revision"] for answer in answers) == [1, 2, 3, 4, 5]


async def test_an_upload_to_a_record_that_does_not_exist_is_not_found(upload):
    answer = await upload(b"x", path="/folders/01a1fb33-b453-774d-8743-91ebfceb386c")
    assert answer.status_code == 404


async def test_all_files_come_as_one_archive(client, folder, upload):
    await upload(b"one", "a.txt")
    await upload(b"two" * 100_000, "b.txt")
    answer = await client.http.get(f"/api/v1{folder}/attachments/archive")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "a.txt": b"one",
            "b.txt": b"two" * 100_000,
        }


async def test_files_move_with_what_they_hang_on(kernel, client, folder, upload):
    file_id, _ = facts(await upload(b"x"))
    other = (await client.post("/folders", {"title": "Other"}, type="folders")).json()["data"]["id"]
    async with kernel.unit(SINGLE_TENANT) as unit:
        assert await unit.files.move(("folders", UUID(folder.split("/")[-1])), ("folders", UUID(other))) == 1
    moved = await client.get(f"/folders/{other}/attachments")
    assert [row["id"] for row in moved.json()["data"]] == [file_id]


async def test_plugin_code_saves_and_reads_files_of_no_record(kernel):
    async with kernel.unit(SINGLE_TENANT) as unit:
        saved = await unit.files.save(b"report", name="report.csv")
        assert (await unit.files.get(saved.id)) == saved
        assert b"".join([chunk async for chunk in unit.files.read(saved.id)]) == b"report"
        with pytest.raises(NotFound):
            await unit.files.get(unit.tenant_id)


async def test_a_store_never_leaves_its_directory(kernel):
    async def nothing():
        yield b""

    with pytest.raises(ValueError, match="leaves the store"):
        await store.of(kernel).put("../outside", nothing())
