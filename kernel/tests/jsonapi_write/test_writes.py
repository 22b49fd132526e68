"""What clients write: documents are checked whole, stored as sent, and reach no further than the principal does."""

import asyncio
import datetime
from uuid import UUID, uuid1, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psa_kernel.access import Grants
from psa_kernel.jsonapi import write
from psa_kernel.jsonapi.read import get_document
from psa_kernel.principal import KernelPrincipal
from psa_sdk.access import Who
from psa_sdk.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, Problem, Stale
from psa_sdk.tables import new_id


def staff(*grants: str) -> KernelPrincipal:
    who = Who(id=new_id())
    return KernelPrincipal(
        id=who.id, kind="user", audience="staff", label="Sam Staff", who=who, grants=Grants(grants or ("*",))
    )


def client(company: UUID, *grants: str) -> KernelPrincipal:
    who = Who(id=new_id(), company_id=company)
    return KernelPrincipal(
        id=who.id,
        kind="contact",
        audience="portal",
        label="Pat Portal",
        who=who,
        grants=Grants(grants or ("workshop.*",)),
    )


def body(kind: str, attributes=None, *, id=None, lid=None, **relationships) -> bytes:
    data: dict = {"type": kind, "attributes": attributes or {}}
    if id is not None:
        data["id"] = str(id)
    if relationships:
        data["relationships"] = {name: {"data": value} for name, value in relationships.items()}
    return msgspec.json.encode({"data": data})


def ref(kind: str, id) -> dict:
    return {"type": kind, "id": str(id)}


def faults(problem: Problem) -> set:
    return {(fault.pointer, fault.code) for fault in problem.faults}


async def attributes(unit, name: str, id: UUID) -> dict:
    document, _, _ = await get_document(unit, name, id)
    return msgspec.json.decode(document)["data"]["attributes"]


@pytest.fixture
async def acme(kernel):
    """A unit of a member of staff, with a company."""
    async with kernel.unit(kernel.acme, principal=staff()) as unit:
        unit.company = (await write.create(unit, "companies", body("companies", {"name": "Northwind"}))).id
        yield unit


async def new_device(unit, **attributes) -> UUID:
    document = body("devices", {"name": "fw-1", **attributes}, company=ref("companies", unit.company))
    return (await write.create(unit, "devices", document)).id


SENT = {
    "name": "fw-1",
    "kind": "server",
    "serial": "SN-1",
    "ports": 24,
    "bytes_free": 9_007_199_254_740_993,
    "price": "1234.50",
    "is_rented": True,
    "bought_on": "2026-02-28",
    "checked_at": "2026-03-01T03:30:00Z",
    "place": {"street": "1 Main St", "country": "US"},
    "labels": ["edge", "edge-2"],
    "notes": 'Ärger "quoted"\nline',
}


async def test_every_writable_attribute_reads_back_as_it_was_written(acme):
    """TIC-04."""
    key = await new_device(acme)
    version = 1
    for name, value in SENT.items():
        after = await write.update(acme, "devices", key, body("devices", {name: value}, id=key))
        version += name != "name"
        assert after == version
        shown = (await attributes(acme, "devices", key))[name]
        if name == "checked_at":
            shown, value = map(datetime.datetime.fromisoformat, (shown, value))
        assert shown == value, name
    whole = await new_device(acme, **{**SENT, "serial": "SN-2"})
    shown = await attributes(acme, "devices", whole)
    assert {name: shown[name] for name in ("price", "labels", "place", "bytes_free")} == {
        name: SENT[name] for name in ("price", "labels", "place", "bytes_free")
    }
    await write.update(acme, "devices", key, body("devices", {"password": "s3cret-s3cret"}, id=key))
    assert (await attributes(acme, "devices", key))["password"] is True


async def test_patch_leaves_alone_what_it_does_not_name_and_put_resets_it(acme):
    """API-03."""
    key = await new_device(acme, ports=8, serial="A", labels=["x"])
    parent = await new_device(acme)
    await write.update(
        acme, "devices", key, body("devices", {"notes": "n"}, id=key, parent=ref("devices", parent))
    )
    row = await acme.records.get("devices", key)
    assert (row["ports"], row["serial"], row["notes"], row["parent"]) == (8, "A", "n", parent)
    document = body("devices", {"name": "fw-9"}, id=key, company=ref("companies", acme.company))
    await write.replace(acme, "devices", key, document)
    row = await acme.records.get("devices", key)
    assert (row["name"], row["ports"], row["serial"], row["notes"], row["parent"]) == (
        "fw-9",
        0,
        None,
        None,
        None,
    )
    assert row["labels"] == []
    with pytest.raises(Invalid) as caught:
        await write.replace(acme, "devices", key, body("devices", {"ports": 1}, id=key))
    assert faults(caught.value) == {("/data/attributes", "required"), ("/data/relationships", "required")}
    await write.update(acme, "devices", key, body("devices", {"serial": None, "price": None}, id=key))


