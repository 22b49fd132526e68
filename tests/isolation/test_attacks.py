"""Ways around the guards, each tried as an attacker would."""

import msgspec
import pytest

from psa_sdk.tables import new_id
from psa_sdk.testing import Kit

from .estate import ATOMIC, OPERATIONS
from .installed import samples


@pytest.fixture
async def desk(estate) -> Kit:
    """A tenant of its own in the same installation."""
    return await Kit.open(estate.installation, samples=samples())


async def portal_of(kit: Kit, *grants: str, admin: bool = True):
    company = (await kit.make("companies")).id
    contact = (await kit.make("contacts", company=company)).id
    return company, contact, await kit.portal(company, *grants, contact_id=contact, admin=admin)


OWN_ONLY = (
    "ticketing.tickets.read",
    "ticketing.tickets.update@own",
    "ticketing.tickets.assign@own",
    "ticketing.tickets.escalate@own",
    "ticketing.tickets.merge@own",
    "ticketing.tickets.split@own",
)


@pytest.mark.parametrize(
    ("action", "attributes"),
    [
        ("close", {}),
        ("assign", {}),
        ("escalate", {"reason": "Because."}),
        ("merge", {"target": None}),
        ("split", {"notes": None, "title": "Mine"}),
    ],
)
async def test_actions_stay_within_the_object_scope_of_their_right(desk, action, attributes):
    """Who may do it to own tickets can't do it to a colleague's by another path than PATCH."""
    technician = await desk.staff(*OWN_ONLY)
    me = await technician.account_id()
    ticket, own = (await desk.make("tickets")).id, (await desk.make("tickets", assigned_to=me)).id
    note = (await desk.make("comments", subject=("tickets", ticket))).id
    given = {"target": str(own), "notes": [str(note)], "assigned_to": str(me)}
    wanted = {name: given[name] if value is None else value for name, value in attributes.items()}
    answer = await technician.post(f"/tickets/{ticket}/{action}", wanted)
    assert answer.status_code in {403, 404}, answer.text
    assert (await technician.patch(f"/tickets/{ticket}", {"title": "Mine"})).status_code in {403, 404}


async def test_bulk_changes_stay_within_the_object_scope(desk):
    technician = await desk.staff(*OWN_ONLY)
    me = await technician.account_id()
    theirs, own = (await desk.make("tickets")).id, (await desk.make("tickets", assigned_to=me)).id
    answer = await technician.post("/tickets/bulk", {"ids": [str(theirs), str(own)], "add_tags": ["mine"]})
    assert answer.status_code == 200, answer.text
    result = answer.json()["data"]["attributes"]
    assert result["changed"] == 1
    assert [failed["id"] for failed in result["failed"]] == [str(theirs)]


async def test_clients_dont_move_other_peoples_comments(desk):
    """A relationship is as much a part of a comment as its text: the author's, or a moderator's."""
    company, contact, client = await portal_of(desk)
    ticket = (await desk.make("tickets", company=company, contact=contact)).id
    staff = (await desk.make("comments", subject=("tickets", ticket), note_type="public")).id
    other = (await desk.make("comments", subject=("tickets", ticket), note_type="public")).id
    answer = await client.patch(f"/comments/{staff}", None, {"parent": other})
    assert answer.status_code == 403, answer.text
    answer = await client.request(
        "PATCH",
        f"/comments/{staff}/relationships/parent",
        content=msgspec.json.encode({"data": {"type": "comments", "id": str(other)}}),
    )
    assert answer.status_code == 403, answer.text


