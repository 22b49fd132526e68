"""Working on tickets: families, assignment, escalation, bulk changes, templates, canned texts, costs."""

from uuid import UUID

import pytest

from psa_sdk.tables import new_id

from .desk import codes, meta


async def test_a_parent_closes_after_its_children_or_with_them(desk):
    """TIC-20"""
    parent = await desk.ticket("Outage")
    child = await desk.ticket("Site A", parent=parent, company=await desk.company())
    grandchild = await desk.ticket("Desk 1", parent=child)
    for answer in (await desk.move(parent, "closed"), await desk.admin.post(f"/tickets/{parent}/close", {})):
        assert (answer.status_code, codes(answer)) == (409, ["open_children"])
        assert set(meta(answer)["children"]) == {str(child), str(grandchild)}
    closed = await desk.admin.post(
        f"/tickets/{parent}/close", {"cascade": True, "resolution": "Power is back."}
    )
    assert closed.status_code == 200, closed.text
    for ticket in (parent, child, grandchild):
        assert (await desk.shown(ticket))["meaning"] == "closed"
    assert [note["note_type"] for note in await desk.notes(parent)] == ["resolution"]
    twice = await desk.admin.post(f"/tickets/{parent}/close", {})
    assert (twice.status_code, codes(twice)) == (409, ["already_closed"])


async def test_families_are_trees_of_at_most_five_levels(desk):
    """TIC-20"""
    levels = [await desk.ticket("1")]
    for level in range(2, 6):
        levels.append(await desk.ticket(str(level), parent=levels[-1]))
    deep = await desk.admin.post("/tickets", {"title": "6"}, {"parent": levels[-1]})
    assert (deep.status_code, codes(deep)) == (422, ["family_too_deep"])
    for parent in (levels[0], levels[4]):
        cycle = await desk.admin.patch(f"/tickets/{levels[0]}", relationships={"parent": parent})
        assert (cycle.status_code, codes(cycle)) == (422, ["family_cycle"])


async def test_clients_never_see_the_family(desk):
    """TIC-20: siblings belong to others."""
    one, other = await desk.company(), await desk.company()
    parent = await desk.ticket("Outage")
    mine = await desk.ticket("Mine", parent=parent, company=one)
    theirs = await desk.ticket("Theirs", parent=parent, company=other)
    client = await desk.kit.portal(one, admin=True)
    shown = await client.get(f"/tickets/{mine}")
    assert "parent" not in shown.json()["data"]["relationships"]
    assert str(parent) not in shown.text
    for path in (
        f"/tickets/{mine}/parent",
        f"/tickets/{mine}/children",
        f"/tickets/{theirs}",
        f"/tickets/{parent}/children",
    ):
        assert (await client.get(path)).status_code == 404
    for query in ({"include": "parent"}, {"filter[parent]": str(parent)}):
        assert (await client.get("/tickets", params=query)).status_code == 400


async def test_the_last_child_resolves_its_parent_where_the_tenant_wants_it(desk):
    """TIC-20"""
    for wanted, category in ((False, "new"), (True, "resolved")):
        await desk.admin.patch(
            "/settings/ticketing", {"values": {"resolve_parents": wanted}}, type="settings"
        )
        parent = await desk.ticket("Parent")
        children = [await desk.ticket("Child", parent=parent) for _ in range(2)]
        await desk.move(children[0], "resolved")
        await desk.kit.drain()
        assert (await desk.shown(parent))["meaning"] == "new"
        await desk.move(children[1], "closed")
        await desk.kit.drain()
        assert (await desk.shown(parent))["meaning"] == category
    await desk.admin.patch("/settings/ticketing", {"values": {"resolve_parents": False}}, type="settings")


async def test_assigning_opens_a_new_ticket_and_tells(desk):
    theo = await desk.staff.account_id()
    team = (await desk.kit.make("groups")).id
    ticket = await desk.ticket()
    answer = await desk.staff.post(f"/tickets/{ticket}/assign", {"assigned_to": str(theo), "team": str(team)})
    assert answer.status_code == 200, answer.text
    shown = await desk.shown(ticket)
    assert (shown["assigned_to"], shown["team"], shown["meaning"]) == (str(theo), str(team), "open")
    await desk.staff.post(f"/tickets/{ticket}/assign", {"assigned_to": None})
    shown = await desk.shown(ticket)
    assert (shown["assigned_to"], shown["team"]) == (None, str(team))
    told = await desk.kit.installation.rows(
        "SELECT payload->>'assigned_to_id' AS who FROM psa.outbox WHERE name = 'ticketing.ticket_assigned'"
        " AND payload->>'ticket_id' = $1 ORDER BY id",
        str(ticket),
    )
    assert [row["who"] for row in told] == [str(theo), None]
    unknown = await desk.staff.post(f"/tickets/{ticket}/assign", {"assigned_to": str(new_id())})
    assert unknown.status_code in {404, 409, 422}