async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_stored(acme):
    """API-03."""
    before = await acme.records.count("devices")
    document = body(
        "devices",
        {
            "name": "",
            "kind": "toaster",
            "ports": -1,
            "price": "99999999999.00",
            "checked_at": "2026-01-01T00:00:00",
            "bytes_free": 2**63,
            "colour": "red",
            "seen": 5,
            "place": {"country": "usa"},
            "notes": "a\0b",
        },
        company=ref("people", new_id()),
        parent=ref("devices", new_id()),
        owner=ref("people", new_id()),
        users=[ref("people", new_id()), {"type": "people"}],
        friends=[],
    )
    with pytest.raises(Invalid) as caught:
        await write.create(acme, "devices", document)
    assert faults(caught.value) == {
        ("/data/attributes/name", "invalid"),
        ("/data/attributes/kind", "invalid"),
        ("/data/attributes/ports", "invalid"),
        ("/data/attributes/price", "invalid"),
        ("/data/attributes/checked_at", "invalid"),
        ("/data/attributes/bytes_free", "invalid"),
        ("/data/attributes/colour", "unknown_attribute"),
        ("/data/attributes/seen", "read_only"),
        ("/data/attributes/place/country", "invalid"),
        ("/data/attributes/notes", "invalid_character"),
        ("/data/relationships/company/data/type", "wrong_type"),
        ("/data/relationships/parent/data", "related_not_found"),
        ("/data/relationships/owner", "read_only"),
        ("/data/relationships/users/data/0", "related_not_found"),
        ("/data/relationships/users/data/1", "required"),
        ("/data/relationships/friends", "unknown_relationship"),
    }
    assert await acme.records.count("devices") == before


async def test_read_only_attributes_are_refused_never_dropped(acme):
    """API-03."""
    key = await new_device(acme)
    for name, value in {"seen": 1, "created_at": "2026-01-01T00:00:00Z"}.items():
        with pytest.raises(Forbidden) as caught:
            await write.update(acme, "devices", key, body("devices", {name: value}, id=key))
        assert faults(caught.value) == {(f"/data/attributes/{name}", "read_only")}


async def test_clients_may_bring_their_own_random_ids(acme):
    """API-03."""
    for made in (uuid4(), new_id()):
        assert (await write.create(acme, "companies", body("companies", {"name": "x"}, id=made))).id == made
    for bad in ("12", str(uuid1()), 5):
        with pytest.raises(Invalid) as caught:
            await write.create(acme, "companies", body("companies", {"name": "x"}, id=bad))
        assert faults(caught.value) == {("/data/id", "invalid")}
    with pytest.raises(Conflict) as caught:
        async with acme.savepoint():
            await write.create(acme, "companies", body("companies", {"name": "x"}, id=made))
    assert faults(caught.value) == {("/data/id", "id_taken")}


async def test_type_and_id_must_be_those_of_the_url(acme):
    key = await new_device(acme)
    with pytest.raises(Conflict) as caught:
        await write.update(acme, "devices", key, body("people", {"name": "x"}, id=new_id()))
    assert faults(caught.value) == {("/data/type", "wrong_type"), ("/data/id", "wrong_id")}
    with pytest.raises(Invalid) as caught:
        await write.update(acme, "devices", key, b'{"data":{"attributes":{}}}')
    assert faults(caught.value) == {("/data", "required")}
    for malformed in (b"", b"[]", b'{"data":[]}', b'{"data":{"type":"devices","attributes":5}}'):
        with pytest.raises(BadRequest):
            await write.create(acme, "devices", malformed)


async def test_another_tenants_id_answers_exactly_like_an_unknown_one(kernel, acme):
    """X-08."""
    async with kernel.unit(kernel.rival, principal=staff()) as rival:
        theirs = (await write.create(rival, "companies", body("companies", {"name": "Theirs"}))).id
    answers = []
    for company in (theirs, new_id()):
        with pytest.raises(NotFound) as caught:
            await write.create(
                acme, "devices", body("devices", {"name": "x"}, company=ref("companies", company))
            )
        answers.append((caught.value.faults, str(caught.value)))
    assert answers[0] == answers[1]
    answers = []
    for company in (theirs, new_id()):
        with pytest.raises(NotFound) as caught:
            await write.update(
                acme, "companies", company, body("companies", {"name": "Mine", "x": 1}, id=company)
            )
        answers.append(str(caught.value).replace(str(company), "ID"))
    assert answers[0] == answers[1]