async def test_a_thread_stays_with_its_record(desk):
    """A comment can't be hung below one of another record, nor a public one below an internal note, afterwards."""
    admin = await desk.admin()
    first, second = (await desk.make("tickets")).id, (await desk.make("tickets")).id

    async def said(ticket, kind):
        answer = await admin.post(
            "/comments", {"content": "Said.", "note_type": kind}, {"subject": ("tickets", ticket)}
        )
        return answer.json()["data"]["id"]

    public, elsewhere, internal = (
        await said(first, "public"),
        await said(second, "public"),
        await said(first, "internal"),
    )
    for parent in (elsewhere, internal):
        answer = await admin.request(
            "PATCH",
            f"/comments/{public}/relationships/parent",
            content=msgspec.json.encode({"data": {"type": "comments", "id": parent}}),
        )
        assert answer.status_code == 409, answer.text


async def test_clients_dont_read_what_a_comment_said_before(desk):
    """Former versions are hidden from clients; the activity of a comment is a list of them."""
    company, contact, client = await portal_of(desk)
    ticket = (await desk.make("tickets", company=company, contact=contact)).id
    admin = await desk.admin()
    answer = await admin.post(
        "/comments",
        {"content": "Unflattering words.", "note_type": "internal"},
        {"subject": ("tickets", ticket)},
    )
    comment = answer.json()["data"]["id"]
    answer = await admin.patch(f"/comments/{comment}", {"content": "Kind words.", "note_type": "public"})
    assert answer.status_code == 200, answer.text
    assert "Kind" in (await client.get(f"/comments/{comment}")).text
    assert "Unflattering" not in (await client.get(f"/comments/{comment}/activity")).text


async def test_clients_dont_find_by_what_they_dont_see(desk):
    """Search looks into attributes that clients have no name for; it must not find by them."""
    company, contact, client = await portal_of(desk)
    hidden = f"hidden{new_id().hex[:8]}"
    admin = await desk.admin()
    answer = await admin.patch(f"/companies/{company}", {"external_id": hidden})
    assert answer.status_code == 200, answer.text
    ticket = await desk.make(
        "tickets", company=company, contact=contact, external_number=hidden, title="Printer"
    )
    for url in ("/companies", "/tickets", f"/companies/{company}/tickets"):
        assert len((await admin.get(url, params={"filter[q]": hidden})).json()["data"]) == 1
        assert (await client.get(url, params={"filter[q]": hidden})).json()["data"] == []
    found = (await client.get("/tickets", params={"filter[q]": "printer"})).json()["data"]
    assert [item["id"] for item in found] == [str(ticket.id)]


async def test_clients_cant_probe_ids_by_choosing_them(desk):
    """An id that another company's record has answers like any other that a client makes up."""
    _, _, client = await portal_of(desk, "ticketing.tickets.*")
    foreign = (await desk.make("tickets")).id
    answers = []
    for id in (foreign, new_id()):
        body = {"data": {"type": "tickets", "id": str(id), "attributes": {"title": "Mine"}}}
        answers.append(await client.request("POST", "/tickets", content=msgspec.json.encode(body)))
    assert [answer.status_code for answer in answers] == [403, 403], [answer.text for answer in answers]


async def test_an_answer_is_replayed_to_its_own_credential_only(desk):
    """A narrow API key of the same person doesn't get what a wide one was answered under the same key."""
    wide, narrow = await desk.api_key("*"), await desk.api_key("auth.users.read")
    wide_person, narrow_person = wide.person, narrow.person
    assert wide_person is not None
    assert narrow_person is not None
    admin = await desk.admin()
    me = await admin.account_id()
    keys = [
        (await admin.post("/api-keys", {"name": "K", "scopes": [scope]}, type="api-keys")).json()["data"]
        for scope in ("contacts.*", "auth.users.read")
    ]
    content = msgspec.json.encode({"data": {"type": "companies", "attributes": {"name": "Replayed"}}})
    answers = [
        await desk.anonymous().request(
            "POST",
            "/companies",
            content=content,
            headers={"Idempotency-Key": "one", "Authorization": f"Bearer {key['attributes']['secret']}"},
        )
        for key in keys
    ]
    assert [answer.status_code for answer in answers] == [201, 403], answers[1].text
    assert me


