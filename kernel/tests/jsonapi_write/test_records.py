"""Records are written with their audit entry and event in one statement, and read back as they were."""

import asyncio
import datetime
import hashlib
import time
from decimal import Decimal

import asyncpg
import msgspec
import pytest

from psa_kernel.builtin.tenancy.provisioning import ensure_single
from psa_sdk.errors import Conflict, Forbidden, NotFound, Problem, Stale
from psa_sdk.tables import And, new_id

from .test_writes import client
from .workshop import WARRANTIES, WORKSHOP, Company, plugin


async def traces(unit, table="audit_entry"):
    rows = await unit.connection.fetch(f"SELECT * FROM psa.{table} ORDER BY id")
    return [
        {
            name: msgspec.json.decode(value) if name in {"old", "new", "payload"} and value else value
            for name, value in row.items()
        }
        for row in rows
    ]


async def test_a_created_record_reads_back_and_leaves_an_audit_entry_and_an_event(unit):
    company = await unit.records.create("companies", {"name": "  Northwind  ", "code": "NW"})
    row = await unit.records.get("companies", company)
    assert row["name"] == "Northwind"
    assert (row["version"], row["created_at"], row["tenant_id"]) == (1, unit.now, unit.tenant_id)
    (entry,) = await traces(unit)
    assert (entry["action"], entry["resource"], entry["record_id"]) == ("created", "companies", company)
    assert (entry["old"], entry["new"]) == (None, {"name": "Northwind", "code": "NW"})
    assert (entry["actor_kind"], entry["actor_label"], entry["request_id"]) == (
        "system",
        "System",
        unit.request_id,
    )
    (event,) = await traces(unit, "outbox")
    assert (event["kind"], event["name"], event["subject_id"], event["sequence"]) == (
        "record",
        "companies.created",
        company,
        1,
    )
    assert event["payload"]["changed"] == {"name": [None, "Northwind"], "code": [None, "NW"]}


async def test_what_a_write_means_is_told_with_it_and_once(unit):
    """X-09: behind its record event, with the actor and the version; what changes nothing means nothing."""
    ann = await unit.records.create("people", {"name": "Ann"})
    await unit.records.update("people", ann, {"name": "Anna"})
    await unit.records.update("people", ann, {"name": "Anna"})
    await unit.records.delete("people", ann)
    rows = await traces(unit, "outbox")
    assert [(row["kind"], row["name"]) for row in rows] == [
        (kind, name)
        for action in ("created", "updated", "deleted")
        for kind, name in (("record", f"people.{action}"), ("event", "workshop.person_told"))
    ]
    for row, verb in zip(rows[1::2], ("create", "update", "delete"), strict=True):
        assert row["payload"] == {"person_id": str(ann), "verb": verb}
        assert (row["version"], row["subject_id"], row["sequence"]) == (3, None, 0)
        assert (row["actor_kind"], row["actor_id"], row["request_id"]) == (
            "system",
            unit.principal.id,
            unit.request_id,
        )


async def test_each_of_many_new_records_tells_what_it_means_and_history_nothing(unit):
    await unit.records.create_many("people", [{"name": "Ann"}, {"name": "Bob"}, {"name": "Boss"}])
    told = [row["payload"] for row in await traces(unit, "outbox") if row["kind"] == "event"]
    assert [one["verb"] for one in told] == ["create"] * 4 + ["update"]
    assert len({one["person_id"] for one in told}) == 3
    await unit.records.create_many("people", [{"name": "Old"}], history=True)
    assert len([row for row in await traces(unit, "outbox") if row["kind"] == "event"]) == 5


async def test_a_savepoint_undoes_what_a_write_told(unit):
    """X-09"""
    with pytest.raises(ZeroDivisionError):
        async with unit.savepoint():
            await unit.records.create("people", {"name": "Ann"})
            raise ZeroDivisionError
    assert await traces(unit, "outbox") == []


async def device(unit, **values):
    company = values.pop("company", None) or await unit.records.create("companies", {"name": "Northwind"})
    return await unit.records.create("devices", {"name": "fw-1", "company": company, **values})


