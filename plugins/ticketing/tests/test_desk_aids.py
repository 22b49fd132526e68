"""Checklists, presence, replies that cross, surveys."""

from datetime import timedelta
from uuid import UUID

from psa_sdk.tables import new_id
from psa_ticketing.api import SurveyLinks

from .desk import codes, meta


async def items(desk, ticket) -> list[tuple[str, bool]]:
    answer = await desk.admin.get(f"/tickets/{ticket}/checklist_items")
    assert answer.status_code == 200, answer.text
    return [(one["attributes"]["title"], one["attributes"]["is_done"]) for one in answer.json()["data"]]


async def progress(desk, ticket) -> tuple:
    shown = await desk.shown(ticket)
    return shown["checklist_done"], shown["checklist_total"]


async def template(desk, *steps: str) -> UUID:
    made = (await desk.kit.make("ticket-templates")).id
    for order, title in enumerate(steps):
        answer = await desk.admin.post(
            "/ticket-template-items", {"title": title, "sort_order": order}, {"template": made}
        )
        assert answer.status_code == 201, answer.text
    return made


async def test_a_template_brings_its_steps(desk):
    one = await template(desk, "Order the laptop", "Make the account")
    opened = await desk.staff.post(f"/ticket-templates/{one}/apply", {"title": "New starter"})
    assert opened.status_code == 201, opened.text
    ticket = UUID(opened.json()["data"]["id"])
    assert await items(desk, ticket) == [("Order the laptop", False), ("Make the account", False)]
    assert await progress(desk, ticket) == (0, 2)
    more = await template(desk, "Say hello")
    assert (await desk.staff.post(f"/tickets/{ticket}/checklist", {"template": str(more)})).status_code == 200
    assert [title for title, _ in await items(desk, ticket)][-1] == "Say hello"


async def test_steps_are_done_by_somebody(desk):
    ticket = await desk.ticket()
    assert await progress(desk, ticket) == (None, None)
    made = await desk.staff.post("/checklist-items", {"title": "Call back"}, {"ticket": ticket})
    assert made.status_code == 201, made.text
    step = made.json()["data"]["id"]
    done = await desk.staff.patch(f"/checklist-items/{step}", {"is_done": True})
    assert done.json()["data"]["attributes"]["done_at"] is not None
    assert done.json()["data"]["relationships"]["done_by"]["data"]["id"] == str(await desk.staff.account_id())
    assert await progress(desk, ticket) == (1, 1)
    undone = await desk.staff.patch(f"/checklist-items/{step}", {"is_done": False})
    assert undone.json()["data"]["attributes"]["done_at"] is None
    assert (await desk.staff.delete(f"/checklist-items/{step}")).status_code == 204
    assert await progress(desk, ticket) == (0, 0)


async def test_merging_unites_checklists(desk):
    """TIC-10"""
    company = await desk.company()
    a, b = await desk.ticket(company=company), await desk.ticket(company=company)
    for ticket, title in ((a, "From A"), (b, "From B")):
        await desk.staff.post("/checklist-items", {"title": title, "is_done": True}, {"ticket": ticket})
    assert (await desk.admin.post(f"/tickets/{a}/merge", {"target": str(b)})).status_code == 200
    assert sorted(await items(desk, b)) == [("From A", True), ("From B", True)]
    assert (await progress(desk, a), await progress(desk, b)) == ((0, 0), (2, 2))


async def present(desk, ticket, who, state="viewing", **page):
    answer = await who.post(f"/tickets/{ticket}/presence", {"state": state, **page})
    assert answer.status_code == 200, answer.text
    return [(one["attributes"]["name"], one["attributes"]["state"]) for one in answer.json()["data"]]