async def test_escalating_raises_the_priority_and_notes_why(desk):
    ticket = await desk.ticket()
    answer = await desk.staff.post(f"/tickets/{ticket}/escalate", {"reason": "The CEO is waiting"})
    assert answer.status_code == 200, answer.text
    assert (await desk.shown(ticket))["priority"] == str(await desk.listed("ticket-priorities", "High"))
    [note] = await desk.notes(ticket)
    assert (note["note_type"], note["content"]) == ("internal", "Escalated: The CEO is waiting")


async def test_bulk_changes_report_each_ticket(desk):
    """TIC-63"""
    good = [await desk.ticket(tags=["old"]) for _ in range(3)]
    merged, target = await desk.ticket(), await desk.ticket()
    await desk.admin.post(f"/tickets/{merged}/merge", {"target": str(target)})
    parent = await desk.ticket()
    await desk.ticket(parent=parent)
    ids = [*good, merged, parent, unknown := new_id()]
    answer = await desk.staff.post(
        "/tickets/bulk",
        {
            "ids": [str(one) for one in ids],
            "status": str(await desk.status("closed")),
            "add_tags": ["new", "old"],
        },
    )
    assert answer.status_code == 200, answer.text
    result = answer.json()["data"]["attributes"]
    assert result["changed"] == 3
    assert {one["id"]: one["code"] for one in result["failed"]} == {
        str(merged): "ticket_merged",
        str(parent): "open_children",
        str(unknown): "not_found",
    }
    for ticket in good:
        shown = await desk.shown(ticket)
        assert (shown["meaning"], shown["tags"]) == ("closed", ["old", "new"])
    assert (await desk.shown(parent))["tags"] == []
    groups = await desk.kit.installation.rows(
        "SELECT DISTINCT request_id FROM psa.audit_entry WHERE action = 'updated' AND resource = 'tickets'"
        " AND record_id = ANY ($1::uuid[])",
        good,
    )
    assert len(groups) == 1
    nothing = await desk.staff.post("/tickets/bulk", {"ids": [str(good[0])]})
    assert (nothing.status_code, codes(nothing)) == (422, ["nothing_to_change"])
    many = await desk.staff.post(
        "/tickets/bulk", {"ids": [str(new_id()) for _ in range(501)], "add_tags": ["x"]}
    )
    assert many.status_code == 422


async def test_bulk_changes_reach_as_far_as_the_right_to_update(desk):
    """TIC-63: permission per item."""
    limited = await desk.kit.staff("ticketing.tickets.read", "ticketing.tickets.update@own", name="Limited")
    own, other = await desk.ticket(assigned_to=await limited.account_id()), await desk.ticket()
    answer = await limited.post("/tickets/bulk", {"ids": [str(own), str(other)], "add_tags": ["x"]})
    assert answer.status_code == 200, answer.text
    result = answer.json()["data"]["attributes"]
    assert (result["changed"], [one["id"] for one in result["failed"]]) == (1, [str(other)])
    assert (await limited.post(f"/tickets/{other}/close", {})).status_code in {403, 404}
    assert (await desk.shown(other))["meaning"] == "new"


async def test_a_ticket_from_a_template(desk):
    template = (
        await desk.kit.make("ticket-templates", title="New starter", description="*Welcome*", tags=["hr"])
    ).id
    contact = await desk.contact(await desk.company())
    answer = await desk.staff.post(f"/ticket-templates/{template}/apply", {"contact": str(contact)})
    assert answer.status_code == 201, answer.text
    shown = await desk.shown(answer.json()["data"]["id"])
    assert (shown["title"], shown["tags"], shown["contact"]) == ("New starter", ["hr"], str(contact))
    assert shown["description_html"] == "<p><em>Welcome</em></p>"
    foreign = await desk.staff.post(f"/ticket-templates/{template}/apply", {"contact": str(new_id())})
    assert foreign.status_code in {404, 409, 422}


async def render(desk, ticket: UUID, content: str):
    canned = (await desk.kit.make("canned-responses", content=content)).id
    return await desk.staff.post(f"/tickets/{ticket}/render", {"canned_response": str(canned)})


async def test_canned_responses_are_filled_in_for_the_ticket(desk):
    """TIC-62"""
    company = (await desk.kit.make("companies", name="[Acme](https://evil.example)")).id
    contact = (await desk.kit.make("contacts", company=company, first_name="Ada Mae", last_name="Ash")).id
    ticket = await desk.ticket("It is broken", contact=contact)
    text = "Hi {{contact.first_name|there}}, {{ ticket.number }} {{assignee.name|we}} {{company.name}} {{me.name}}"
    answer = await render(desk, ticket, text)
    assert answer.status_code == 200, answer.text
    content = answer.json()["data"]["attributes"]["content"]
    number = (await desk.shown(ticket))["ticket_number"]
    assert content == rf"Hi Ada Mae, {number} we \[Acme\](https://evil.example) Theo Technician"
    nobody = await render(desk, await desk.ticket(), "Hi {{contact.first_name|there}}")
    assert nobody.json()["data"]["attributes"]["content"] == "Hi there"


