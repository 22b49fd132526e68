"""CAL-06, CAL-08: nobody is booked twice, and days are days wherever one looks from."""

import asyncio
from datetime import timedelta

from .desk import codes


async def test_what_overlaps_is_refused_with_all_that_stands_in_the_way(desk):
    """CAL-06: half-open; every conflict is named; the permission decides, not the wish; private titles stay private."""
    theo = await desk.technician()
    me = await theo.account_id()
    first = await desk.booked(theo, desk.at(9), desk.at(10), title="Swap the router", assigned_to=me)
    await desk.booked(
        desk.dispatcher, desk.at(11), desk.at(12), title="Dentist", is_private=True, attendees=[me]
    )
    await desk.booked(theo, desk.at(10), desk.at(11), title="Between", assigned_to=me)
    await desk.booked(theo, desk.at(9), desk.at(12), title="Newsletter", is_busy=False, assigned_to=me)
    other = await desk.kit.staff(roles=("manager",), name="Mona Manager")
    both = await desk.book(other, desk.at(9, 30), desk.at(11, 30), assigned_to=me)
    assert (both.status_code, codes(both)) == (409, ["appointment_conflict"] * 3)
    details = [error["detail"] for error in both.json()["errors"]]
    assert "'Swap the router'" in details[0]
    assert "is busy" in details[2]
    assert "Dentist" not in both.text
    assert both.json()["errors"][0]["meta"]["appointment"] == first
    wish = await desk.book(theo, desk.at(9, 30), desk.at(9, 40), assigned_to=me, allow_conflicts=True)
    assert wish.status_code == 409
    late = await desk.booked(theo, desk.at(15), desk.at(16), assigned_to=me)
    moved = await desk.move(late, start_time=desk.at(9, 59), end_time=desk.at(10, 30))
    assert codes(moved) == ["appointment_conflict"] * 2
    added = await desk.book(other, desk.at(9), desk.at(10), attendees=[me])
    assert added.status_code == 409
    knowingly = await desk.booked(
        desk.dispatcher, desk.at(9), desk.at(10), assigned_to=me, allow_conflicts=True
    )
    assert (await desk.move(knowingly, status="cancelled")).status_code == 200
    assert (await desk.move(first, status="cancelled")).json()["data"]["attributes"]["sequence"] == 1
    await desk.booked(theo, desk.at(9), desk.at(10), title="Free again", assigned_to=me)
    assert (await desk.move(first, status="scheduled")).status_code == 409