async def test_an_update_traces_only_what_changed_and_a_no_op_traces_nothing(unit):
    """AUD-01, AUD-03."""
    key = await device(unit, labels=["a", "b"], price=Decimal("10.50"))
    before = len(await traces(unit)), len(await traces(unit, "outbox"))
    assert await unit.records.update("devices", key, {"name": "fw-1", "labels": ["a", "b"]}) == 1
    assert (len(await traces(unit)), len(await traces(unit, "outbox"))) == before
    version = await unit.records.update(
        "devices", key, {"name": "fw-1", "labels": ["b", "c"], "price": Decimal("11.00"), "notes": "x"}
    )
    assert version == 2
    entry = (await traces(unit))[-1]
    assert entry["old"] == {"labels": {"removed": ["a"]}, "price": "10.50", "notes": None}
    assert entry["new"] == {"labels": {"added": ["c"]}, "price": "11.00", "notes": "x"}
    event = (await traces(unit, "outbox"))[-1]
    assert event["payload"] == {
        "resource": "devices",
        "action": "updated",
        "id": str(key),
        "sequence": 2,
        "changed": {"labels": [["a", "b"], ["b", "c"]], "price": ["10.50", "11.00"], "notes": [None, "x"]},
    }


async def test_secrets_are_masked_and_large_texts_hashed(unit):
    """AUD-03."""
    large = "ä" * 5000
    key = await device(unit, password="hunter2-hunter2", notes=large)
    await unit.records.update("devices", key, {"password": "another", "notes": "short"})
    entries = [entry for entry in await traces(unit) if entry["record_id"] == key]
    digest = "sha256:" + hashlib.sha256(large.encode()).hexdigest()
    assert entries[0]["new"]["password"] == "***"
    assert entries[0]["new"]["notes"] == digest
    assert entries[1]["old"] == {"password": "***", "notes": digest}
    assert entries[1]["new"] == {"password": "***", "notes": "short"}
    stored = await unit.connection.fetchval("SELECT password FROM workshop.device WHERE id = $1", key)
    assert b"another" not in stored
    assert (await unit.records.get("devices", key))["password"] is True
    assert await unit.reveal("devices", key, "password") == "another"
    everything = str(await traces(unit)) + str(await traces(unit, "outbox"))
    assert "hunter2" not in everything
    assert "another" not in everything


async def test_columns_not_worth_an_audit_row_are_written_silently(unit):
    key = await device(unit)
    before = len(await traces(unit)), len(await traces(unit, "outbox"))
    assert await unit.records.update("devices", key, {"seen": 5}) == 2
    assert (len(await traces(unit)), len(await traces(unit, "outbox"))) == before


async def test_a_failed_audit_fails_the_change(unit):
    """AUD-01."""
    key = await device(unit)
    unit.request = msgspec.structs.replace(unit.request, request_id=None)
    with pytest.raises(asyncpg.NotNullViolationError):
        async with unit.savepoint():
            await unit.records.update("devices", key, {"name": "fw-2"})
    assert (await unit.records.get("devices", key))["name"] == "fw-1"


async def test_an_outdated_version_is_refused_and_changes_nothing(unit):
    """X-07."""
    key = await device(unit)
    assert await unit.records.update("devices", key, {"ports": 2}, version=1) == 2
    with pytest.raises(Stale):
        await unit.records.update("devices", key, {"ports": 3}, version=1)
    with pytest.raises(Stale):
        await unit.records.delete("devices", key, version=1)
    assert (await unit.records.get("devices", key))["ports"] == 2
    with pytest.raises(NotFound):
        await unit.records.update("devices", new_id(), {"ports": 3})