async def test_a_stale_version_is_refused_also_when_nothing_would_change(acme):
    """X-07."""
    key = await new_device(acme)
    assert await write.update(acme, "devices", key, body("devices", {"ports": 1}, id=key), versions=(1,)) == 2
    for attributes in ({"ports": 1}, {}, {"ports": 2}):
        with pytest.raises(Stale):
            await write.update(acme, "devices", key, body("devices", attributes, id=key), versions=(1,))
    with pytest.raises(Stale):
        await write.delete(acme, "devices", key, versions=(1,))
    await write.delete(acme, "devices", key, versions=(1, 2))


async def test_permission_comes_before_existence_and_object_scopes_hide(kernel, acme):
    key = await new_device(acme)
    acme.principal = staff("workshop.devices.read")
    for target in (key, new_id()):
        with pytest.raises(Forbidden):
            await write.update(acme, "devices", target, body("devices", {"ports": 1}, id=target))
    acme.principal = staff(
        "workshop.devices.read",
        "workshop.devices.update@own",
        "workshop.devices.create@own",
        "workshop.companies.read",
    )
    with pytest.raises(NotFound):
        await write.update(acme, "devices", key, body("devices", {"ports": 1}, id=key))
    with pytest.raises(Forbidden):
        async with acme.savepoint():
            await new_device(acme)
    me = await acme.as_system().records.create("people", {"name": "Me"}, id=acme.principal.id)
    await acme.as_system().records.update("devices", key, {"owner": me})
    assert await write.update(acme, "devices", key, body("devices", {"ports": 1}, id=key)) == 3


async def test_portal_principals_write_for_their_own_company_only(kernel, acme):
    mine, other = acme.company, await acme.records.create("companies", {"name": "Other"})
    foreign = await acme.records.create("devices", {"name": "theirs", "company": other})
    await acme.session.commit()
    async with kernel.unit(kernel.acme, principal=client(mine)) as unit:
        made = (await write.create(unit, "devices", body("devices", {"name": "laptop"}))).id
        assert (await unit.records.get("devices", made))["company"] == mine
        with pytest.raises(Invalid) as caught:
            await write.create(
                unit,
                "devices",
                body(
                    "devices",
                    {"name": "x", "ports": 1},
                    company=ref("companies", other),
                    parent=ref("devices", foreign),
                ),
            )
        assert faults(caught.value) == {
            ("/data/attributes/ports", "read_only"),
            ("/data/relationships/company", "read_only"),
            ("/data/relationships/parent/data", "related_not_found"),
        }
        for target in (foreign, new_id()):
            with pytest.raises(NotFound):
                await write.update(unit, "devices", target, body("devices", {"notes": "x"}, id=target))
        await write.update(unit, "devices", made, body("devices", {"notes": "x"}, id=made))
        with pytest.raises(Forbidden):
            await write.delete(unit, "devices", made)
        with pytest.raises(NotFound):
            await write.create(unit, "remarks", body("remarks", {"text": "x"}))


async def test_members_are_written_whole_in_the_body_and_piecewise_at_their_url(acme):
    people = [await acme.records.create("people", {"name": name}) for name in "abc"]
    refs = [ref("people", person) for person in people]
    document = body("devices", {"name": "x"}, company=ref("companies", acme.company), users=refs[:2])
    key = (await write.create(acme, "devices", document)).id

    async def users() -> set:
        rows = await acme.connection.fetch("SELECT person FROM workshop.device_user WHERE device = $1", key)
        return {row["person"] for row in rows}

    linkage = lambda data: msgspec.json.encode({"data": data})  # noqa: E731
    assert await users() == set(people[:2])
    await write.update(acme, "devices", key, body("devices", id=key, users=refs[1:]))
    assert await users() == set(people[1:])
    await write.add_members(acme, "devices", key, "users", linkage(refs[:1]))
    await write.remove_members(acme, "devices", key, "users", linkage(refs[1:2]))
    assert await users() == {people[0], people[2]}
    await write.replace_linkage(acme, "devices", key, "users", linkage([]))
    assert await users() == set()
    await write.replace_linkage(acme, "devices", key, "parent", linkage(ref("devices", key)))
    await write.replace_linkage(acme, "devices", key, "parent", linkage(None))
    with pytest.raises(Invalid):
        await write.replace_linkage(acme, "devices", key, "company", linkage(None))
    with pytest.raises(NotFound):
        await write.add_members(acme, "devices", key, "users", linkage([ref("people", new_id())]))
    with pytest.raises(Forbidden):
        await write.replace_linkage(acme, "devices", key, "owner", linkage(None))
    with pytest.raises(Forbidden):
        await write.add_members(acme, "devices", key, "parent", linkage([]))
    with pytest.raises(NotFound):
        await write.add_members(acme, "devices", key, "friends", linkage([]))