@pytest.mark.parametrize(
    "query",
    [
        {"filter[name'; DROP TABLE x --]": "1"},
        {"filter[custom_fields.a'b]": "1"},
        {'filter[custom_fields.a"b]': "1"},
        {"sort": "name;select pg_sleep(9)"},
        {"sort": "-name,(select 1)"},
        {"include": "contacts'--"},
        {"fields[companies]": 'name",secret'},
        {"fields[companies' OR 1=1]": "name"},
    ],
)
async def test_names_in_queries_are_never_sql(desk, query):
    answer = await (await desk.admin()).get("/companies", params=query)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("text", ["' OR '1'='1", "%", "_", "\\", "{row}", "{parent}", "\ud83d", "a\u0000b"])
async def test_values_in_queries_are_never_sql(desk, text):
    admin = await desk.admin()
    await desk.make("companies")
    for name in (
        "filter[name]",
        "filter[name][contains]",
        "filter[q]",
        "filter[custom_fields.color]",
        "filter[tags]",
    ):
        answer = await admin.get(
            "/companies", params={name: text.encode("utf-8", "surrogatepass").decode("latin-1")}
        )
        assert answer.status_code in {200, 400}, answer.text
        assert answer.status_code == 400 or answer.json()["data"] == []


async def test_keys_of_documents_are_never_sql(desk):
    admin = await desk.admin()
    company = (await desk.make("companies")).id
    for key in ("a'b", 'a"b', "a;b", "{row}", "a\nb", "$1", ""):
        for attributes in ({key: 1}, {"custom_fields": {key: 1}}):
            answer = await admin.patch(f"/companies/{company}", attributes)
            assert answer.status_code == 422, (key, answer.text)


async def test_operations_need_each_operations_own_right(desk):
    """The door is common; what passes it is judged one by one."""
    reader = await desk.staff("contacts.companies.read", "contacts.companies.create")
    company = (await desk.make("companies")).id
    for operation in (
        {"op": "remove", "ref": {"type": "companies", "id": str(company)}},
        {"op": "update", "data": {"type": "companies", "id": str(company), "attributes": {"name": "Mine"}}},
        {
            "op": "update",
            "ref": {"type": "companies", "id": str(company), "relationship": "parent"},
            "data": None,
        },
        {"op": "add", "data": {"type": "users", "attributes": {"name": "Eve", "email": "eve@example.com"}}},
    ):
        made = {"op": "add", "data": {"type": "companies", "attributes": {"name": "Stray"}}}
        body = msgspec.json.encode({"atomic:operations": [made, operation]})
        answer = await reader.request("POST", OPERATIONS, content=body, headers={"Content-Type": ATOMIC})
        assert answer.status_code == 403, answer.text
        assert answer.json()["errors"][0]["source"]["pointer"].startswith("/atomic:operations/1")
    assert (await reader.get("/companies", params={"filter[name]": "Stray"})).json()["data"] == []


async def test_an_address_of_endless_length_is_refused(desk):
    answer = await (await desk.admin()).get("/companies", params={"filter[q]": "x" * 20_000})
    assert answer.status_code == 414, answer.text[:200]


async def test_includes_need_the_right_to_read_what_they_bring(desk):
    """A role that may read tickets and nothing else gets no company by asking for it along the way."""
    reader = await desk.staff("ticketing.tickets.read")
    company = (await desk.make("companies", name="Undisclosed Ltd")).id
    await desk.make("tickets", company=company)
    for include in ("company", "company.parent", "contact.company", "notes", "assigned_to"):
        answer = await reader.get("/tickets", params={"include": include})
        assert "Undisclosed" not in answer.text
        assert answer.status_code == 403 or not answer.json().get("included"), answer.text
    ticket = (await reader.get("/tickets")).json()["data"][0]["id"]
    assert (await reader.get(f"/tickets/{ticket}/company")).status_code in {403, 404}
    assert (await reader.get("/tickets", params={"filter[status.category]": "new"})).status_code in {200, 403}