async def test_people_see_who_else_is_there(desk):
    """TIC-60: good for 25 seconds; who leaves is gone at once."""
    ticket = await desk.ticket()
    other = await desk.kit.staff(roles=("technician",), name="Olga Other")
    assert await present(desk, ticket, desk.staff) == []
    assert await present(desk, ticket, other, "typing") == [("Theo Technician", "viewing")]
    assert await present(desk, ticket, desk.staff) == [("Olga Other", "typing")]
    desk.kit.advance(timedelta(seconds=24))
    assert await present(desk, ticket, desk.staff) == [("Olga Other", "typing")]
    desk.kit.advance(timedelta(seconds=1))
    assert await present(desk, ticket, desk.staff) == []
    assert await present(desk, ticket, other) == [("Theo Technician", "viewing")]
    assert await present(desk, ticket, other, "gone") == [("Theo Technician", "viewing")]
    seen = await desk.staff.get(f"/tickets/{ticket}/presence")
    assert seen.json()["data"] == []
    blind = await desk.kit.staff("ticketing.tickets.read@own")
    assert (await blind.post(f"/tickets/{ticket}/presence", {})).status_code == 404


async def test_a_page_that_was_left_stays_left_whatever_of_it_arrives_late(desk):
    """Requests overtake each other: each page has its own row, and another one of the same person goes on."""
    ticket, other = await desk.ticket(), await desk.kit.staff(roles=("technician",), name="Olga Other")
    first, second = ({"page": str(new_id())} for _ in range(2))
    assert await present(desk, ticket, other, "gone", **first) == []
    assert await present(desk, ticket, other, "typing", **first) == []
    assert await present(desk, ticket, desk.staff) == []
    assert await present(desk, ticket, other, "typing", **second) == [("Theo Technician", "viewing")]
    assert await present(desk, ticket, other, "gone", **first) == [("Theo Technician", "viewing")]
    await present(desk, ticket, other)
    assert await present(desk, ticket, desk.staff) == [("Olga Other", "typing")]
    await present(desk, ticket, other, "gone", **second)
    assert await present(desk, ticket, desk.staff) == [("Olga Other", "viewing")]
    await present(desk, ticket, other, "gone")
    assert await present(desk, ticket, desk.staff) == []
    await present(desk, ticket, other)
    assert await present(desk, ticket, desk.staff) == [("Olga Other", "viewing")]


async def test_open_pages_hear_of_changes_only(desk):
    """TIC-60: a heartbeat that says nothing new is told to nobody."""
    from psa_sdk.web import LiveSource

    ticket = await desk.ticket()
    async with desk.kit.unit(desk.admin) as ctx:
        source = ctx.service(LiveSource).changes()
        import asyncio

        heard = asyncio.ensure_future(anext(source))
        await asyncio.sleep(0)
        await present(desk, ticket, desk.staff)
        place, change = await asyncio.wait_for(heard, 10)
        while change is None or (change.topic, change.id) != ("ticketing.presence", ticket):
            place, change = await asyncio.wait_for(anext(source), 10)
        await present(desk, ticket, desk.staff)
        await present(desk, ticket, desk.staff, "typing")
        later, again = await asyncio.wait_for(anext(source), 10)
        assert again is not None
        assert (again.topic, again.id) == ("ticketing.presence", ticket)
        assert later >= place
        await source.aclose()


async def test_a_page_hears_what_changed_while_it_was_under_way(desk):
    """What a page missed between its rendering and its stream is told first; what is too old says so."""
    import asyncio

    from psa_sdk.web import LiveSource

    async with desk.kit.unit(desk.admin) as ctx:
        source = ctx.service(LiveSource)
        rendered = source.place()
        here = source.changes()
        first = asyncio.ensure_future(anext(here))
        await asyncio.sleep(0)
        ticket = await desk.ticket()
        change = (await asyncio.wait_for(first, 10))[1]
        while change is None or (change.topic, change.id) != ("tickets", ticket):
            change = (await asyncio.wait_for(anext(here), 10))[1]
        await here.aclose()
        late = source.changes(rendered)
        told = [(await asyncio.wait_for(anext(late), 10))[1]]
        while (told[-1].topic, told[-1].id) != ("tickets", ticket):
            told.append((await asyncio.wait_for(anext(late), 10))[1])
        await late.aclose()
        ancient = source.changes(1)
        assert (await asyncio.wait_for(anext(ancient), 10))[1].topic == "*"
        await ancient.aclose()