async def test_unknown_placeholders_are_all_listed(desk):
    """TIC-62"""
    answer = await render(desk, await desk.ticket(), "{{contact.salary}} {{ticket.notes|x}} {{me.name}}")
    assert answer.status_code == 422
    assert codes(answer) == ["unknown_placeholder"] * 2
    assert "contact.salary" in answer.text
    assert "ticket.notes" in answer.text


async def test_my_open_tickets_are_one_request(desk):
    mine = await desk.ticket("Mine", assigned_to=await desk.staff.account_id())
    done = await desk.ticket("Mine and done", assigned_to=await desk.staff.account_id())
    await desk.ticket("Not mine")
    await desk.move(done, "closed")
    query = {
        "filter[assigned_to]": str(await desk.staff.account_id()),
        "filter[status.category][in]": "new,open",
    }
    found = await desk.ids("/tickets", **query)
    assert str(mine) in found
    assert str(done) not in found


async def test_a_note_posted_twice_with_one_key_is_one_note(desk):
    """X-06"""
    ticket = await desk.ticket()
    headers = {"Idempotency-Key": new_id().hex}
    answers = [await desk.note(ticket, "Once", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["data"]["id"] == answers[1].json()["data"]["id"]
    assert len(await desk.notes(ticket)) == 1


PRD = """
GET POST /tickets|GET PUT DELETE PATCH /tickets/{id:uuid}|POST GET /tickets/{id:uuid}/notes
POST GET /tickets/{id:uuid}/attachments|GET /tickets/{id:uuid}/activity|POST /tickets/{id:uuid}/merge
POST /tickets/{id:uuid}/split|POST /tickets/{id:uuid}/assign|POST /tickets/{id:uuid}/escalate
GET POST /ticket-queues|PUT DELETE /ticket-queues/{id:uuid}|GET POST /ticket-statuses|GET POST /ticket-priorities
GET POST /ticket-types|GET POST /companies|GET PUT DELETE /companies/{id:uuid}|GET /companies/{id:uuid}/contacts
GET /companies/{id:uuid}/sites|GET /companies/{id:uuid}/tickets|GET /companies/{id:uuid}/activity
GET POST /contacts|GET PUT DELETE /contacts/{id:uuid}|GET /contacts/{id:uuid}/tickets
GET /contacts/{id:uuid}/activity|POST /contacts/{id:uuid}/portal-access|GET POST /sites
GET PUT DELETE /sites/{id:uuid}|POST /contacts/import/csv|POST /companies/import/csv
"""


@pytest.mark.parametrize("line", [line for part in PRD.split("\n") for line in part.split("|") if line])
async def test_the_product_requirements_endpoints_are_served(desk, line: str):
    """PRD 3.3.3, 3.4.4"""
    *verbs, path = line.split()
    record = {"tickets": desk.ticket, "companies": desk.company, "contacts": desk.contact}
    served = {one.method for one in desk.kit.installation.endpoints if one.path == f"/api/v1{path}"}
    if not served:
        # Relationships share a handler: ask the application.
        name = path.split("/")[1]
        answer = await desk.admin.get(path.replace("{id:uuid}", str(await record[name]())))
        assert answer.status_code == 200, (path, answer.text)
        served = {"GET"} | ({"POST"} if path.endswith(("notes", "attachments")) else set())
    assert set(verbs) <= served, path


@pytest.mark.parametrize(
    ("what", "most"),
    [("list", 6), ("list with includes", 6), ("get", 5), ("create", 9)],
)
async def test_requests_take_few_statements(desk, what: str, most: int):
    """API-02: with BEGIN and COMMIT."""
    company = await desk.company()
    contact = await desk.contact(company)
    ticket = await desk.ticket(contact=contact)
    query = {"include": "status,priority,company,contact,assigned_to", "page[size]": "50"}
    for _ in range(2):
        async with desk.kit.statements() as statements:
            if what == "list":
                answer = await desk.staff.get("/tickets")
            elif what == "get":
                answer = await desk.staff.get(f"/tickets/{ticket}")
            elif what == "create":
                answer = await desk.staff.post(
                    "/tickets", {"title": "Few"}, {"company": company, "contact": contact}
                )
            else:
                answer = await desk.staff.get("/tickets", params=query)
        assert answer.is_success
    assert len(statements) <= most, statements