async def test_of_two_parallel_edits_of_one_version_exactly_one_wins(kernel):
    """X-07."""
    async with kernel.unit(kernel.acme) as unit:
        key = await device(unit)

    async def edit(ports: int) -> int:
        async with kernel.unit(kernel.acme) as unit:
            return await unit.records.update("devices", key, {"ports": ports}, version=1)

    results = await asyncio.gather(*(edit(ports) for ports in (1, 2, 3, 4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Stale", "Stale", "Stale", "int"]
    async with kernel.unit(kernel.acme) as unit:
        assert (await unit.records.get("devices", key))["version"] == 2


async def test_parallel_edits_without_a_version_all_happen_and_audit_their_own_difference(kernel):
    async with kernel.unit(kernel.acme) as unit:
        key = await device(unit)

    async def edit(ports: int) -> None:
        async with kernel.unit(kernel.acme) as unit:
            await unit.records.update("devices", key, {"ports": ports})

    await asyncio.gather(*(edit(ports) for ports in (1, 2, 3, 4)))
    async with kernel.unit(kernel.acme) as unit:
        assert (await unit.records.get("devices", key))["version"] == 5
        chain = [
            (entry["old"]["ports"], entry["new"]["ports"])
            for entry in sorted(await traces(unit), key=lambda entry: entry["id"])
            if entry["record_id"] == key and entry["action"] == "updated"
        ]
        steps = dict(chain)
        at, seen = 0, []
        while at in steps:
            at = steps[at]
            seen.append(at)
        assert sorted(seen) == [1, 2, 3, 4]


async def test_deleting_writes_what_was_lost_and_archiving_keeps_the_row(unit):
    key = await device(unit)
    await unit.records.delete("devices", key)
    with pytest.raises(NotFound):
        await unit.records.get("devices", key)
    entry = (await traces(unit))[-1]
    assert (entry["action"], entry["new"], entry["old"]["name"]) == ("deleted", None, "fw-1")
    company = await unit.records.create("companies", {"name": "Fabrikam"})
    await unit.records.delete("companies", company)
    assert await unit.records.find("companies", Company.name == "Fabrikam") == []
    assert (await unit.records.get("companies", company))["archived_at"] == unit.now
    found = await unit.records.find(
        "companies", And(Company.name == "Fabrikam", Company.archived_at.is_not_null())
    )
    assert [row["id"] for row in found] == [company]
    assert (await traces(unit, "outbox"))[-1]["name"] == "companies.deleted"
    await unit.records.update("companies", company, {"archived_at": None})
    assert await unit.records.count("companies", Company.name == "Fabrikam") == 1


async def test_interceptors_of_other_plugins_veto_inside_the_transaction(unit):
    company = await unit.records.create("companies", {"name": "Important"})
    with pytest.raises(Conflict) as caught:
        await unit.records.delete("companies", company)
    assert caught.value.code == "important"


async def test_constraints_speak_of_attributes_and_name_no_other_row(unit):
    company = await unit.records.create("companies", {"name": "Northwind", "code": "NW"})
    await device(unit, company=company, serial="A1")

    async def refused(call):
        with pytest.raises(Problem) as caught:
            async with unit.savepoint():
                await call
        fault = caught.value.faults[0]
        return caught.value.status, fault.code, fault.pointer

    records = unit.records
    assert await refused(records.create("companies", {"name": "Other", "code": "NW"})) == (
        409,
        "already_taken",
        "/data/attributes/code",
    )
    assert await refused(records.create("companies", {"name": "Other"}, id=company)) == (
        409,
        "id_taken",
        "/data/id",
    )
    assert await refused(records.create("companies", {"name": ""})) == (
        422,
        "invalid",
        "/data/attributes/name",
    )
    assert await refused(records.create("devices", {"name": "x"})) == (
        422,
        "required",
        "/data/relationships/company",
    )
    assert await refused(device(unit, company=new_id())) == (
        404,
        "related_not_found",
        "/data/relationships/company",
    )
    assert await refused(device(unit, company=company, ports=-1)) == (
        422,
        "invalid",
        "/data/attributes/ports",
    )
    assert await refused(device(unit, company=company, serial="a1")) == (
        409,
        "already_taken",
        "/data/attributes/serial",
    )
    person = await records.create("people", {"name": "P"})
    key = await device(unit, company=company, owner=person)
    status, code, _ = await refused(records.delete("people", person))
    assert (status, code) == (409, "in_use")
    assert await refused(records.update("devices", key, {"kind": "toaster"})) == (
        422,
        "invalid",
        "/data/attributes/kind",
    )


async def test_the_same_unique_values_may_exist_in_two_tenants_and_ids_of_others_are_unknown(kernel):
    """TEN-06, X-08."""
    async with kernel.unit(kernel.acme) as unit:
        ours = await unit.records.create("companies", {"name": "Northwind", "code": "NW"})
        key = await device(unit, company=ours)
    async with kernel.unit(kernel.rival) as unit:
        await unit.records.create("companies", {"name": "Northwind", "code": "NW"})
        answers = []
        for company in (ours, new_id()):
            with pytest.raises(NotFound) as caught:
                async with unit.savepoint():
                    await device(unit, company=company)
            answers.append(caught.value.faults)
        assert answers[0] == answers[1]
        for call in (unit.records.update("devices", key, {"ports": 9}), unit.records.delete("devices", key)):
            with pytest.raises(NotFound):
                await call
        assert not await unit.records.exists("devices", key)


async def test_attributes_of_extensions_are_written_with_the_record(unit):
    key = await device(unit, level="full")
    read = "SELECT level, ends_on FROM warranty.warranty WHERE device = $1"
    assert (await unit.connection.fetchrow(read, key))["level"] == "full"
    assert next(e for e in await traces(unit) if e["record_id"] == key)["new"]["level"] == "full"
    day = datetime.date(2027, 1, 31)
    assert await unit.records.update("devices", key, {"ends_on": day}) == 2
    assert await unit.records.update("devices", key, {"ends_on": day}) == 2
    assert (await unit.connection.fetchrow(read, key))["ends_on"] == day
    entry = (await traces(unit))[-1]
    assert (entry["resource"], entry["old"], entry["new"]) == (
        "devices",
        {"ends_on": None},
        {"ends_on": "2027-01-31"},
    )
    bare = await device(unit)
    assert await unit.records.update("devices", bare, {"ports": 1, "ends_on": day}) == 2
    assert (await traces(unit))[-1]["new"] == {"ports": 1, "ends_on": "2027-01-31"}


async def test_members_are_linked_and_unlinked_with_what_was_added_and_removed(unit):
    """AUD-03."""
    key = await device(unit)
    people = [await unit.records.create("people", {"name": name}) for name in "abc"]
    await unit.records.link("devices", key, "users", people[:2])
    await unit.records.link("devices", key, "users", people[:2])
    await unit.records.unlink("devices", key, "users", [people[0], new_id()])
    entries = [
        (e["old"], e["new"]) for e in await traces(unit) if e["record_id"] == key and e["action"] == "updated"
    ]
    assert entries == [
        (None, {"users": {"added": sorted(map(str, people[:2]))}}),
        ({"users": {"removed": [str(people[0])]}}, None),
    ]
    assert (await unit.records.get("devices", key))["version"] == 3
    await unit.records.link("people", people[2], "devices", [key])
    members = await unit.connection.fetch("SELECT person FROM workshop.device_user WHERE device = $1", key)
    assert {row["person"] for row in members} == {people[1], people[2]}


async def test_thousands_of_records_are_created_in_few_statements(unit):
    company = await unit.records.create("companies", {"name": "Northwind"})
    rows = [
        {
            "name": f"d{n}",
            "company": company,
            "price": Decimal("1.10"),
            "labels": ["x"],
            "place": {"city": "Y"},
        }
        for n in range(10_000)
    ]
    started = time.perf_counter()
    ids = await unit.records.create_many("devices", rows)
    assert time.perf_counter() - started < 20
    assert len(set(ids)) == 10_000
    row = await unit.records.get("devices", ids[4321])
    assert (row["name"], row["price"], row["labels"], row["place"]) == (
        "d4321",
        Decimal("1.10"),
        ["x"],
        {"city": "Y"},
    )
    assert await unit.connection.fetchval("SELECT count(*) FROM psa.audit_entry") == 10_001
    assert await unit.connection.fetchval("SELECT count(*) FROM psa.outbox") == 10_001


async def test_interceptors_of_disabled_modules_rest(kernel):
    async with kernel.unit(kernel.acme) as unit:
        company = await unit.records.create("companies", {"name": "Important"})
        unit.tenant = msgspec.structs.replace(unit.tenant, disabled=frozenset(("warranty",)))
        await unit.records.delete("companies", company)
        with pytest.raises(LookupError):
            await device(unit, level="full")


async def test_values_that_no_column_can_hold_are_refused_not_broken(unit):
    company = await unit.records.create("companies", {"name": "Northwind"})
    edge = datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=14)))
    noise = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(200))
    for values in ({"checked_at": edge}, {"ports": 2**40}, {"serial": noise}, {"name": "a\0b"}):
        with pytest.raises(Problem) as caught:
            async with unit.savepoint():
                await device(unit, company=company, **values)
        assert caught.value.status == 422


async def test_plugin_code_of_a_portal_request_cannot_write_for_another_company(new_kernel, tmp_path):
    """Also in single-tenant mode, where the database keeps no companies apart."""
    plugins = [plugin(tmp_path, WORKSHOP), plugin(tmp_path, WARRANTIES)]
    kernel = await new_kernel(plugins, multi_tenant=False)
    tenant_id = await ensure_single(
        kernel, admin_email="admin@acme.example", admin_password="violin harbour mosaic"
    )
    async with kernel.unit(tenant_id) as unit:
        mine, other = [await unit.records.create("companies", {"name": name}) for name in ("Mine", "Other")]
    async with kernel.unit(tenant_id, principal=client(mine)) as unit:
        key = await unit.records.create("devices", {"name": "x"})
        assert (await unit.records.get("devices", key))["company"] == mine
        with pytest.raises(Forbidden):
            await unit.records.create("devices", {"name": "x", "company": other})
        with pytest.raises(Forbidden):
            await unit.records.create_many("devices", [{"name": "x", "company": other}])
