"""Writes over HTTP: the whole application, called as clients do."""

import asyncio

import httpx
import msgspec
import pytest_asyncio

from psa_kernel.builtin.tenancy.provisioning import ensure_single
from psa_kernel.http.app import create_app
from psa_kernel.jsonapi.operations import MEDIA_TYPE

from .test_csv_import import FILE
from .workshop import WARRANTIES, WORKSHOP, plugin

PASSWORD = "violin harbour mosaic"
UNLIMITED = {"requests_per_minute": 0, "anonymous_requests_per_minute": 0, "tenant_requests_per_minute": 0}


@pytest_asyncio.fixture
async def client(new_kernel, tmp_path):
    """A logged-in administrator of a single-tenant installation with the workshop."""
    plugins = [plugin(tmp_path, WORKSHOP), plugin(tmp_path, WARRANTIES)]
    kernel = await new_kernel(plugins, multi_tenant=False, **UNLIMITED)
    await ensure_single(kernel, admin_email="admin@acme.example", admin_password=PASSWORD)
    transport = httpx.ASGITransport(create_app(kernel), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1") as client:
        login = {"data": {"attributes": {"email": "admin@acme.example", "password": PASSWORD}}}
        token = (await client.post("/auth/login", json=login)).json()["data"]["attributes"]["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def company(name: str, **more) -> dict:
    return {"json": {"data": {"type": "companies", "attributes": {"name": name}, **more}}}


async def count(client) -> int:
    return (await client.get("/companies?page[total]=true")).json()["meta"]["page"]["total"]


async def test_a_record_is_made_changed_replaced_and_deleted(client):
    """API-03, X-07."""
    made = await client.post("/companies", **company("Northwind"))
    assert made.status_code == 201, made.text
    key = made.json()["data"]["id"]
    assert made.headers["location"] == f"/api/v1/companies/{key}"
    assert made.headers["etag"] == 'W/"1"'
    url = f"/companies/{key}"
    changed = await client.patch(url, **company("Fabrikam", id=key), headers={"If-Match": 'W/"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
    stale = await client.patch(url, **company("Contoso", id=key), headers={"If-Match": 'W/"1"'})
    assert (stale.status_code, stale.json()["errors"][0]["code"]) == (412, "stale")
    assert stale.headers["etag"] == 'W/"2"'
    replaced = await client.put(url, **company("Tailspin", id=key))
    assert replaced.json()["data"]["attributes"]["name"] == "Tailspin"
    assert (await client.delete(url, headers={"If-Match": 'W/"2"'})).status_code == 412
    assert (await client.delete(url)).status_code == 204
    assert (await client.get("/companies")).json()["data"] == []


async def test_of_parallel_edits_with_if_match_exactly_one_wins(client):
    """X-07."""
    key = (await client.post("/companies", **company("Northwind"))).json()["data"]["id"]

    async def edit(name: str) -> int:
        answer = await client.patch(
            f"/companies/{key}", **company(name, id=key), headers={"If-Match": 'W/"1"'}
        )
        return answer.status_code

    assert sorted(await asyncio.gather(*(edit(name) for name in "abcd"))) == [200, 412, 412, 412]


async def test_a_post_with_an_idempotency_key_has_its_effect_once(client):
    """X-06."""
    headers = {"Idempotency-Key": "3f0c"}
    answers = await asyncio.gather(
        *(client.post("/companies", **company("Once"), headers=headers) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("idempotent-replayed", "") for answer in answers) == [
        "",
        "true",
        "true",
        "true",
    ]
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await count(client) == 1
    other = await client.post("/companies", **company("Twice"), headers=headers)
    assert (other.status_code, other.json()["errors"][0]["code"]) == (409, "idempotency_key_reused")
    assert other.json()["errors"][0]["source"] == {"header": "Idempotency-Key"}
    refused = await client.post("/companies", **company(""), headers={"Idempotency-Key": "77"})
    assert refused.status_code == 422
    fixed = await client.post("/companies", **company("Fixed"), headers={"Idempotency-Key": "77"})
    assert (fixed.status_code, fixed.headers.get("idempotent-replayed")) == (201, None)


async def test_operations_are_atomic_and_have_their_own_media_type(client):
    """API-06."""
    document = {
        "atomic:operations": [
            {"op": "add", "data": {"type": "companies", "lid": "c", "attributes": {"name": "Northwind"}}},
            {
                "op": "add",
                "data": {
                    "type": "people",
                    "attributes": {"name": "Ann"},
                    "relationships": {"company": {"data": {"type": "companies", "lid": "c"}}},
                },
            },
        ]
    }
    content = msgspec.json.encode(document)
    plain = await client.post(
        "/operations", content=content, headers={"content-type": "application/vnd.api+json"}
    )
    assert plain.status_code == 415
    headers = {"content-type": MEDIA_TYPE, "accept": MEDIA_TYPE, "idempotency-key": "ops"}
    done = await client.post("/operations", content=content, headers=headers)
    assert done.status_code == 200, done.text
    assert done.headers["content-type"] == MEDIA_TYPE
    results = done.json()["atomic:results"]
    held = results[1]["data"]["relationships"]["company"]["data"]["id"]
    assert held == results[0]["data"]["id"]
    again = await client.post("/operations", content=content, headers=headers)
    assert (again.content, again.headers["idempotent-replayed"]) == (done.content, "true")
    document["atomic:operations"].append(
        {"op": "add", "data": {"type": "companies", "attributes": {"title": "x"}}}
    )
    failed = await client.post(
        "/operations", content=msgspec.json.encode(document), headers={"content-type": MEDIA_TYPE}
    )
    assert failed.status_code == 422
    assert {error["source"]["pointer"] for error in failed.json()["errors"]} == {
        "/atomic:operations/2/data/attributes",
        "/atomic:operations/2/data/attributes/title",
    }
    assert await count(client) == 1


async def test_csv_files_are_imported_from_forms_and_as_bodies(client):
    """CRM-08, X-13."""
    await client.post("/companies", **company("Northwind"))
    dry = await client.post(
        "/devices/import/csv?dry_run=true", content=FILE, headers={"content-type": "text/csv"}
    )
    assert dry.status_code == 200, dry.text
    shown = dry.json()["data"]["attributes"]
    assert (shown["created"], shown["skipped"]) == (3, 2)
    assert (await client.get("/devices")).json()["data"] == []
    real = await client.post(
        "/devices/import/csv",
        files={"file": ("devices.csv", FILE.replace(b"Notes", b"Remark"), "text/csv")},
        data={"mapping": '{"Remark": "notes"}', "dry_run": "false"},
    )
    assert real.status_code == 200, real.text
    assert real.json()["data"]["attributes"] | {"dry_run": True} == shown
    assert len((await client.get("/devices")).json()["data"]) == 3
    for bad in ("?dry_run=maybe", "?mode=x"):
        answer = await client.post(
            f"/devices/import/csv{bad}", content=FILE, headers={"content-type": "text/csv"}
        )
        assert answer.status_code == 400
    assert (await client.post("/remarks/import/csv", content=FILE)).status_code == 404


async def test_a_write_that_fails_stores_nothing_and_answers_all_faults(client):
    answer = await client.post("/companies", **company("", attributes={"name": "", "code": 5, "colour": 1}))
    assert answer.status_code == 422
    pointers = {error["source"]["pointer"] for error in answer.json()["errors"]}
    assert pointers == {f"/data/attributes/{name}" for name in ("name", "code", "colour")}
    assert all(error["meta"]["request_id"] for error in answer.json()["errors"])
    assert await count(client) == 0
