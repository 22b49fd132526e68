"""Merging contacts, and undoing it (CRM-05)."""

import asyncio
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from psa_contacts.merging import merged_values
from psa_sdk.testing import Client, Kit

from .desk import Desk, codes


async def merge(desk, winner, loser, **more):
    return await desk.admin.post(f"/contacts/{winner}/merge", {"source": str(loser), **more})


async def archived(desk, contact) -> dict:
    answer = await desk.admin.get(f"/contacts/{contact}", params={"filter[archived]": "true"})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def undo(desk, winner):
    [merge_id, *_] = await desk.ids(
        "/contact-merges", **{"filter[winner]": str(winner), "sort": "-created_at"}
    )
    return await desk.admin.post(f"/contact-merges/{merge_id}/undo")


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

    answer = await merge(desk, winner, loser)
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
    from psa_contacts.api import ContactBook

    async with desk.kit.unit() as ctx:
        for address in ("l@example.com", "L2@example.com"):
            assert (await ctx.service(ContactBook).resolve_sender(address)).contact.id == winner
    audited = await desk.kit.installation.rows(
        "SELECT detail::text AS detail FROM psa.audit_entry WHERE action = 'merge' AND record_id = $1", winner
    )
    for counted in ('"tickets.contact": 1', '"contact-emails.contact": 2', '"comments.subject_id": 1'):
        assert counted in audited[0]["detail"].replace('":', '": ').replace(":  ", ": ")

    assert (await undo(desk, winner)).status_code == 200
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
    twice = await undo(desk, winner)
    assert (twice.status_code, codes(twice)) == (409, ["already_undone"])


async def test_merges_that_cannot_be_meant_are_refused(desk):
    """CRM-05"""
    one, other = await desk.company(), await desk.company()
    ada, bea, cleo = [await desk.contact(company) for company in (one, one, other)]
    itself = await merge(desk, ada, ada)
    assert (itself.status_code, codes(itself)) == (422, ["same_contact"])
    across = await merge(desk, ada, cleo)
    assert (across.status_code, codes(across)) == (409, ["different_companies"])
    assert (await merge(desk, ada, cleo, force=True)).status_code == 200
    assert (await merge(desk, ada, bea)).status_code == 200
    twice = await merge(desk, ada, bea)
    assert (twice.status_code, codes(twice)) == (409, ["already_merged"])
    assert codes(await merge(desk, bea, ada)) == ["already_merged"]
    restored = await desk.admin.post(f"/contacts/{bea}/restore")
    assert (restored.status_code, codes(restored)) == (409, ["already_merged"])


async def test_of_two_opposite_merges_at_once_one_happens(desk):
    """CRM-05"""
    company = await desk.company()
    ada, bea = [await desk.contact(company) for _ in range(2)]
    answers = await asyncio.gather(merge(desk, ada, bea), merge(desk, bea, ada))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_merge_is_undone_in_order_and_for_thirty_days(new_kit):
    """CRM-05"""
    kit: Kit = await new_kit("multi", shared=False)
    desk = Desk(kit, await kit.admin())
    company = await desk.company()
    ada, bea, cleo = [await desk.contact(company) for _ in range(3)]
    await merge(desk, bea, ada)
    await merge(desk, cleo, bea)
    from psa_contacts.api import ContactBook

    async with kit.unit() as ctx:
        assert (await ctx.service(ContactBook).contacts([ada]))[ada].id == cleo
    assert codes(await undo(desk, bea)) == ["already_merged"]
    assert (await undo(desk, cleo)).status_code == 200
    kit.advance(timedelta(days=31))
    late = await undo(desk, bea)
    assert (late.status_code, codes(late)) == (409, ["undo_expired"])


async def test_the_winner_takes_the_primary_place_and_the_missing_address(desk):
    """CRM-05, CRM-06"""
    company = await desk.company()
    loser = await desk.contact(company, email="only@example.com")
    await desk.contact(company)
    winner = await desk.contact(company, email=None)
    assert (await merge(desk, winner, loser)).status_code == 200
    shown = await desk.attributes("contacts", winner)
    assert (shown["is_primary"], shown["email"]) == (True, "only@example.com")
    assert (await undo(desk, winner)).status_code == 200
    assert (await desk.attributes("contacts", loser))["is_primary"]
    shown = await desk.attributes("contacts", winner)
    assert (shown["is_primary"], shown["email"]) == (False, None)
    assert (await desk.attributes("contacts", loser))["email"] == "only@example.com"


async def portal(desk, contact: UUID) -> tuple[UUID, Client]:
    """Let a contact in and return the account with its client."""
    answer = await desk.admin.post(f"/contacts/{contact}/portal-access", {})
    assert answer.status_code == 200, answer.text
    account = UUID(answer.json()["data"]["relationships"]["portal_user"]["data"]["id"])
    return account, PortalClient(desk, account)


class PortalClient:
    """Logs in with a password that was set through the invitation."""

    def __init__(self, desk, account: UUID) -> None:
        self.desk, self.account, self.token = desk, account, ""
        self.password = "correct horse battery"

    async def invite(self) -> None:
        from psa_sdk.identity import Directory

        async with self.desk.kit.unit() as ctx:
            directory = ctx.service(Directory)
            token = await directory.password_token(await directory.request_password(self.account))
            self.email = token.account.email
        answer = await self.desk.kit.anonymous().post(
            "/portal/auth/reset-password", {"token": token.token, "new_password": self.password}
        )
        assert answer.status_code in {200, 204}, answer.text

    async def log_in(self):
        answer = await self.desk.kit.anonymous().post(
            "/portal/auth/login",
            {"email": self.email, "password": self.password, "tenant": self.desk.kit.slug},
        )
        if answer.status_code == 201:
            self.token = answer.json()["data"]["attributes"]["access_token"]
        return answer

    async def get(self, path: str):
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.desk.kit.anonymous().get(path, headers=headers)