async def test_replies_that_cross_are_shown(desk):
    """TIC-60: 409 with what was answered meanwhile, unless it is sent all the same; internal notes never."""
    ticket = await desk.ticket()
    seen = desk.kit.now.isoformat()
    desk.kit.advance(timedelta(seconds=5))
    other = await desk.kit.staff(roles=("technician",), name="Olga Other")
    await desk.noted(ticket, "We are on it", "public", who=other)
    path = f"/tickets/{ticket}/reply"
    refused = await desk.staff.post(path, {"content": "Have you tried…", "seen_at": seen})
    assert (refused.status_code, codes(refused)) == (409, ["newer_notes"])
    assert [(note["author_name"], note["content"]) for note in meta(refused)["notes"]] == [
        ("Olga Other", "We are on it")
    ]
    inside = {"content": "Olga has it", "note_type": "internal", "seen_at": seen}
    assert (await desk.staff.post(path, inside)).status_code == 201
    forced = await desk.staff.post(path, {"content": "Me too", "seen_at": seen, "force": True})
    assert forced.status_code == 201
    fresh = await desk.staff.post(path, {"content": "Again", "seen_at": desk.kit.now.isoformat()})
    assert fresh.status_code == 201


async def surveys(desk, ticket) -> list[dict]:
    await desk.kit.drain()
    answer = await desk.admin.get("/satisfaction-surveys", params={"filter[ticket]": str(ticket)})
    assert answer.status_code == 200, answer.text
    return [{"id": UUID(one["id"]), **one["attributes"]} for one in answer.json()["data"]]


async def closed(desk, **values) -> tuple[UUID, UUID]:
    company = await desk.company()
    contact = await desk.contact(company)
    ticket = await desk.ticket(company=company, contact=contact, **values)
    await desk.move(ticket, "closed")
    return ticket, contact


async def link(desk, survey: UUID) -> str:
    async with desk.kit.unit() as ctx:
        token = ctx.service(SurveyLinks).token(survey)
    answer = await desk.admin.get(f"/satisfaction-surveys/{survey}/link")
    assert answer.json()["data"]["attributes"] == {"token": token, "path": f"/portal/survey/{token}"}
    return token


async def test_a_client_answers_by_a_signed_link(desk):
    ticket, _ = await closed(desk, assigned_to=await desk.staff.account_id())
    [asked] = await surveys(desk, ticket)
    token, anyone = await link(desk, asked["id"]), desk.kit.anonymous()
    shown = await anyone.get(f"/public/surveys/{token}")
    assert shown.json()["data"]["attributes"]["rating"] is None
    for rating in (2, 5):
        said = await anyone.post(f"/public/surveys/{token}", {"rating": rating, "comment": " Thank you "})
        assert said.status_code == 200, said.text
    [told] = await surveys(desk, ticket)
    assert (told["rating"], told["comment"], told["rated_through"]) == (5, "Thank you", "link")
    rows = await desk.kit.installation.rows(
        "SELECT payload->>'rating' AS rating FROM psa.outbox WHERE name = 'ticketing.survey_answered'"
        " AND payload->>'ticket_id' = $1 ORDER BY created_at",
        str(ticket),
    )
    assert [row["rating"] for row in rows] == ["2", "5"]


async def test_links_that_are_not_ours_or_are_over_say_nothing(desk):
    ticket, _ = await closed(desk)
    [asked] = await surveys(desk, ticket)
    token, anyone = await link(desk, asked["id"]), desk.kit.anonymous()
    other, _ = await closed(desk)
    [unasked] = await surveys(desk, other)
    forged = f"{unasked['id'].hex}.{token.partition('.')[2]}"
    for bad in (forged, token[:-4], "nonsense", f"{asked['id'].hex}."):
        assert (await anyone.post(f"/public/surveys/{bad}", {"rating": 1})).status_code == 404
    for wrong in (0, 6):
        assert (await anyone.post(f"/public/surveys/{token}", {"rating": wrong})).status_code == 422
    for _ in range(5):
        assert (await anyone.post(f"/public/surveys/{token}", {"rating": 3})).status_code == 200
    assert codes(await anyone.post(f"/public/surveys/{token}", {"rating": 1})) == ["answered"]
    desk.kit.advance(timedelta(days=15))
    assert (await anyone.get(f"/public/surveys/{token}")).status_code == 404
    assert (await surveys(desk, ticket))[0]["rating"] == 3