async def test_of_two_bookings_at_once_one_is_made(desk):
    """CAL-06: two parallel identical bookings -> one 201, one 409."""
    me = await (await desk.technician()).account_id()
    answers = await asyncio.gather(
        *(desk.book(desk.dispatcher, desk.at(9), desk.at(10), assigned_to=me) for _ in range(2)),
        desk.book(desk.dispatcher, desk.at(9), desk.at(10), attendees=[me]),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_an_all_day_appointment_is_the_same_date_everywhere(desk):
    """CAL-08: booked for somebody in Berlin, looked at from New York."""
    berliner = await desk.technician("Berta Berlin", "Europe/Berlin")
    yorker = await desk.technician("Nora York", "America/New_York")
    them = [await one.account_id() for one in (berliner, yorker)]
    date = desk.day.isoformat()
    answer = await desk.dispatcher.post(
        "/appointments",
        {"title": "Training", "all_day": True, "start_date": date},
        {"assigned_to": them[0], "attendees": [them[1]]},
    )
    assert answer.status_code == 201, answer.text
    held = answer.json()["data"]["attributes"]
    assert (held["start_date"], held["end_date"]) == (date, date)
    for account in them:
        for offset, expected in ((-1, 0), (0, 1), (1, 0)):
            day = (desk.day + timedelta(days=offset)).isoformat()
            found = await yorker.get(f"/appointments/user/{account}/{day}/{day}")
            assert len(found.json()["data"]) == expected, (account, offset)
    late = await desk.booked(
        berliner, desk.at(23, 30), desk.at(23, 45), title="Late", assigned_to=them[0], allow_conflicts=False
    )
    assert (await desk.move(late, title="Later")).status_code == 200
    tomorrow = (desk.day + timedelta(days=1)).isoformat()
    seen = await yorker.get(f"/appointments/user/{them[0]}/{tomorrow}/{tomorrow}")
    assert [one["attributes"]["title"] for one in seen.json()["data"]] == ["Later"]
    clock = await desk.move(late, all_day=True)
    assert codes(clock) == ["required"]
    empty = await desk.move(late, end_time=None)
    assert empty.json()["data"]["attributes"]["end_time"] == desk.at(0, 30, day=1)
    wrong = await desk.book(berliner, desk.at(10), desk.at(9), assigned_to=them[0])
    assert codes(wrong) == ["bad_span"]


async def test_private_appointments_and_other_peoples_are_told_as_time_that_is_taken(desk):
    theo, lone = await desk.technician(), await desk.kit.staff("calendar.appointments.read@own")
    me = await theo.account_id()
    secret = await desk.booked(
        theo, desk.at(9), desk.at(10), title="Dentist", is_private=True, assigned_to=me
    )
    await desk.booked(theo, desk.at(12), desk.at(13), title="Visit", assigned_to=me)
    day = desk.day.isoformat()
    path = f"/appointments/calendar/{day}/{day}"

    async def titles(who):
        return [one["attributes"]["title"] for one in (await who.get(path)).json()["data"]]

    assert await titles(theo) == ["Dentist", "Visit"]
    assert await titles(desk.dispatcher) == [None, "Visit"]
    assert await titles(lone) == [None, None]
    assert (await desk.dispatcher.get(f"/appointments/{secret}")).status_code == 404
    await theo.get(path)
    async with desk.kit.statements() as few:
        await theo.get(path)
    for hour in range(14, 20):
        await desk.booked(theo, desk.at(hour), desk.at(hour + 1), assigned_to=me)
    async with desk.kit.statements() as many:
        await theo.get(path)
    assert _asked(many) == _asked(few) == 2


def _asked(sent) -> int:
    return sum("calendar.appointment" in text or '"appointment"' in text for text in sent)


async def test_clients_see_what_is_meant_for_them(desk):
    company, stranger = (await desk.kit.make("companies")).id, (await desk.kit.make("companies")).id
    one, two = [(await desk.kit.make("contacts", company=company)).id for _ in range(2)]
    own = await desk.booked(
        desk.dispatcher, desk.at(9), title="Yours", contact=one, is_client_visible=True, notes="Difficult"
    )
    await desk.booked(desk.dispatcher, desk.at(10), title="Colleague's", contact=two, is_client_visible=True)
    await desk.booked(
        desk.dispatcher, desk.at(11), title="Everybody's", company=company, is_client_visible=True
    )
    await desk.booked(desk.dispatcher, desk.at(12), title="Internal", company=company)
    await desk.booked(desk.dispatcher, desk.at(13), title="Other", company=stranger, is_client_visible=True)

    async def titles(who):
        found = (await who.get("/appointments", params={"sort": "start_time"})).json()["data"]
        return [item["attributes"]["title"] for item in found]

    client = await desk.kit.portal(company, "calendar.appointments.read", contact_id=one)
    assert await titles(client) == ["Yours", "Everybody's"]
    assert "Difficult" not in (await client.get(f"/appointments/{own}")).text
    chief = await desk.kit.portal(company, "calendar.appointments.read", admin=True)
    assert await titles(chief) == ["Yours", "Colleague's", "Everybody's"]
    mixed = await desk.book(desk.dispatcher, desk.at(14), company=stranger, contact=one)
    assert codes(mixed) == ["other_company"]
