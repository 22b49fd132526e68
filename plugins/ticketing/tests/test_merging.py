"""Merging tickets and splitting them (TIC-10 to TIC-16)."""

import asyncio

from .desk import codes, meta


async def merge(desk, source, target, **more):
    return await desk.admin.post(f"/tickets/{source}/merge", {"target": str(target), **more})


async def upload(desk, path: str, name: str) -> str:
    content = (
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\nhello\r\n--x--\r\n'
    )
    answer = await desk.admin.request(
        "POST", path, content=content.encode(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def test_everything_on_the_source_moves_to_the_target(desk):
    """TIC-10, TIC-15"""
    company = await desk.company()
    asked, other = await desk.contact(company), await desk.contact(company)
    theo, boss = await desk.staff.account_id(), await desk.admin.account_id()
    a = await desk.ticket("A", contact=asked, tags=["a", "x"], watchers=[theo])
    b = await desk.ticket("B", contact=other, tags=["x", "b"], watchers=[boss])
    child = await desk.ticket("Child", parent=a)
    client = await desk.kit.portal(company, contact_id=asked)
    first = await desk.noted(a, "Internal on A", "internal")
    second = await desk.noted(b, "Public on B", "public")
    third = await desk.noted(a, "From the client", who=client)
    file = await upload(desk, f"/tickets/{a}/attachments", "a.txt")
    noted = await upload(desk, f"/comments/{first}/attachments", "note.txt")

    answer = await merge(desk, a, b)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["id"] == str(b)
    notes = await desk.notes(b)
    assert [note["id"] for note in notes[:3]] == [str(one) for one in (first, second, third)]
    assert [(note["note_type"], note["author_kind"]) for note in notes[:3]] == [
        ("internal", "staff"),
        ("public", "staff"),
        ("public", "portal"),
    ]
    assert notes[3]["is_automated"]
    assert await desk.notes(a) == []
    assert await desk.ids(f"/tickets/{b}/attachments") == [file]
    assert await desk.ids(f"/comments/{first}/attachments") == [noted]
    assert set(await desk.ids(f"/tickets/{b}/watchers")) == {str(theo), str(boss)}
    assert await desk.ids(f"/tickets/{b}/cc_contacts") == [str(asked)]
    target, source = await desk.shown(b), await desk.shown(a)
    assert target["tags"] == ["x", "b", "a"]
    assert (await desk.shown(child))["parent"] == str(b)
    assert (source["meaning"], source["merged_into"]) == ("merged", str(b))
    assert await desk.ids(f"/tickets/{b}/merged_tickets") == [str(a)]
    for who in (desk.admin, desk.staff):
        edit = await who.patch(f"/tickets/{a}", {"title": "Changed"})
        assert (edit.status_code, codes(edit), meta(edit)["merged_into"]) == (409, ["ticket_merged"], str(b))
    told = await desk.kit.installation.rows(
        "SELECT payload FROM psa.outbox WHERE name = 'ticketing.tickets_merged' AND payload->>'source_id' = $1",
        str(a),
    )
    assert len(told) == 1


async def test_a_reply_to_a_merged_ticket_lands_on_the_one_that_is_left(desk):
    """TIC-11: along chains, and it never reopens the merged one."""
    company = await desk.company()
    asked = await desk.contact(company)
    client = await desk.kit.portal(company, contact_id=asked)
    a, b, c = [await desk.ticket(name, contact=asked) for name in "ABC"]
    await merge(desk, a, b)
    await merge(desk, b, c)
    await desk.move(c, "resolved")
    for who, text in ((client, "From the client"), (desk.staff, "From staff")):
        answer = await desk.note(a, text, who=who)
        assert answer.status_code == 201, answer.text
    assert [note["content"] for note in await desk.notes(c)][-2:] == ["From the client", "From staff"]
    assert [(await desk.shown(one))["meaning"] for one in (a, b, c)] == ["merged", "merged", "open"]
    from psa_ticketing.api import ServiceDesk

    async with desk.kit.unit() as ctx:
        assert await ctx.service(ServiceDesk).surviving(a) == c


async def test_a_requester_keeps_seeing_and_answering_after_a_merge(desk):
    """TIC-11, TIC-15"""
    company = await desk.company()
    asked, other = await desk.contact(company), await desk.contact(company)
    a, b = await desk.ticket("A", contact=asked), await desk.ticket("B", contact=other)
    client = await desk.kit.portal(company, contact_id=asked)
    assert (await client.get(f"/tickets/{b}")).status_code == 404
    await merge(desk, a, b)
    assert (await client.get(f"/tickets/{b}")).status_code == 200
    assert (await desk.note(a, "Still me", who=client)).status_code == 201
    assert "Still me" in [note["content"] for note in await desk.notes(b)]


async def test_merges_that_cannot_be_meant_are_refused(desk):
    """TIC-12"""
    a, b, c = [await desk.ticket(name) for name in "ABC"]
    itself = await merge(desk, a, a)
    assert (itself.status_code, codes(itself)) == (422, ["same_ticket"])
    await merge(desk, a, b)
    again = await merge(desk, a, c)
    assert (again.status_code, codes(again), meta(again)["merged_into"]) == (409, ["already_merged"], str(b))
    assert codes(await merge(desk, c, a)) == ["already_merged"]
    assert codes(await merge(desk, b, a)) == ["already_merged"]
    foreign = await desk.ticket("Theirs", company=await desk.company())
    across = await merge(desk, foreign, b)
    assert (across.status_code, codes(across)) == (409, ["different_companies"])
    assert (await merge(desk, foreign, b, force=True)).status_code == 200
    await desk.move(c, "closed")
    closed = await merge(desk, b, c)
    assert (closed.status_code, codes(closed)) == (409, ["target_closed"])
    assert (await merge(desk, b, c, reopen=True)).status_code == 200
    assert (await desk.shown(c))["meaning"] == "open"


async def test_of_two_opposite_merges_at_once_one_happens(desk):
    """TIC-12"""
    for _ in range(3):
        a, b = await desk.ticket("A"), await desk.ticket("B")
        answers = await asyncio.gather(merge(desk, a, b), merge(desk, b, a))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert sorted([(await desk.shown(one))["meaning"] for one in (a, b)]) == ["merged", "new"]


async def test_a_ticket_merges_into_its_own_grandchild(desk):
    """TIC-10, TIC-20: the family stays a tree."""
    top = await desk.ticket("Top")
    a = await desk.ticket("A", parent=top)
    middle = await desk.ticket("Middle", parent=a)
    b = await desk.ticket("B", parent=middle)
    assert (await merge(desk, a, b)).status_code == 200
    assert (await desk.shown(b))["parent"] == str(top)
    assert (await desk.shown(middle))["parent"] == str(b)
    assert (await desk.shown(a))["parent"] is None


async def test_files_and_notes_forced_across_companies_leave_the_first_ones_view(desk):
    """TIC-12, TIC-64"""
    one, other = await desk.company(), await desk.company()
    a, b = await desk.ticket("A", company=one), await desk.ticket("B", company=other)
    note = await desk.noted(a, "Public words", "public")
    file = await upload(desk, f"/comments/{note}/attachments", "a.txt")
    await merge(desk, a, b, force=True)
    for company, status in ((one, 404), (other, 200)):
        client = await desk.kit.portal(company, admin=True)
        for path in (f"/comments/{note}", f"/attachments/{file}", f"/tickets/{b}"):
            assert (await client.get(path)).status_code == status, path


async def test_split_moves_the_chosen_notes_with_their_files(desk):
    """TIC-16"""
    company = await desk.company()
    contact = await desk.contact(company)
    origin = await desk.ticket(
        "Two things", contact=contact, tags=["t"], priority=await desk.listed("ticket-priorities", "High")
    )
    kept = await desk.noted(origin, "First thing", "public")
    moved = await desk.noted(origin, "Second thing", "internal")
    answer = await desk.staff.post(
        f"/tickets/{origin}/notes",
        {"content": "Re: second", "note_type": "internal"},
        {"parent": moved},
        type="comments",
    )
    reply = answer.json()["data"]["id"]
    file = await upload(desk, f"/comments/{moved}/attachments", "second.txt")
    made = await desk.admin.post(f"/tickets/{origin}/split", {"notes": [str(moved)], "title": "Second thing"})
    assert made.status_code == 201, made.text
    new = made.json()["data"]["id"]
    assert made.headers["location"].endswith(new)
    shown, former = await desk.shown(new), await desk.shown(origin)
    for name in ("company", "contact", "priority", "queue", "tags"):
        assert shown[name] == former[name]
    assert (shown["title"], shown["first_response_at"]) == ("Second thing", None)
    assert [note["id"] for note in await desk.notes(new)] == [str(moved)]
    assert await desk.ids(f"/comments/{moved}/attachments") == [file]
    left = await desk.notes(origin)
    assert {note["id"] for note in left} >= {str(kept), reply}
    assert shown["ticket_number"] in left[-1]["content"]
    parent = (await desk.admin.get(f"/comments/{reply}")).json()["data"]["relationships"]["parent"]["data"]
    assert parent is None
    strange = await desk.admin.post(f"/tickets/{origin}/split", {"notes": [str(moved)], "title": "Again"})
    assert (strange.status_code, codes(strange)) == (404, ["note_not_found"])
    nothing = await desk.admin.post(f"/tickets/{origin}/split", {"notes": [], "title": "Nothing"})
    assert nothing.status_code == 422
