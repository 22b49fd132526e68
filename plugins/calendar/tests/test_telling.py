"""CAL-11, CAL-14: invitations, feeds and reminders."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from icalendar import Calendar

from psa_calendar.forgetting import forget_ended

from . import carrier
from .desk import codes


async def read(desk, url: str):
    """Read a feed as a program does that knows nothing but its address."""
    return await desk.kit.anonymous().get(urlsplit(url).path.removeprefix("/api/v1"))


async def test_those_who_take_part_are_told_what_is_new_to_them(desk):
    """CAL-14: stable UID, SEQUENCE increments, METHOD:CANCEL for removals."""
    theo, tina = await desk.technician(), await desk.technician("Tina Technician")
    company = (await desk.kit.make("companies")).id
    guest = f"ada{desk.kit.number()}@example.com"
    # A name is a name, whatever stands in it.
    name = 'Ada" <evil@example.com>, "Ada'
    contact = (await desk.kit.make("contacts", company=company, email=guest, first_name=name)).id
    first, second = await desk.address(theo), await desk.address(tina)
    id = await desk.booked(
        desk.dispatcher,
        desk.at(9),
        desk.at(10),
        title="Rack; level 2, left",
        description="Bring a ladder",
        notes="They are slow to pay",
        location="Basement",
        assigned_to=await theo.account_id(),
        guests=[contact],
    )
    assert await desk.told(first) == await desk.told(guest) == [("REQUEST", 0, id)]
    assert await desk.told("evil@example.com") == []
    [event] = carrier.INVITED[guest][0].walk("VEVENT")
    assert (event["SUMMARY"], event["DTSTART"].dt.isoformat()) == ("Rack; level 2, left", desk.at(9))
    assert event["ORGANIZER"] == f"mailto:{await desk.address(desk.dispatcher)}"
    assert len(event["ATTENDEE"]) == 2
    assert b"slow to pay" not in carrier.INVITED[guest][0].to_ical()
    await desk.move(id, notes="Nobody is told of this")
    linked = await desk.dispatcher.patch(
        f"/appointments/{id}", relationships={"attendees": [await tina.account_id()]}
    )
    assert linked.status_code == 200, linked.text
    assert len(await desk.told(guest)) == 1
    assert await desk.told(second) == [("REQUEST", 0, id)]
    await desk.move(id, start_time=desk.at(14))
    assert (await desk.told(guest))[-1] == (await desk.told(second))[-1] == ("REQUEST", 1, id)
    await desk.dispatcher.patch(f"/appointments/{id}", relationships={"guests": []})
    assert (await desk.told(guest))[-1] == ("CANCEL", 1, id)
    assert (await desk.dispatcher.delete(f"/appointments/{id}")).status_code == 204
    assert (await desk.told(first))[-1] == (await desk.told(second))[-1] == ("CANCEL", 2, id)
    assert len(await desk.told(guest)) == 3
    assert await desk.told(await desk.address(desk.dispatcher)) == []


async def test_everybody_reads_the_time_by_their_own_clock(desk):
    """CRM-14: the contact's zone, else the company's; staff have their own."""
    clock = {"there": "Asia/Tokyo", "at the company": "America/Sao_Paulo"}
    company = (await desk.kit.make("companies", timezone=clock["at the company"])).id
    addresses = {where: f"clock{desk.kit.number()}@example.com" for where in clock}
    guests = [
        (await desk.kit.make("contacts", company=company, email=address, **given)).id
        for address, given in zip(addresses.values(), ({"timezone": clock["there"]}, {}), strict=True)
    ]
    theo = await desk.technician(zone="Asia/Kolkata")
    await desk.booked(
        desk.dispatcher, desk.at(9), desk.at(10), assigned_to=await theo.account_id(), guests=guests
    )
    await desk.kit.drain()
    day = desk.day.isoformat()
    read = [carrier.READ[one][-1] for one in (*addresses.values(), await desk.address(theo))]
    assert f"{day} 18:00 - 19:00 JST" in read[0]
    assert f"{day} 06:00 - 07:00 -03" in read[1]
    assert f"{day} 14:30 - 15:30" in read[2]


async def test_addresses_are_forgotten_with_the_person_and_after_the_appointment(desk):
    address = f"ada{desk.kit.number()}@example.com"
    contact = (await desk.kit.make("contacts", email=address)).id
    theo = await desk.technician()
    me = await theo.account_id()
    id = await desk.booked(desk.dispatcher, desk.at(9), assigned_to=me, guests=[contact])
    assert await desk.told(address) == [("REQUEST", 0, id)]

    async def kept() -> set[str]:
        await desk.kit.drain()
        rows = await desk.kit.installation.rows(
            "SELECT email FROM calendar.invitation WHERE appointment = $1", UUID(id)
        )
        return {row["email"] for row in rows}

    assert await kept() == {address, await desk.address(theo)}
    forgotten = await desk.admin.post(f"/contacts/{contact}/anonymise", {"reason": "They asked"})
    assert forgotten.status_code < 300, forgotten.text
    assert await kept() == {await desk.address(theo)}
    desk.kit.advance(timedelta(days=18))
    async with desk.kit.unit() as ctx:
        await ctx.send(forget_ended)
    assert await kept() == set()


async def test_a_feed_is_read_by_its_secret_address_until_it_is_revoked(desk):
    """CAL-14: busy-only hides titles, locations and descriptions; private items are left out."""
    theo = await desk.technician()
    me = await theo.account_id()
    words = {"description": "Bring a ladder", "location": "Basement"}
    shown = await desk.booked(theo, desk.at(9), title="Visit", assigned_to=me, **words)
    await desk.booked(theo, desk.at(12), title="Dentist", is_private=True, assigned_to=me)
    await desk.dispatcher.post(
        "/appointments",
        {"title": "Fair", "all_day": True, "start_date": desk.day.isoformat(), "is_busy": False},
        {"attendees": [me]},
    )
    feeds = {}
    for name, busy in (("All", False), ("Busy", True)):
        made = await theo.post("/calendar-feeds", {"name": name, "busy_only": busy}, type="calendar-feeds")
        assert made.status_code == 201, made.text
        feeds[name] = made.json()["data"]
    answer = await read(desk, feeds["All"]["attributes"]["url"])
    assert answer.headers["Content-Type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.text).walk("VEVENT")
    assert [(str(one["SUMMARY"]), one["DTSTART"].dt) for one in events if one["SUMMARY"] == "Fair"] == [
        ("Fair", desk.day)
    ]
    assert sorted(str(one["SUMMARY"]) for one in events) == ["Fair", "Visit"]
    busy = await read(desk, feeds["Busy"]["attributes"]["url"])
    [event] = Calendar.from_ical(busy.text).walk("VEVENT")
    assert (str(event["UID"]), str(event["SUMMARY"])) == (shown, "Busy")
    assert not [word for word in ("Visit", "ladder", "Basement", "Dentist", "Fair") if word in busy.text]
    listed = await theo.get("/calendar-feeds")
    assert len(listed.json()["data"]) == 2
    assert "url" not in listed.json()["data"][0]["attributes"]
    # A program that may act for somebody for a while gets no address that outlasts it.
    key = await desk.kit.api_key("calendar.*")
    made = await key.post("/calendar-feeds", {"name": "Forever"}, type="calendar-feeds")
    assert (made.status_code, codes(made)) == (403, ["person_needed"])
    stranger = await desk.technician("Tina Technician")
    assert (await stranger.delete(f"/calendar-feeds/{feeds['All']['id']}")).status_code == 404
    assert (await theo.delete(f"/calendar-feeds/{feeds['All']['id']}")).status_code == 204
    assert (await read(desk, feeds["All"]["attributes"]["url"])).status_code == 404
    # Whoever may no longer see appointments no longer sees their own, by whatever address.
    assert (await read(desk, feeds["Busy"]["attributes"]["url"])).status_code == 200
    async with desk.kit.unit() as ctx:
        held = [row["id"] for row in await ctx.records.find("roles") if row["key"] == "technician"]
        await ctx.records.unlink("users", me, "roles", held)
    assert (await read(desk, feeds["Busy"]["attributes"]["url"])).status_code == 404


async def test_reminders_come_once_and_only_for_what_still_holds(desk):
    """CAL-11"""
    theo = await desk.technician()
    me = await theo.account_id()

    async def reminders(id: str) -> int:
        await desk.kit.drain()
        found = await desk.kit.installation.rows(
            "SELECT count(*)::int AS n FROM console.notification"
            " WHERE kind = 'appointment_reminder' AND account = $1 AND subject_id = $2",
            me,
            UUID(id),
        )
        given = await desk.kit.installation.rows(
            "SELECT count(*)::int AS n FROM calendar.reminder WHERE appointment = $1", UUID(id)
        )
        assert found[0]["n"] <= given[0]["n"]
        return given[0]["n"]

    def soon(minutes: int) -> str:
        return (desk.kit.now + timedelta(minutes=minutes)).isoformat()

    inside = await desk.booked(theo, soon(10), assigned_to=me, reminder_minutes=[30])
    moved = await desk.booked(theo, soon(120), assigned_to=me, reminder_minutes=[60, 30])
    off = await desk.booked(theo, soon(300), assigned_to=me, reminder_minutes=[240])
    missed = await desk.booked(theo, soon(420), assigned_to=me, reminder_minutes=[360])
    assert [await reminders(one) for one in (inside, moved, off)] == [1, 0, 0]
    assert (await desk.move(moved, start_time=soon(200))).status_code == 200
    assert (await desk.move(off, status="cancelled")).status_code == 200
    desk.kit.advance(timedelta(minutes=62))
    assert [await reminders(one) for one in (inside, moved, off, missed)] == [1, 0, 0, 1]
    desk.kit.advance(timedelta(minutes=80))
    assert [await reminders(one) for one in (inside, moved, off)] == [1, 1, 0]
    late = await desk.booked(theo, soon(700), assigned_to=me, reminder_minutes=[60])
    desk.kit.advance(timedelta(minutes=701))
    assert [await reminders(one) for one in (moved, late)] == [1, 0]
