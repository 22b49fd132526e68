"""Requests: made by forms, answered, replied to with files, closed and reopened; staff's own words stay theirs."""

from datetime import timedelta
from uuid import UUID, uuid4

from .desk import read, send


async def test_a_request_by_a_form_is_filed_as_its_type_says_and_keeps_the_answers(desk):
    """PRT-06: mapping to ticket fields, files, values snapshotted."""
    house = await desk.house()
    queue = (await desk.kit.make("ticket-queues")).id
    kind = await desk.kind(
        {"key": "hardware", "kind": "choice", "options": ["None", "Laptop"], "required": True},
        {"key": "bag", "required_if": "hardware=Laptop"},
        {"key": "photo", "kind": "file", "required": True},
        queue=queue,
    )
    page = await read(house.user, f"/tickets/new/{kind}")
    assert page.status_code == 200, page.text
    refused = await send(house.user, f"/tickets/new/{kind}", title="", **{"answers.hardware": "Laptop"})
    assert refused.status_code == 422
    assert {fault["field"] for fault in refused.json()["faults"]} == {"title", "answers.bag", "answers.photo"}
    made = await send(
        house.user,
        f"/tickets/new/{kind}",
        files={"answers.photo": ("desk.txt", b"a desk")},
        title="A new colleague",
        words="Thank you!",
        **{"answers.hardware": "Laptop", "answers.bag": "Blue"},
    )
    assert made.status_code == 200, made.text
    ticket = UUID(made.json()["go"].rpartition("/")[2])
    async with desk.kit.unit() as ctx:
        row = await ctx.records.get("tickets", ticket)
        assert row["queue"] == queue
        assert (row["company"], row["contact"], row["source"]) == (
            house.company,
            house.user_contact,
            "portal",
        )
        assert "**Hardware:** Laptop" in row["description"]
        assert [file.name for file in await ctx.files.attached("tickets", ticket)] == ["desk.txt"]
        (kept,) = [one for one in await ctx.records.find("request-answers") if one["ticket"] == ticket]
        assert [(one["key"], one["value"]) for one in kept["answers"]] == [
            ("hardware", "Laptop"),
            ("bag", "Blue"),
        ]


async def test_a_form_that_changed_meanwhile_is_not_taken(desk):
    """PRT-06: forms are versioned."""
    house = await desk.house()
    kind = await desk.kind({"key": "since"})
    answer = await send(house.user, f"/tickets/new/{kind}", title="Old form", revision="0123456789abcdef")
    assert answer.status_code == 409


async def test_a_type_that_is_off_can_not_be_chosen(desk):
    house = await desk.house()
    kind = await desk.kind(is_active=False, name=f"Retired {uuid4().hex}")
    assert (await read(house.user, f"/tickets/new/{kind}")).status_code == 404
    answer = await house.user.post(
        "/portal/tickets", {"title": "Anyway", "request_type": str(kind)}, type="portal-tickets"
    )
    assert answer.status_code == 404
    assert "Retired" not in (await read(house.user, "/tickets/new")).text


async def test_the_conversation_has_public_words_and_files_only(desk):
    house = await desk.house()
    ticket = await desk.ticket(house.user)
    await desk.note(ticket, "We are on our way.")
    internal = await desk.note(ticket, "Difficult client, charge double.", "internal")
    async with desk.kit.unit() as ctx:
        await ctx.files.save(b"runbook", name="runbook.txt", subject=("comments", UUID(internal)))
        await ctx.files.save(b"margin", name="margin.txt", subject=("tickets", UUID(ticket)), internal=True)
    for text in (
        (await read(house.user, f"/tickets/{ticket}")).text,
        (await house.user.get(f"/portal/tickets/{ticket}")).text,
        (await house.user.get(f"/portal/tickets/{ticket}/attachments")).text,
    ):
        assert "charge double" not in text
        assert "runbook" not in text
        assert "margin" not in text
    assert "on our way" in (await read(house.user, f"/tickets/{ticket}")).text
    assert (await read(house.user, "/search?q=double")).text.count("Printer prints") == 0


async def test_staff_are_named_only_where_the_organisation_wants_it(desk):
    house = await desk.house()
    ticket = await desk.ticket(house.user)
    await desk.note(ticket, "We are on our way.")
    admin = await desk.kit.admin()
    assert "Administrator" in (await read(house.user, f"/tickets/{ticket}")).text
    answer = await admin.patch("/settings/portal", {"values": {"show_staff_names": False}}, type="settings")
    assert answer.status_code == 200, answer.text
    try:
        assert "Administrator" not in (await read(house.user, f"/tickets/{ticket}")).text
    finally:
        await admin.patch("/settings/portal", {"values": {"show_staff_names": None}}, type="settings")


