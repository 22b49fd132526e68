"""Merging contacts, and undoing it (CRM-05)."""

import asyncio
from datetime import timedelta

from psa_contacts.api import ContactBook
from psa_sdk.testing import Kit

from .desk import Desk, codes


async def archived(desk, contact) -> dict:
    answer = await desk.admin.get(f"/contacts/{contact}", params={"filter[archived]": "true"})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def upload(desk, path: str, name: str) -> str:
    content = (
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
    )
    answer = await desk.admin.request(
        "POST", path, content=content.encode(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def test_everything_that_named_the_loser_names_the_winner_and_comes_back(desk):
    """CRM-05: tickets, copies, notes, attachments, addresses, billing contact, tags, custom fields."""
    for key in ("shoe", "hat"):
        await desk.made("custom-fields", {"resource": "contacts", "key": key, "label": key, "kind": "text"})
    company = await desk.company()
    winner = await desk.contact(
        company, email="w@example.com", tags=["vip", "a"], custom_fields={"shoe": "42"}, notes="W's"
    )
    loser = await desk.contact(
        company, email="l@example.com", tags=["b", "vip"], custom_fields={"shoe": "43", "hat": "8"}, title="Boss",
        notes="L's", external_id="X1",
    )  # fmt: skip
    second = await desk.made("contact-emails", {"address": "l2@example.com"}, {"contact": loser})
    await desk.admin.patch(f"/companies/{company}", relationships={"default_billing_contact": loser})
    asked = await desk.made("tickets", {"title": "By L"}, {"contact": loser})
    own = await desk.made("tickets", {"title": "By W"}, {"contact": winner})
    copied = await desk.made("tickets", {"title": "L in copy"}, {"contact": winner, "cc_contacts": [loser]})
    both = await desk.made("tickets", {"title": "Both in copy"}, {"cc_contacts": [winner, loser]})
    own_copy = await desk.made("tickets", {"title": "W in copy"}, {"cc_contacts": [winner]})
    note = await desk.admin.post(f"/contacts/{loser}/comments", {"content": "About L"}, type="comments")
    file = await upload(desk, f"/contacts/{loser}/attachments", "l.txt")

    said = await desk.admin.get(f"/contacts/{winner}/merge-preview", source=str(loser))
    preview = said.json()["data"]["attributes"]
    assert (
        preview["moves"].items()
        >= {"tickets.contact": 1, "tickets.cc_contacts": 2, "comments.subject_id": 1}.items()
    )
    assert preview["fills"] == ["custom_fields", "external_id", "notes", "tags", "title"]

    answer = await desk.merge("contacts", winner, loser)
    assert answer.status_code == 200, answer.text
    shown = answer.json()["data"]["attributes"]
    assert shown["tags"] == ["vip", "a", "b"]
    assert shown["custom_fields"] == {"shoe": "42", "hat": "8"}
    assert (shown["title"], shown["notes"], shown["external_id"]) == ("Boss", "W's\n\nL's", "X1")
    assert shown["email"] == "w@example.com"

    assert await desk.related("tickets", asked, "contact") == str(winner)
    included = (await desk.admin.get(f"/tickets/{asked}", params={"include": "contact"})).json()["included"]
    assert included[0]["id"] == str(winner)
    for ticket in (copied, both):
        assert await desk.ids(f"/tickets/{ticket}/cc_contacts") == [str(winner)]
    assert await desk.ids(f"/contacts/{winner}/comments") == [note.json()["data"]["id"]]
    assert await desk.ids(f"/contacts/{winner}/attachments") == [file]
    assert await desk.related("companies", company, "default_billing_contact") == str(winner)
    assert len(await desk.ids(f"/contacts/{winner}/emails")) == 3
    assert await desk.ids("/contacts", **{"filter[email]": "l@example.com"}) == []

    gone = await desk.admin.get(f"/contacts/{loser}")
    assert (gone.status_code, codes(gone)) == (404, ["archived"])
    left = await archived(desk, loser)
    assert left["relationships"]["merged_into"]["data"]["id"] == str(winner)
    async with desk.kit.unit() as ctx:
        for address in ("l@example.com", "L2@example.com"):
            assert (await ctx.service(ContactBook).resolve_sender(address)).contact.id == winner
    audited = await desk.kit.installation.rows(
        "SELECT detail::text AS detail FROM psa.audit_entry WHERE action = 'merge' AND record_id = $1", winner
    )
    for counted in ('"tickets.contact": 1', '"contact-emails.contact": 2', '"comments.subject_id": 1'):
        assert counted in audited[0]["detail"].replace('":', '": ').replace(":  ", ": ")

    assert (await desk.undo("contact-merges", winner)).status_code == 200
    assert await desk.related("tickets", asked, "contact") == str(loser)
    assert await desk.related("tickets", own, "contact") == str(winner)
    assert await desk.ids(f"/tickets/{copied}/cc_contacts") == [str(loser)]
    assert await desk.ids(f"/tickets/{own_copy}/cc_contacts") == [str(winner)]
    assert await desk.ids(f"/contacts/{loser}/attachments") == [file]
    assert await desk.ids(f"/contacts/{winner}/comments") == []
    before = await desk.attributes("contacts", winner)
    assert (before["tags"], before["custom_fields"], before["title"]) == (["vip", "a"], {"shoe": "42"}, None)
    again = await desk.attributes("contacts", loser)
    assert (again["email"], again["external_id"], again["archived_at"]) == ("l@example.com", "X1", None)
    assert (await desk.attributes("contact-emails", second))["is_main"] is False
    assert await desk.ids("/contact-emails", **{"filter[contact]": str(loser), "filter[is_main]": "true"})
    twice = await desk.undo("contact-merges", winner)
    assert (twice.status_code, codes(twice)) == (409, ["already_undone"])


async def test_merges_that_cannot_be_meant_are_refused(desk):
    """CRM-05"""
    one, other = await desk.company(), await desk.company()
    ada, bea, cleo = [await desk.contact(company) for company in (one, one, other)]
    itself = await desk.merge("contacts", ada, ada)
    assert (itself.status_code, codes(itself)) == (422, ["same_contact"])
    across = await desk.merge("contacts", ada, cleo)
    assert (across.status_code, codes(across)) == (409, ["different_companies"])
    assert (await desk.merge("contacts", ada, cleo, force=True)).status_code == 200
    assert (await desk.merge("contacts", ada, bea)).status_code == 200
    twice = await desk.merge("contacts", ada, bea)
    assert (twice.status_code, codes(twice)) == (409, ["already_merged"])
    assert codes(await desk.merge("contacts", bea, ada)) == ["already_merged"]
    restored = await desk.admin.post(f"/contacts/{bea}/restore")
    assert (restored.status_code, codes(restored)) == (409, ["already_merged"])


async def test_of_two_opposite_merges_at_once_one_happens(desk):
    """CRM-05"""
    company = await desk.company()
    ada, bea = [await desk.contact(company) for _ in range(2)]
    answers = await asyncio.gather(desk.merge("contacts", ada, bea), desk.merge("contacts", bea, ada))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_merge_is_undone_in_order_and_for_thirty_days(new_kit):
    """CRM-05"""
    kit: Kit = await new_kit("multi", shared=False)
    desk = Desk(kit, await kit.admin())
    company = await desk.company()
    ada, bea, cleo = [await desk.contact(company) for _ in range(3)]
    await desk.merge("contacts", bea, ada)
    await desk.merge("contacts", cleo, bea)
    async with kit.unit() as ctx:
        assert (await ctx.service(ContactBook).contacts([ada]))[ada].id == cleo
    assert codes(await desk.undo("contact-merges", bea)) == ["already_merged"]
    assert (await desk.undo("contact-merges", cleo)).status_code == 200
    kit.advance(timedelta(days=31))
    late = await desk.undo("contact-merges", bea)
    assert (late.status_code, codes(late)) == (409, ["undo_expired"])


async def test_the_winner_takes_the_primary_place_and_the_missing_address(desk):
    """CRM-05, CRM-06"""
    company = await desk.company()
    loser = await desk.contact(company, email="only@example.com")
    await desk.contact(company)
    winner = await desk.contact(company, email=None)
    assert (await desk.merge("contacts", winner, loser)).status_code == 200
    shown = await desk.attributes("contacts", winner)
    assert (shown["is_primary"], shown["email"]) == (True, "only@example.com")
    assert (await desk.undo("contact-merges", winner)).status_code == 200
    assert (await desk.attributes("contacts", loser))["is_primary"]
    shown = await desk.attributes("contacts", winner)
    assert (shown["is_primary"], shown["email"]) == (False, None)
    assert (await desk.attributes("contacts", loser))["email"] == "only@example.com"
