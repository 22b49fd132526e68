"""Atomic operations happen together or not at all."""

import msgspec
import pytest

from psa_kernel.jsonapi import operations
from psa_sdk.errors import BadRequest, Forbidden, Invalid, NotFound, Problem, TooLarge
from psa_sdk.tables import new_id

from .test_writes import faults, ref, staff


@pytest.fixture
async def acme(kernel):
    async with kernel.unit(kernel.acme, principal=staff()) as unit:
        yield unit


async def run(unit, *given: dict) -> list[dict]:
    results = await operations.run(unit, msgspec.json.encode({"atomic:operations": given}))
    return msgspec.json.decode(msgspec.json.encode(results))


def add(kind: str, attributes: dict, lid: str | None = None, **relationships) -> dict:
    data: dict = {"type": kind, "attributes": attributes}
    if lid:
        data["lid"] = lid
    if relationships:
        data["relationships"] = {name: {"data": value} for name, value in relationships.items()}
    return {"op": "add", "data": data}


async def test_later_operations_refer_to_records_that_earlier_ones_made(acme):
    results = await run(
        acme,
        add("companies", {"name": "Northwind"}, "c"),
        add("people", {"name": "Ann"}, "p"),
        add("devices", {"name": "fw-1"}, "d", company={"type": "companies", "lid": "c"}),
        {"op": "update", "data": {"type": "devices", "lid": "d", "attributes": {"ports": 4}}},
        {
            "op": "add",
            "ref": {"type": "devices", "lid": "d", "relationship": "users"},
            "data": [{"type": "people", "lid": "p"}],
        },
        {"op": "update", "ref": {"type": "people", "lid": "p", "relationship": "company"}, "data": None},
        {"op": "remove", "ref": {"type": "companies", "lid": "c"}},
    )
    assert [result.get("data", {}).get("type") for result in results] == [
        "companies",
        "people",
        "devices",
        "devices",
        None,
        None,
        None,
    ]
    assert results[3]["data"]["attributes"]["ports"] == 4
    device = results[3]["data"]["id"]
    assert device == results[2]["data"]["id"]
    members = await acme.connection.fetchval("SELECT count(*) FROM workshop.device_user")
    assert members == 1
    assert (await acme.records.get("companies", results[0]["data"]["id"]))["archived_at"] is not None


async def test_hrefs_name_collections_records_and_relationships(acme):
    company, person = new_id(), new_id()
    await run(
        acme,
        {
            "op": "add",
            "href": "/api/v1/companies",
            "data": {"type": "companies", "id": str(company), "attributes": {"name": "x"}},
        },
        {
            "op": "add",
            "href": "/people",
            "data": {"type": "people", "id": str(person), "attributes": {"name": "x"}},
        },
        {
            "op": "update",
            "href": f"/people/{person}/relationships/company",
            "data": ref("companies", company),
        },
        {
            "op": "update",
            "href": f"/people/{person}",
            "data": {"type": "people", "id": str(person), "attributes": {"name": "y"}},
        },
    )
    row = await acme.records.get("people", person)
    assert (row["name"], row["company"]) == ("y", company)


async def test_one_failure_undoes_all_and_points_at_its_operation(kernel):
    with pytest.raises(Problem) as caught:
        async with kernel.unit(kernel.acme, principal=staff()) as unit:
            await run(unit, add("companies", {"name": "x"}), add("companies", {"name": "", "colour": 1}))
    assert faults(caught.value) == {
        ("/atomic:operations/1/data/attributes/name", "invalid"),
        ("/atomic:operations/1/data/attributes/colour", "unknown_attribute"),
    }
    async with kernel.unit(kernel.acme) as unit:
        assert await unit.records.count("companies") == 0
        assert await unit.connection.fetchval("SELECT count(*) FROM psa.outbox") == 0


async def test_faults_of_form_are_told_of_all_operations_before_any_runs(acme):
    with pytest.raises(Invalid) as caught:
        await run(
            acme,
            add("companies", {"name": "x"}),
            {"op": ["add"]},
            {"op": "remove", "ref": {"type": "planets", "id": str(new_id())}},
            {"op": "remove", "ref": {"type": "companies"}},
            {"op": "add", "ref": {"type": "companies"}},
            "what",
        )
    assert {pointer for pointer, _ in faults(caught.value)} == {
        "/atomic:operations/1/op",
        "/atomic:operations/2/ref",
        "/atomic:operations/3/ref",
        "/atomic:operations/4/data",
        "/atomic:operations/5",
    }
    assert await acme.records.count("companies") == 0
    for document in (b"{}", b'{"atomic:operations":{}}', b'{"atomic:operations":[]}'):
        with pytest.raises(BadRequest):
            await operations.run(acme, document)
    with pytest.raises(TooLarge):
        await run(acme, *[add("companies", {"name": "x"})] * 501)


async def test_unknown_lids_and_missing_rights_are_refused(acme):
    with pytest.raises(NotFound):
        await run(acme, {"op": "remove", "ref": {"type": "companies", "lid": "x"}})
    with pytest.raises(Invalid) as caught:
        await run(acme, add("devices", {"name": "x"}, company={"type": "companies", "lid": "x"}))
    assert faults(caught.value) == {
        ("/atomic:operations/0/data/relationships/company/data/lid", "unknown_lid")
    }
    acme.principal = staff("workshop.companies.read")
    with pytest.raises(Forbidden):
        await run(acme, add("companies", {"name": "x"}))


async def test_hundreds_of_operations_run_in_one_request(acme):
    results = await run(acme, *[add("companies", {"name": f"c{n}"}) for n in range(500)])
    assert len(results) == 500
    assert await acme.records.count("companies") == 500
