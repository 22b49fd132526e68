"""Merging companies, what is said of it before, and undoing it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest_asyncio

from psa_sdk.identity import Directory
from psa_sdk.testing import Kit

from .desk import Desk, codes


async def accounts(desk: Desk, contact: UUID) -> tuple[str, str]:
    """Return a contact's portal account and the company that it belongs to."""
    rows = await desk.kit.installation.rows("SELECT id, company FROM psa.account WHERE contact = $1", contact)
    return str(rows[0]["id"]), str(rows[0]["company"])


async def test_everything_of_the_duplicate_becomes_the_winners_as_was_said_and_comes_back(desk):
    winner = await desk.company(tags=["a"], notes="W's", industry="Bakery")
    loser = await desk.company(
        tags=["b", "a"], notes="L's", industry="Mill", website="https://l.example.com", external_id="L-1"
    )
    boss = await desk.contact(winner)
    guest = await desk.contact(loser)
    site = await desk.made("sites", {"name": "Yard"}, {"company": loser})
    domain = await desk.made("company-domains", {"domain": "l-merged.example.com"}, {"company": loser})
    child = await desk.made("companies", {"name": "Child"}, {"parent": loser})
    ticket = await desk.made("tickets", {"title": "By L"}, {"company": loser, "contact": guest})
    own = await desk.made("tickets", {"title": "By W"}, {"company": winner})
    note = await desk.admin.post(f"/companies/{loser}/comments", {"content": "About L"}, type="comments")
    assert (await desk.admin.post(f"/contacts/{guest}/portal-access", {})).status_code == 200
    account, _ = await accounts(desk, guest)
    async with desk.kit.unit() as ctx:
        asked = ctx.service(Directory)
        token = await asked.password_token(await asked.request_password(UUID(account)))
    chosen = {"token": token.token, "new_password": "correct horse battery"}
    assert (await desk.kit.anonymous().post("/portal/auth/reset-password", chosen)).status_code in {200, 204}
    entered = {"email": token.account.email, "password": "correct horse battery", "tenant": desk.kit.slug}
    logged_in = await desk.kit.anonymous().post("/portal/auth/login", entered)
    bearer = {"Authorization": f"Bearer {logged_in.json()['data']['attributes']['access_token']}"}
    assert (await desk.kit.anonymous().get("/tickets", headers=bearer)).status_code == 200

    said = await desk.admin.get(f"/companies/{winner}/merge-preview", source=str(loser))
    assert said.status_code == 200, said.text
    preview = said.json()["data"]["attributes"]
    expected = {
        "comments.company": 1,
        "companies.parent": 1,
        "company-domains.company": 1,
        "contacts.company": 1,
        "sites.company": 1,
        "tickets.company": 1,
    }
    assert preview["moves"].items() >= expected.items()
    assert preview["fills"] == ["external_id", "notes", "tags", "website"]

    answer = await desk.merge("companies", winner, loser)
    assert answer.status_code == 200, answer.text
    shown = answer.json()["data"]["attributes"]
    assert (shown["tags"], shown["notes"], shown["industry"]) == (["a", "b"], "W's\n\nL's", "Bakery")
    assert (shown["website"], shown["external_id"]) == ("https://l.example.com", "L-1")
    for resource, id in (
        ("contacts", guest),
        ("sites", site),
        ("company-domains", domain),
        ("tickets", ticket),
    ):
        assert await desk.related(resource, id, "company") == str(winner)
    assert await desk.related("companies", child, "parent") == str(winner)
    assert await desk.ids(f"/companies/{winner}/comments") == [note.json()["data"]["id"]]
    assert (await desk.attributes("contacts", boss))["is_primary"] is True
    assert (await desk.attributes("contacts", guest))["is_primary"] is False
    assert (await desk.attributes("sites", site))["is_primary"] is True
    assert await accounts(desk, guest) == (account, str(winner))
    assert (await desk.kit.anonymous().get("/tickets", headers=bearer)).status_code == 401
    gone = await desk.admin.get(f"/companies/{loser}")
    assert (gone.status_code, codes(gone)) == (404, ["archived"])
    audited = await desk.kit.installation.rows(
        "SELECT detail::text AS detail FROM psa.audit_entry WHERE action = 'merge' AND record_id = $1", winner
    )
    assert '"tickets.company": 1' in audited[0]["detail"].replace('":', '": ').replace(":  ", ": ")
    restored = await desk.admin.post(f"/companies/{loser}/restore")
    assert (restored.status_code, codes(restored)) == (409, ["already_merged"])

    assert (await desk.undo("company-merges", winner)).status_code == 200
    for resource, id in (
        ("contacts", guest),
        ("sites", site),
        ("company-domains", domain),
        ("tickets", ticket),
    ):
        assert await desk.related(resource, id, "company") == str(loser)
    assert await desk.related("tickets", own, "company") == str(winner)
    assert await desk.related("companies", child, "parent") == str(loser)
    for person in (boss, guest):
        assert (await desk.attributes("contacts", person))["is_primary"] is True
    assert await accounts(desk, guest) == (account, str(loser))
    before = await desk.attributes("companies", winner)
    assert (before["tags"], before["notes"], before["website"]) == (["a"], "W's", None)
    again = await desk.attributes("companies", loser)
    assert (again["external_id"], again["archived_at"]) == ("L-1", None)
    assert codes(await desk.undo("company-merges", winner)) == ["already_undone"]