async def test_records_are_made_under_their_parent_or_name_their_subject(acme):
    key = await new_device(acme)
    parent = write.Parent("devices", key, "remarks")
    made = (await write.create(acme, "remarks", body("remarks", {"text": "x"}), parent=parent)).id
    row = await acme.records.get("remarks", made)
    assert (row["subject_kind"], row["subject_id"]) == ("devices", key)
    await write.create(acme, "remarks", body("remarks", {"text": "x"}, subject=ref("devices", key)))
    with pytest.raises(NotFound):
        await write.create(
            acme,
            "remarks",
            body("remarks", {"text": "x"}),
            parent=write.Parent("devices", new_id(), "remarks"),
        )
    with pytest.raises(NotFound):
        await write.create(acme, "remarks", body("remarks", {"text": "x"}, subject=ref("planets", key)))
    with pytest.raises(Invalid):
        await write.create(acme, "remarks", body("remarks", {"text": "x"}))


async def test_attributes_of_an_extension_are_sent_on_the_record(acme):
    key = await new_device(acme)
    read = "SELECT level, ends_on, dealer FROM warranty.warranty WHERE device = $1"
    assert await acme.connection.fetchrow(read, key) is None
    document = body("devices", {"level": "full"}, id=key, dealer=ref("companies", acme.company))
    await write.update(acme, "devices", key, document)
    assert tuple(await acme.connection.fetchrow(read, key)) == ("full", None, acme.company)
    with pytest.raises(Invalid) as caught:
        await write.update(acme, "devices", key, body("devices", {"level": "gold"}, id=key))
    assert faults(caught.value) == {("/data/attributes/level", "invalid")}


async def test_a_create_takes_two_statements_and_one_without_references(acme):
    seen = []

    async def statements(call) -> int:
        seen.clear()
        await call
        await asyncio.sleep(0)  # asyncpg tells its loggers in the loop's next turn
        return len(seen)

    acme.connection.add_query_logger(seen.append)
    company = body("companies", {"name": "x"})
    assert await statements(write.create(acme, "companies", company)) == 1
    assert await statements(write.create(acme, "companies", company, shown=True)) == 1
    assert await statements(write.create(acme, "people", body("people", {"name": "Ann"}), shown=True)) == 1
    await statements(new_device(acme))  # asyncpg looks array types up once per connection
    assert await statements(new_device(acme)) == 2
    acme.connection.remove_query_logger(seen.append)


async def test_a_new_record_is_shown_where_it_was_written_as_it_is_shown_ever_after(acme):
    for name, document in (
        ("companies", body("companies", {"name": "x", "code": "X"})),
        ("devices", body("devices", {**SENT, "password": "s3cret"}, company=ref("companies", acme.company))),
    ):
        made = await write.create(acme, name, document, shown=True)
        assert (made.document, made.version) == (await get_document(acme, name, made.id))[:2]


async def test_a_new_record_is_read_anew_where_its_statement_does_not_tell_the_whole(acme, kernel):
    """Something was written after it or beside it, or its reader sees only some."""
    person = (await write.create(acme, "people", body("people", {"name": "Ann"}), shown=True)).id
    own = ref("companies", acme.company)
    for name, document in (
        ("people", body("people", {"name": "Boss"})),
        ("devices", body("devices", {"name": "d", "level": "full"}, company=own)),
        ("devices", body("devices", {"name": "d"}, company=own, users=[ref("people", person)])),
    ):
        assert (await write.create(acme, name, document, shown=True)).document is None
    narrow = staff("workshop.*", "!workshop.devices.read", "!workshop.people.read")
    async with kernel.unit(kernel.acme, principal=narrow) as unit:
        made = await write.create(unit, "people", body("people", {"name": "Ann"}), shown=True)
        assert made.document is None


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40)
VALUES = {
    "notes": TEXT,
    "labels": st.lists(TEXT, max_size=4),
    "price": st.decimals(-9_999_999_999, 9_999_999_999, places=2).map(str),
    "bytes_free": st.integers(-(2**63), 2**63 - 1),
    "bought_on": st.dates().map(str),
    "is_rented": st.booleans(),
    "place": st.fixed_dictionaries({"city": TEXT, "street": TEXT}),
}


async def test_whatever_fits_is_read_back_as_it_was_sent(acme):
    """TIC-04, with generated values."""
    key = await new_device(acme)
    sent: list[dict] = []

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(st.fixed_dictionaries({}, optional=VALUES))
    def collect(values: dict) -> None:
        sent.append(values)

    collect()
    for values in sent:
        await write.update(acme, "devices", key, body("devices", values, id=key))
        shown = await attributes(acme, "devices", key)
        assert {name: shown[name] for name in values} == values