async def test_one_survey_for_each_closing(desk):
    ticket, _ = await closed(desk)
    assert len(await surveys(desk, ticket)) == 1
    await desk.move(ticket, "open")
    assert len(await surveys(desk, ticket)) == 1
    await desk.move(ticket, "closed")
    assert sorted(one["closing"] for one in await surveys(desk, ticket)) == [0, 1]
    nobody = await desk.ticket()
    await desk.move(nobody, "closed")
    assert await surveys(desk, nobody) == []


async def test_people_are_not_asked_too_often(desk):
    await desk.admin.patch("/settings/ticketing", {"values": {"survey_pause_days": 7}}, type="settings")
    ticket, contact = await closed(desk)
    assert len(await surveys(desk, ticket)) == 1
    again = await desk.ticket(contact=contact)
    await desk.move(again, "closed")
    assert await surveys(desk, again) == []
    await desk.admin.patch("/settings/ticketing", {"values": {"survey_on_close": False}}, type="settings")
    never, _ = await closed(desk)
    assert await surveys(desk, never) == []
    reset = {"reset": ["survey_pause_days", "survey_on_close"]}
    assert (await desk.admin.patch("/settings/ticketing", reset, type="settings")).status_code == 200


async def test_clients_answer_in_the_portal(desk):
    ticket, contact = await closed(desk)
    await desk.kit.drain()
    company = UUID((await desk.shown(ticket))["company"])
    client = await desk.kit.portal(company, contact_id=contact)
    said = await client.post(f"/tickets/{ticket}/rating", {"rating": 4})
    assert said.status_code == 200, said.text
    assert (await surveys(desk, ticket))[0]["rated_through"] == "portal"
    stranger = await desk.kit.portal(await desk.company())
    assert (await stranger.post(f"/tickets/{ticket}/rating", {"rating": 1})).status_code == 404
    assert (await client.get("/satisfaction-surveys")).status_code in (403, 404)


async def test_satisfaction_is_reported(desk):
    kit = desk.kit
    people = [await kit.staff(roles=("technician",), name=name) for name in ("Ada Agent", "Bob Agent")]
    for who, ratings in zip(people, ((5, 4, None), (1, 5)), strict=True):
        for rating in ratings:
            ticket, _ = await closed(desk, assigned_to=await who.account_id())
            if rating:
                [asked] = await surveys(desk, ticket)
                await kit.anonymous().post(
                    f"/public/surveys/{await link(desk, asked['id'])}", {"rating": rating}
                )
    await kit.drain()
    day = str(kit.now.date())
    period = {
        "start_date": str(kit.now.date() - timedelta(days=1)),
        "end_date": str(kit.now.date() + timedelta(days=1)),
    }
    answer = await desk.admin.get(
        "/ticketing/reports/satisfaction", params={**period, "group": "assigned_to"}
    )
    assert answer.status_code == 200, answer.text
    rows = {one["attributes"]["label"]: one["attributes"] for one in answer.json()["data"]}
    ada, bob = rows["Ada Agent"], rows["Bob Agent"]
    assert (ada["asked"], ada["answered"], ada["satisfied_percent"], ada["average"]) == (
        3,
        2,
        "100.00",
        "4.50",
    )
    assert (bob["satisfied_percent"], bob["counts"]) == ("50.00", [1, 0, 0, 0, 1])
    total = (await desk.admin.get("/ticketing/reports/satisfaction", params=period)).json()["data"]
    assert total[0]["attributes"]["asked"] == sum(row["asked"] for row in rows.values())
    backwards = {"start_date": day, "end_date": "2020-01-01"}
    assert codes(await desk.admin.get("/ticketing/reports/satisfaction", params=backwards)) == ["bad_period"]