async def test_what_another_plugin_holds_of_a_company_goes_over_whole_or_stays_whole(desk):
    monday = {"monday": [{"start": "09:00", "end": "17:00"}]}
    hours = await desk.made("business-hours", {"name": "Mondays", "timezone": "UTC", "schedule": monday})
    gold = await desk.made("sla-policies", {"name": "Gold"}, {"business_hours": hours})
    exempt = {"tax_status": "exempt", "payment_terms": "net_14"}
    loser = await desk.company(**exempt)
    patched = await desk.admin.patch(f"/companies/{loser}", relationships={"sla_policy": gold})
    assert patched.status_code == 200, patched.text
    bare, own = await desk.company(), await desk.company(payment_terms="net_30")

    async def previewed(winner: UUID) -> dict:
        answer = await desk.admin.get(f"/companies/{winner}/merge-preview", source=str(loser))
        return answer.json()["data"]["attributes"]

    said = await previewed(own)
    assert (said["fills"], said["keeps"]) == (["sla_policy"], ["payment_terms", "tax_status"])
    assert (await desk.merge("companies", own, loser)).status_code == 200
    shown = await desk.attributes("companies", own)
    assert (shown["payment_terms"], shown["tax_status"]) == ("net_30", "taxable")
    assert await desk.related("companies", own, "sla_policy") == str(gold)
    assert (await desk.undo("company-merges", own)).status_code == 200
    assert await desk.related("companies", own, "sla_policy") is None
    assert await desk.related("companies", loser, "sla_policy") == str(gold)

    said = await previewed(bare)
    assert (said["fills"], said["keeps"]) == (["payment_terms", "sla_policy", "tax_status"], [])
    assert (await desk.merge("companies", bare, loser)).status_code == 200
    assert (await desk.attributes("companies", bare)).items() >= exempt.items()
    assert (await desk.undo("company-merges", bare)).status_code == 200
    shown = await desk.attributes("companies", bare)
    assert (shown["payment_terms"], shown["tax_status"]) == (None, "taxable")
    assert (await desk.attributes("companies", loser)).items() >= exempt.items()


async def test_a_merge_asks_no_more_for_many_records_than_for_few(desk):
    async def asked(many: int) -> int:
        winner, loser = [await desk.company() for _ in range(2)]
        people = [
            {"first_name": f"P{number}", "last_name": "X", "company": loser, "is_primary": not number}
            for number in range(many)
        ]
        async with desk.kit.unit() as ctx:
            await ctx.records.create_many("contacts", people, history=True)
            for _ in range(many):
                await ctx.records.create("tickets", {"title": "T", "company": loser})
        async with desk.kit.statements() as sent:
            assert (await desk.merge("companies", winner, loser)).status_code == 200
        moved = {"tickets": len(await desk.ids("/tickets", **{"filter[company]": str(winner)}))}
        moved["contacts"] = len(await desk.ids("/contacts", **{"filter[company]": str(winner)}))
        assert moved == {"tickets": many, "contacts": many}
        return len(sent)

    few, many = await asked(2), await asked(20)
    assert many <= few


async def test_a_company_takes_the_place_of_the_one_above_it_and_the_tree_stays_low(desk):
    """CRM-01"""
    top = await desk.company()
    loser = await desk.made("companies", {"name": "Loser"}, {"parent": top})
    between = await desk.made("companies", {"name": "Between"}, {"parent": loser})
    winner = await desk.made("companies", {"name": "Winner"}, {"parent": between})
    assert (await desk.merge("companies", winner, loser)).status_code == 200
    assert await desk.related("companies", winner, "parent") == str(top)
    assert await desk.related("companies", between, "parent") == str(winner)
    assert (await desk.undo("company-merges", winner)).status_code == 200
    assert await desk.related("companies", winner, "parent") == str(between)
    assert await desk.related("companies", between, "parent") == str(loser)

    deep = winner
    for _ in range(6):
        deep = await desk.made("companies", {"name": "Deep"}, {"parent": deep})
    other = await desk.company()
    await desk.made("companies", {"name": "Below"}, {"parent": other})
    refused = await desk.merge("companies", deep, other)
    assert (refused.status_code, codes(refused)) == (422, ["hierarchy_too_deep"])
    assert (await desk.attributes("companies", other))["archived_at"] is None


async def test_merges_that_cannot_be_meant_are_refused_and_of_two_opposite_ones_one_happens(desk):
    ada, bea, cleo = [await desk.company() for _ in range(3)]
    itself = await desk.merge("companies", ada, ada)
    assert (itself.status_code, codes(itself)) == (422, ["same_company"])
    answers = await asyncio.gather(desk.merge("companies", ada, bea), desk.merge("companies", bea, ada))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    kept, gone = (ada, bea) if answers[0].status_code == 200 else (bea, ada)
    assert codes(await desk.merge("companies", kept, gone)) == ["already_merged"]
    assert codes(await desk.merge("companies", gone, cleo)) == ["already_merged"]
    assert codes(await desk.admin.get(f"/companies/{kept}/merge-preview", source=str(gone))) == [
        "already_merged"
    ]
    technician = await desk.kit.staff(roles=("technician",))
    assert (await technician.post(f"/companies/{kept}/merge", {"source": str(cleo)})).status_code == 403


@pytest_asyncio.fixture(loop_scope="session")
async def later(new_kit) -> Desk:
    kit: Kit = await new_kit("multi", shared=False)
    return Desk(kit, await kit.admin())


async def test_a_merge_is_undone_in_order_and_for_thirty_days(later: Desk):
    ada, bea, cleo = [await later.company() for _ in range(3)]
    await later.merge("companies", bea, ada)
    await later.merge("companies", cleo, bea)
    assert codes(await later.undo("company-merges", bea)) == ["already_merged"]
    assert (await later.undo("company-merges", cleo)).status_code == 200
    later.kit.advance(timedelta(days=31))
    late = await later.undo("company-merges", bea)
    assert (late.status_code, codes(late)) == (409, ["undo_expired"])