async def test_of_two_portal_accounts_the_winners_stays_and_the_losers_sessions_die(desk):
    """CRM-05"""
    company = await desk.company()
    winner, loser = [await desk.contact(company) for _ in range(2)]
    (kept, kept_client), (_, lost_client) = await portal(desk, winner), await portal(desk, loser)
    for client in (kept_client, lost_client):
        await client.invite()
        assert (await client.log_in()).status_code == 201
    assert (await merge(desk, winner, loser)).status_code == 200
    assert (await kept_client.get("/tickets")).status_code == 200
    assert (await lost_client.get("/tickets")).status_code == 401
    assert (await lost_client.log_in()).status_code == 401
    assert await desk.related("contacts", winner, "portal_user") == str(kept)
    assert (await undo(desk, winner)).status_code == 200
    assert (await lost_client.log_in()).status_code == 201


async def test_the_losers_only_portal_account_becomes_the_winners(desk):
    """CRM-05"""
    company = await desk.company()
    winner, loser = [await desk.contact(company) for _ in range(2)]
    account, client = await portal(desk, loser)
    await client.invite()
    await client.log_in()
    ticket = await desk.made("tickets", {"title": "By W"}, {"contact": winner})
    assert (await merge(desk, winner, loser)).status_code == 200
    assert await desk.related("contacts", winner, "portal_user") == str(account)
    assert (await client.log_in()).status_code == 201
    assert (await client.get(f"/tickets/{ticket}")).status_code == 200
    assert (await undo(desk, winner)).status_code == 200
    assert await desk.related("contacts", winner, "portal_user") is None
    assert (await client.log_in()).status_code == 201
    assert (await client.get(f"/tickets/{ticket}")).status_code == 404


async def test_portal_accounts_follow_archiving_and_the_company(desk):
    """CRM-07: nobody of an archived company logs in; who changes companies leaves the old one's records."""
    company, other = await desk.company(), await desk.company()
    ada = await desk.contact(company)
    account, client = await portal(desk, ada)
    await client.invite()
    assert (await client.log_in()).status_code == 201
    await desk.admin.delete(f"/companies/{company}")
    assert (await client.get("/tickets")).status_code == 401
    assert (await client.log_in()).status_code == 401
    refused = await desk.admin.post(f"/contacts/{ada}/portal-access", {})
    assert (refused.status_code, codes(refused)) == (409, ["contact_incomplete"])
    assert (await desk.admin.post(f"/companies/{company}/restore")).status_code == 200
    assert (await client.log_in()).status_code == 201
    await desk.admin.delete(f"/contacts/{ada}")
    assert (await client.log_in()).status_code == 401
    await desk.admin.post(f"/contacts/{ada}/restore")
    assert (await client.log_in()).status_code == 201
    moved = await desk.admin.patch(f"/contacts/{ada}", {"first_name": "Renamed"}, {"company": other})
    assert moved.status_code == 200, moved.text
    assert (await client.get("/companies")).status_code == 401
    await client.log_in()
    assert [item["id"] for item in (await client.get("/companies")).json()["data"]] == [str(other)]
    assert (await desk.attributes("users", account))["name"].startswith("Renamed")


TEXTS = st.one_of(st.none(), st.text(max_size=5))
ROWS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("email", "phone", "mobile", "title", "department", "timezone", "external_id", "notes"), TEXTS),
        "company": st.one_of(st.none(), st.uuids()),
        "portal_user": st.one_of(st.none(), st.uuids()),
        "is_portal_user": st.booleans(),
        "is_primary": st.booleans(),
        "tags": st.lists(st.sampled_from("abcd"), unique=True),
        "custom_fields": st.dictionaries(st.sampled_from("xyz"), st.one_of(st.none(), st.just(""), st.integers())),
    }
)  # fmt: skip


@given(ROWS, ROWS)
def test_a_winner_never_loses_a_value_and_gains_what_it_lacks(winner, loser):
    """CRM-05"""
    after = {**winner, **merged_values(winner, loser)}
    for column in (
        "email",
        "phone",
        "mobile",
        "title",
        "department",
        "timezone",
        "external_id",
        "company",
        "portal_user",
    ):
        assert after[column] == (winner[column] if winner[column] is not None else loser[column])
    assert after["tags"][: len(winner["tags"])] == winner["tags"]
    assert set(after["tags"]) == {*winner["tags"], *loser["tags"]}
    assert len(after["tags"]) == len(set(after["tags"]))
    for key, value in winner["custom_fields"].items():
        if value not in (None, ""):
            assert after["custom_fields"][key] == value
    assert after["custom_fields"].keys() >= loser["custom_fields"].keys()
    assert not (winner["is_primary"] and not after["is_primary"])


@given(ROWS)
def test_merging_an_equal_contact_changes_nothing_but_notes(row):
    """CRM-05"""
    same = {**row, "notes": None, "custom_fields": dict.fromkeys(row["custom_fields"], 1)}
    assert merged_values(same, same).keys() <= {"is_primary"}