async def test_a_reply_with_a_file_reaches_the_desk_and_comes_back(desk):
    house = await desk.house()
    ticket = await desk.ticket(house.user)
    answer = await send(
        house.user,
        f"/tickets/{ticket}/reply",
        files={"files": ("log.txt", b"line one")},
        content="See the log.",
    )
    assert answer.status_code == 200, answer.text
    listed = (await house.user.get(f"/portal/tickets/{ticket}/attachments")).json()["data"]
    assert [one["attributes"]["file_name"] for one in listed] == ["log.txt"]
    file = await read(house.user, f"/attachments/{listed[0]['id']}")
    assert (file.status_code, file.content) == (200, b"line one")
    assert file.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in file.headers["content-security-policy"]
    empty = await send(house.user, f"/tickets/{ticket}/reply", content="  ")
    assert empty.json()["faults"][0]["field"] == "content"


async def test_clients_close_and_reopen_their_own_for_as_long_as_they_may(desk):
    house = await desk.house()
    ticket = await desk.ticket(house.user)
    assert (await send(house.user, f"/tickets/{ticket}/close")).status_code == 200
    assert (await send(house.user, f"/tickets/{ticket}/close")).status_code == 409
    assert (await send(house.user, f"/tickets/{ticket}/reply", content="Not yet")).status_code == 409
    shown = (await house.user.get(f"/portal/tickets/{ticket}")).json()["data"]["attributes"]
    assert shown["state"] == "done"
    answer = await house.admin.post(f"/portal/tickets/{ticket}/reopen", {}, type="portal-tickets")
    assert answer.json()["data"]["attributes"]["state"] == "in_progress", answer.text
    await send(house.user, f"/tickets/{ticket}/close")
    desk.kit.advance(timedelta(days=15))
    assert (await send(house.user, f"/tickets/{ticket}/reopen")).status_code == 409


async def test_who_is_in_copy_reads_and_writes_but_does_not_close(desk):
    """PRT-01: a client sees what they asked for and what they are in copy of."""
    house = await desk.house()
    ticket = await desk.ticket(house.admin)
    assert (await read(house.user, f"/tickets/{ticket}")).status_code == 404
    async with desk.kit.unit() as ctx:
        await ctx.records.link("tickets", UUID(ticket), "cc_contacts", [house.user_contact])
    assert (await read(house.user, f"/tickets/{ticket}")).status_code == 200
    assert (await send(house.user, f"/tickets/{ticket}/reply", content="Me too")).status_code == 200
    assert (await send(house.user, f"/tickets/{ticket}/close")).status_code == 403


async def test_lists_show_ones_own_and_administrators_those_of_the_company(desk):
    house = await desk.house()
    await desk.ticket(house.user, "Mouse is missing")
    await desk.ticket(house.admin, "Screen flickers")
    users = (await read(house.user, "/tickets")).text
    admins = (await read(house.admin, "/tickets")).text
    assert "Mouse is missing" in users
    assert "Screen flickers" not in users
    assert "Mouse is missing" in admins
    assert "Screen flickers" in admins
    mine = (await read(house.admin, "/tickets?mine=1")).text
    assert "Mouse is missing" not in mine
    found = (await house.admin.get("/portal/tickets", params={"q": "mouse", "state": "all"})).json()
    assert [one["attributes"]["title"] for one in found["data"]] == ["Mouse is missing"]
    assert found["meta"]["total"] == 1
    assert "Screen flickers" in (await read(house.admin, "/search?q=flickers")).text


async def test_a_page_of_a_request_takes_as_many_statements_however_long_the_conversation(desk):
    house = await desk.house()
    ticket = await desk.ticket(house.user)
    await desk.note(ticket, "First")
    await read(house.user, f"/tickets/{ticket}")
    async with desk.kit.statements() as few:
        await read(house.user, f"/tickets/{ticket}")
    for number in range(8):
        await desk.note(ticket, f"Again {number}")
    await read(house.user, f"/tickets/{ticket}")
    async with desk.kit.statements() as many:
        await read(house.user, f"/tickets/{ticket}")
    assert len(many) <= len(few)
