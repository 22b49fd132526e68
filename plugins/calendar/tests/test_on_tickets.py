"""TIC-67, TIC-10: a ticket and its appointment move together."""

from uuid import UUID

from .desk import codes


async def open_ticket(desk, **given) -> UUID:
    company = (await desk.kit.make("companies")).id
    contact = (await desk.kit.make("contacts", company=company)).id
    return (await desk.kit.make("tickets", contact=contact, **given)).id


async def schedule(desk, ticket, start, end):
    return await desk.dispatcher.patch(f"/tickets/{ticket}", {"scheduled_start": start, "scheduled_end": end})


async def category(desk, name):
    found = await desk.admin.get("/ticket-statuses", params={"filter[category]": name})
    return UUID(found.json()["data"][0]["id"])


async def test_scheduling_makes_one_appointment_and_moving_either_moves_the_other(desk):
    """TIC-67"""
    theo = await desk.technician()
    me = await theo.account_id()
    ticket = await open_ticket(desk, assigned_to=me)
    assert (await schedule(desk, ticket, desk.at(9), desk.at(10))).status_code == 200
    [made] = await desk.appointments(ticket)
    assert (made["start_time"], made["end_time"], made["appointment_type"]) == (
        desk.at(9),
        desk.at(10),
        "ticket",
    )
    assert (await schedule(desk, ticket, desk.at(13), desk.at(15))).status_code == 200
    [moved] = await desk.appointments(ticket)
    assert (moved["id"], moved["start_time"], moved["end_time"]) == (made["id"], desk.at(13), desk.at(15))
    assert (await desk.move(made["id"], start_time=desk.at(16), end_time=desk.at(17))).status_code == 200
    held = await desk.shown("tickets", ticket)
    assert (held["scheduled_start"], held["scheduled_end"]) == (desk.at(16), desk.at(17))
    await desk.kit.drain()
    assert len(await desk.appointments(ticket)) == 1
    taken = await open_ticket(desk, assigned_to=me)
    refused = await schedule(desk, taken, desk.at(16, 30), desk.at(18))
    assert (refused.status_code, codes(refused)) == (409, ["appointment_conflict"])
    assert (await desk.shown("tickets", taken))["scheduled_start"] is None
    knowingly = await desk.booked(
        desk.dispatcher, desk.at(16, 30), desk.at(18), ticket=taken, assigned_to=me, allow_conflicts=True
    )
    assert (await desk.shown("tickets", taken))["scheduled_start"] == desk.at(16, 30)
    assert (await desk.dispatcher.delete(f"/appointments/{knowingly}")).status_code == 204
    assert (await desk.shown("tickets", taken))["scheduled_start"] is None
    assert (await schedule(desk, ticket, None, None)).status_code == 200
    assert [one["status"] for one in await desk.appointments(ticket)] == ["cancelled"]


async def test_a_ticket_opened_with_a_schedule_has_its_appointment_and_hands_it_over(desk):
    theo, tina = await desk.technician(), await desk.technician("Tina Technician")
    me, her = await theo.account_id(), await tina.account_id()
    company = (await desk.kit.make("companies")).id
    answer = await desk.dispatcher.post(
        "/tickets",
        {"title": "New screens", "scheduled_start": desk.at(9), "estimated_hours": "1.5"},
        {"company": company, "assigned_to": me},
    )
    assert answer.status_code == 201, answer.text
    ticket = UUID(answer.json()["data"]["id"])
    [made] = await desk.appointments(ticket)
    assert (made["end_time"], made["is_client_visible"]) == (desk.at(10, 30), True)
    assert made["title"].endswith("New screens")
    await desk.booked(tina, desk.at(9), desk.at(10), assigned_to=her)
    handed = await desk.dispatcher.patch(f"/tickets/{ticket}", relationships={"assigned_to": her})
    assert handed.status_code == 200, handed.text
    mine = await desk.admin.get(
        "/appointments", params={"filter[assigned_to]": str(her), "sort": "created_at"}
    )
    assert [one["attributes"]["allow_conflicts"] for one in mine.json()["data"]] == [True, False]
    second = await desk.booked(desk.dispatcher, desk.at(14), desk.at(15), ticket=ticket, assigned_to=me)
    assert (await desk.shown("tickets", ticket))["scheduled_start"] == desk.at(9)
    assert (await desk.move(made["id"], status="cancelled")).status_code == 200
    assert (await desk.shown("tickets", ticket))["scheduled_start"] == desk.at(14)
    elsewhere = (await desk.kit.make("companies")).id
    await desk.dispatcher.patch(f"/tickets/{ticket}", relationships={"company": elsewhere})
    held = (await desk.admin.get(f"/appointments/{second}")).json()["data"]["relationships"]
    assert held["company"]["data"]["id"] == str(elsewhere)


async def test_a_ticket_that_ends_cancels_what_is_still_to_come(desk):
    """TIC-67: and sends ICS CANCEL with a higher SEQUENCE."""
    theo = await desk.technician()
    me, address = await theo.account_id(), await desk.address(theo)
    ticket = await open_ticket(desk, assigned_to=me)
    await schedule(desk, ticket, desk.at(9), desk.at(10))
    [made] = await desk.appointments(ticket)
    assert await desk.told(address) == [("REQUEST", 0, made["id"])]
    await schedule(desk, ticket, desk.at(11), desk.at(12))
    await desk.kit.drain()
    status = await category(desk, "closed")
    closed = await desk.dispatcher.patch(f"/tickets/{ticket}", relationships={"status": status})
    assert closed.status_code == 200, closed.text
    assert [one["status"] for one in await desk.appointments(ticket)] == ["cancelled"]
    assert (await desk.shown("tickets", ticket))["scheduled_start"] is None
    assert await desk.told(address) == [
        ("REQUEST", 0, made["id"]),
        ("REQUEST", 1, made["id"]),
        ("CANCEL", 2, made["id"]),
    ]


async def test_merging_brings_the_appointments_along(desk):
    """TIC-10: appointments union; a target that wasn't planned is planned for the source's."""
    source, target = await open_ticket(desk), await open_ticket(desk)
    await schedule(desk, source, desk.at(9), desk.at(10))
    merged = await desk.admin.post(f"/tickets/{source}/merge", {"target": str(target), "force": True})
    assert merged.status_code == 200, merged.text
    await desk.kit.drain()
    [moved] = await desk.appointments(target)
    assert (moved["status"], (await desk.shown("tickets", target))["scheduled_start"]) == (
        "scheduled",
        desk.at(9),
    )
    companies = [
        (await desk.admin.get(path)).json()["data"]["relationships"]["company"]["data"]["id"]
        for path in (f"/tickets/{target}", f"/appointments/{moved['id']}")
    ]
    assert companies[0] == companies[1]
    late = await desk.book(desk.dispatcher, desk.at(15), ticket=source)
    assert codes(late) == ["ticket_merged"]
