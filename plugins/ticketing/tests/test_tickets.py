"""Tickets: numbers, statuses, what follows from moves and notes, clients' view."""

import asyncio
from datetime import timedelta

from psa_sdk.tables import new_id

from .desk import Desk, codes, meta


async def test_fifty_parallel_creates_have_fifty_numbers(desk):
    """TIC-01"""
    answers = await asyncio.gather(*(desk.admin.post("/tickets", {"title": f"T{n}"}) for n in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    numbers = {answer.json()["data"]["attributes"]["ticket_number"] for answer in answers}
    assert len(numbers) == 50
    assert all(number[0] == "T" and len(number) == 7 for number in numbers)
    later = await desk.shown(await desk.ticket())
    assert later["ticket_number"] > max(numbers)


async def test_a_ticket_is_found_by_its_number_however_it_is_written(desk):
    """TIC-01"""
    ticket = await desk.ticket("Unlike any other")
    number = (await desk.shown(ticket))["ticket_number"]
    for written in (number, number.lower(), f"#{int(number[1:])}", str(int(number[1:])), f"[#{number}]"):
        assert str(ticket) in await desk.ids("/tickets", **{"filter[q]": written}), written
    from psa_ticketing.api import ServiceDesk

    async with desk.kit.unit() as ctx:
        assert (await ctx.service(ServiceDesk).by_number(f"[#{number}]")).id == ticket
        assert await ctx.service(ServiceDesk).by_number("printer") is None
    assert await desk.ids("/tickets", **{"filter[q]": "unlike other"}) == [str(ticket)]


async def test_tenants_count_for_themselves(desk):
    """TIC-01"""
    neighbour = await Desk.open(await desk.kit.neighbour())
    numbers = []
    for _ in range(2):
        await desk.ticket()
        numbers.append(int((await neighbour.shown(await neighbour.ticket()))["ticket_number"][1:]))
    assert numbers[1] == numbers[0] + 1


async def test_statuses_mean_their_category_whatever_they_are_called(desk):
    """TIC-02"""
    resolved = await desk.status("resolved")
    assert (await desk.admin.patch(f"/ticket-statuses/{resolved}", {"name": "Fertig"})).status_code == 200
    ticket = await desk.ticket()
    await desk.move(ticket, "resolved")
    assert (await desk.shown(ticket))["resolved_at"] is not None
    last = await desk.admin.delete(f"/ticket-statuses/{resolved}")
    assert (last.status_code, codes(last)) == (409, ["last_of_category"])
    moved = await desk.admin.patch(f"/ticket-statuses/{resolved}", {"category": "closed"})
    assert (moved.status_code, codes(moved)) == (409, ["status_in_use"])


async def test_a_used_status_goes_only_with_a_replacement(desk):
    """TIC-02"""
    made = await desk.admin.post("/ticket-statuses", {"name": "Parked", "category": "waiting_third_party"})
    parked = made.json()["data"]["id"]
    ticket = await desk.ticket()
    from uuid import UUID

    await desk.admin.patch(f"/tickets/{ticket}", relationships={"status": UUID(parked)})
    refused = await desk.admin.delete(f"/ticket-statuses/{parked}")
    assert (refused.status_code, codes(refused)) == (409, ["status_in_use"])
    wrong = await desk.admin.post(
        f"/ticket-statuses/{parked}/replace", {"replacement": str(await desk.status("open"))}
    )
    assert (wrong.status_code, codes(wrong)) == (409, ["other_category"])
    waiting = await desk.listed("ticket-statuses", "Waiting for third party")
    done = await desk.admin.post(f"/ticket-statuses/{parked}/replace", {"replacement": str(waiting)})
    assert done.status_code == 200, done.text
    assert (await desk.shown(ticket))["status"] == str(waiting)
    assert (await desk.admin.get(f"/ticket-statuses/{parked}")).status_code == 404


async def test_each_list_has_one_default_which_is_handed_on(desk):
    for resource in ("ticket-queues", "ticket-priorities", "ticket-types"):
        [old] = (
            await desk.ids(f"/{resource}", **{"filter[is_default]": "true"})
            if resource != "ticket-types"
            else [
                one["id"]
                for one in (await desk.admin.get("/ticket-types")).json()["data"]
                if one["attributes"]["is_default"]
            ]
        )
        new = (await desk.admin.post(f"/{resource}", {"name": "Better", "is_default": True})).json()["data"][
            "id"
        ]
        assert not (await desk.admin.get(f"/{resource}/{old}")).json()["data"]["attributes"]["is_default"]
        assert codes(await desk.admin.patch(f"/{resource}/{new}", {"is_default": False})) == [
            "default_required"
        ]
        assert codes(await desk.admin.delete(f"/{resource}/{new}")) == ["default_required"]
        assert (await desk.admin.patch(f"/{resource}/{old}", {"is_default": True})).status_code == 200
        assert (await desk.admin.delete(f"/{resource}/{new}")).status_code == 204


async def test_a_ticket_never_becomes_merged_by_hand(desk):
    """X-12: an illegal transition is 409 and says what is allowed."""
    ticket = await desk.ticket()
    answer = await desk.move(ticket, "merged")
    assert (answer.status_code, codes(answer)) == (409, ["illegal_transition"])
    assert "open" in meta(answer)["allowed"]
    assert "merged" not in meta(answer)["allowed"]
    made = await desk.admin.post("/tickets", {"title": "x"}, {"status": await desk.status("merged")})
    assert (made.status_code, codes(made)) == (409, ["illegal_transition"])
    reopened = await desk.admin.post(f"/tickets/{ticket}/reopen")
    assert (reopened.status_code, codes(reopened)) == (409, ["illegal_transition"])
    assert meta(reopened)["allowed"] == ["resolved", "closed"]


async def test_reopening_clears_the_end_and_keeps_the_first_resolution(new_kit):
    """TIC-03"""
    desk = await Desk.open(await new_kit("multi", shared=False))
    ticket = await desk.ticket()
    await desk.move(ticket, "resolved")
    first = (await desk.shown(ticket))["first_resolved_at"]
    desk.kit.advance(timedelta(hours=1))
    await desk.move(ticket, "closed")
    closed = await desk.shown(ticket)
    assert (closed["resolved_at"], closed["first_resolved_at"]) == (first, first)
    assert closed["closed_at"] > first
    assert (await desk.admin.post(f"/tickets/{ticket}/reopen")).status_code == 200
    again = await desk.shown(ticket)
    assert (again["resolved_at"], again["closed_at"], again["reopen_count"]) == (None, None, 1)
    assert again["first_resolved_at"] == first
    desk.kit.advance(timedelta(hours=1))
    await desk.move(ticket, "resolved")
    later = await desk.shown(ticket)
    assert later["resolved_at"] > first
    assert later["first_resolved_at"] == first


async def test_resolved_tickets_close_after_the_tenants_days_without_a_reply(new_kit):
    """TIC-03"""
    from psa_ticketing.endings import close_resolved

    desk = await Desk.open(await new_kit("multi", shared=False))
    quiet, reopened, parent, late = [await desk.ticket() for _ in range(4)]
    await desk.ticket(parent=parent)
    for ticket in (quiet, reopened, parent):
        await desk.move(ticket, "resolved")
    desk.kit.advance(timedelta(days=4))
    await desk.move(late, "resolved")
    company = await desk.company()
    await desk.admin.patch(f"/tickets/{reopened}", relationships={"company": company})
    await desk.noted(reopened, "Not yet!", who=await desk.kit.portal(company, admin=True))
    assert (await desk.shown(reopened))["meaning"] == "open"
    desk.kit.advance(timedelta(days=1, minutes=1))
    async with desk.kit.unit() as ctx:
        await ctx.send(close_resolved)
    await desk.kit.drain()
    assert [(await desk.shown(one))["meaning"] for one in (quiet, reopened, parent, late)] == [
        "closed",
        "open",
        "resolved",
        "resolved",
    ]
    await desk.admin.patch("/settings/ticketing", {"values": {"auto_close_days": 0}}, type="settings")
    desk.kit.advance(timedelta(days=30))
    async with desk.kit.unit() as ctx:
        await ctx.send(close_resolved)
    await desk.kit.drain()
    assert (await desk.shown(late))["meaning"] == "resolved"


async def test_relationships_are_written_and_read_back_or_cleared(desk):
    """TIC-04: for each writable relationship; attributes are the battery's."""
    company = await desk.company()
    values = {
        "company": company,
        "contact": await desk.contact(company),
        "site": (await desk.kit.make("sites", company=company)).id,
        "assigned_to": await desk.staff.account_id(),
        "team": (await desk.kit.make("groups")).id,
        "status": await desk.status("waiting_customer"),
        "priority": await desk.listed("ticket-priorities", "High"),
        "ticket_type": (await desk.kit.make("ticket-types")).id,
        "category": await desk.listed("ticket-categories", "Hardware"),
        "subcategory": await desk.listed("ticket-categories", "Printer"),
        "queue": await desk.listed("ticket-queues", "Triage"),
        "parent": await desk.ticket(),
        "follow_up_of": await desk.ticket(),
    }
    ticket = await desk.ticket()
    answer = await desk.admin.patch(f"/tickets/{ticket}", relationships=values)
    assert answer.status_code == 200, answer.text
    shown = await desk.shown(ticket)
    assert {name: shown[name] for name in values} == {name: str(one) for name, one in values.items()}
    nullable = (
        "site",
        "assigned_to",
        "team",
        "subcategory",
        "category",
        "parent",
        "follow_up_of",
        "contact",
        "company",
    )
    cleared = await desk.admin.patch(f"/tickets/{ticket}", relationships=dict.fromkeys(nullable))
    assert cleared.status_code == 200, cleared.text
    shown = await desk.shown(ticket)
    assert {shown[name] for name in nullable} == {None}
    for name in ("status", "priority", "ticket_type", "queue"):
        refused = await desk.admin.patch(f"/tickets/{ticket}", relationships={name: None})
        assert (refused.status_code, codes(refused)) == (422, ["required"])


async def test_requester_company_and_site_belong_together(desk):
    """TIC-04"""
    one, other = await desk.company(), await desk.company()
    contact, site = await desk.contact(other), (await desk.kit.make("sites", company=other)).id
    answer = await desk.admin.post(
        "/tickets", {"title": "Mixed"}, {"company": one, "contact": contact, "site": site}
    )
    assert answer.status_code == 422
    assert [error["source"]["pointer"] for error in answer.json()["errors"]] == [
        "/data/relationships/contact",
        "/data/relationships/site",
    ]
    ticket = await desk.ticket(contact=contact)
    assert (await desk.shown(ticket))["company"] == str(other)
    await desk.admin.delete(f"/companies/{other}")
    shelved = await desk.admin.post("/tickets", {"title": "Late"}, {"company": other})
    assert (shelved.status_code, codes(shelved)) == (409, ["company_archived"])
    assert (await desk.admin.patch(f"/tickets/{ticket}", {"title": "Still editable"})).status_code == 200


async def test_a_subcategory_belongs_to_its_category(desk):
    hardware, printer = [await desk.listed("ticket-categories", name) for name in ("Hardware", "Printer")]
    software = await desk.listed("ticket-categories", "Software")
    wrong = await desk.admin.post("/tickets", {"title": "x"}, {"category": software, "subcategory": printer})
    assert (wrong.status_code, codes(wrong)) == (422, ["other_category"])
    ticket = await desk.ticket(subcategory=printer)
    assert (await desk.shown(ticket))["meaning"] == "new"
    shown = await desk.admin.get(f"/tickets/{ticket}")
    assert shown.json()["data"]["relationships"]["category"]["data"]["id"] == str(hardware)


async def test_the_first_response_is_staffs_first_public_note(new_kit):
    """TIC-05, TIC-06"""
    desk = await Desk.open(await new_kit("multi", shared=False))
    company = await desk.company()
    ticket = await desk.ticket(company=company)
    client = await desk.kit.portal(company, admin=True)
    from psa_comments.api import Conversation

    async with desk.kit.unit() as ctx:
        await ctx.service(Conversation).add(
            ("tickets", ticket), "We got it.", note_type="public", automated=True
        )
    await desk.noted(ticket, "Thinking", "internal")
    shown = await desk.shown(ticket)
    assert (shown["first_response_at"], shown["awaiting"]) == (None, "us")
    assert shown["last_staff_activity_at"] is not None
    await desk.noted(ticket, "Hello?", who=client)
    assert (await desk.shown(ticket))["first_response_at"] is None
    desk.kit.advance(timedelta(minutes=10))
    await desk.noted(ticket, "On it", "public")
    first = await desk.shown(ticket)
    assert first["awaiting"] == "customer"
    desk.kit.advance(timedelta(minutes=10))
    await desk.noted(ticket, "Done", "public")
    await desk.noted(ticket, "Thanks", who=client)
    last = await desk.shown(ticket)
    assert last["first_response_at"] == first["first_response_at"]
    assert last["awaiting"] == "us"
    assert last["last_customer_activity_at"] == last["last_staff_activity_at"] > first["first_response_at"]


async def test_a_clients_word_brings_a_waiting_or_resolved_ticket_back(desk):
    """TIC-03, TIC-06"""
    company = await desk.company()
    client = await desk.kit.portal(company, admin=True)
    for category, after in (
        ("waiting_customer", "open"),
        ("resolved", "open"),
        ("waiting_third_party", "waiting_third_party"),
        ("closed", "closed"),
    ):
        ticket = await desk.ticket(company=company)
        await desk.move(ticket, category)
        await desk.noted(ticket, "Staff says", "public")
        assert (await desk.shown(ticket))["meaning"] == category
        await desk.noted(ticket, "Client says", who=client)
        assert (await desk.shown(ticket))["meaning"] == after


async def test_clients_open_tickets_for_themselves_only(desk):
    """AUTH, TIC-64: whatever they send, source, company and requester are theirs."""
    company, other = await desk.company(), await desk.company()
    contact = await desk.contact(company)
    client = await desk.kit.portal(company, contact_id=contact)
    answer = await client.post("/tickets", {"title": "Help", "description": "**now**"})
    assert answer.status_code == 201, answer.text
    shown = await desk.shown(answer.json()["data"]["id"])
    assert (shown["source"], shown["company"], shown["contact"]) == ("portal", str(company), str(contact))
    for name, target in (("company", other), ("contact", await desk.contact(other)), ("queue", new_id())):
        refused = await client.post("/tickets", {"title": "Help"}, {name: target})
        assert refused.status_code in {403, 422}
    assert (await client.post("/tickets", {"title": "x", "is_billable": False})).status_code in {403, 422}
    assert (await client.patch(f"/tickets/{answer.json()['data']['id']}", {"title": "x"})).status_code == 403
    seen = answer.json()["data"]
    for hidden in ("assigned_to", "queue", "watchers", "is_billable", "tags", "custom_fields"):
        assert hidden not in seen["attributes"] | seen["relationships"]


async def test_a_copied_contact_sees_the_ticket_and_colleagues_do_not(desk):
    """TIC-15"""
    company = await desk.company()
    asked, copied, colleague = [await desk.contact(company) for _ in range(3)]
    stranger = await desk.contact(await desk.company())
    ticket = await desk.ticket(contact=asked, cc_contacts=[copied, stranger])
    for contact, status in ((asked, 200), (copied, 200), (colleague, 404)):
        client = await desk.kit.portal(company, contact_id=contact)
        assert (await client.get(f"/tickets/{ticket}")).status_code == status
    outsider = await desk.kit.portal(await desk.company(), contact_id=stranger)
    assert (await outsider.get(f"/tickets/{ticket}")).status_code == 404


async def test_walking_all_pages_yields_every_ticket_once_while_rows_change(new_kit):
    """TIC-65"""
    desk = await Desk.open(await new_kit("multi"))
    before = [str(await desk.ticket(f"Ticket {n}")) for n in range(23)]
    seen: list[str] = []
    path, turn = "/tickets?page[size]=5&sort=created_at", 0
    while path:
        document = (await desk.admin.get(path)).json()
        seen += [item["id"] for item in document["data"]]
        await desk.admin.patch(f"/tickets/{before[turn]}", {"title": f"Changed {turn}"})
        await desk.admin.patch(f"/tickets/{before[-1 - turn]}", {"title": f"Changed {turn}"})
        await desk.ticket(f"New {turn}")
        path, turn = document["links"].get("next"), turn + 1
        assert turn < 12
    assert [one for one in seen if one in before] == sorted(before, key=before.index)
    assert len(seen) == len(set(seen))


async def test_other_tenants_ids_are_like_unknown_ones(desk):
    """X-08"""
    neighbour = await Desk.open(await desk.kit.neighbour())
    foreign = {
        "company": await neighbour.company(),
        "queue": await neighbour.listed("ticket-queues", "Triage"),
    }
    ticket = await desk.ticket()
    for name, known in foreign.items():
        answers = [
            await desk.admin.patch(f"/tickets/{ticket}", relationships={name: one})
            for one in (known, new_id())
        ]
        told = [
            [
                (error["status"], error["code"], error["detail"], error["source"])
                for error in answer.json()["errors"]
            ]
            for answer in answers
        ]
        assert answers[0].status_code == 404
        assert told[0] == told[1]
    theirs = await neighbour.ticket()
    for action, body in (
        ("merge", {"target": str(ticket)}),
        ("assign", {"assigned_to": None}),
        ("close", {}),
    ):
        for one in (theirs, new_id()):
            assert (await desk.admin.post(f"/tickets/{one}/{action}", body)).status_code == 404
    mixed = await desk.admin.post(f"/tickets/{ticket}/merge", {"target": str(theirs)})
    assert mixed.status_code == 404
