"""The portal accounts of contacts, through merges, archiving and changes of company."""

from uuid import UUID

from psa_sdk.identity import Directory

from .desk import codes


class PortalClient:
    """Logs in with a password that was set through the invitation."""

    def __init__(self, desk, account: UUID) -> None:
        self.desk, self.account, self.token = desk, account, ""
        self.password = "correct horse battery"

    async def invite(self) -> None:
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


async def portal(desk, contact: UUID) -> tuple[UUID, PortalClient]:
    """Let a contact in and return the account with its client."""
    answer = await desk.admin.post(f"/contacts/{contact}/portal-access", {})
    assert answer.status_code == 200, answer.text
    account = UUID(answer.json()["data"]["relationships"]["portal_user"]["data"]["id"])
    return account, PortalClient(desk, account)


async def test_of_two_portal_accounts_the_winners_stays_and_the_losers_sessions_die(desk):
    """CRM-05"""
    company = await desk.company()
    winner, loser = [await desk.contact(company) for _ in range(2)]
    (kept, kept_client), (_, lost_client) = await portal(desk, winner), await portal(desk, loser)
    for client in (kept_client, lost_client):
        await client.invite()
        assert (await client.log_in()).status_code == 201
    assert (await desk.merge("contacts", winner, loser)).status_code == 200
    assert (await kept_client.get("/tickets")).status_code == 200
    assert (await lost_client.get("/tickets")).status_code == 401
    assert (await lost_client.log_in()).status_code == 401
    assert await desk.related("contacts", winner, "portal_user") == str(kept)
    assert (await desk.undo("contact-merges", winner)).status_code == 200
    assert (await lost_client.log_in()).status_code == 201


async def test_the_losers_only_portal_account_becomes_the_winners(desk):
    """CRM-05"""
    company = await desk.company()
    winner, loser = [await desk.contact(company) for _ in range(2)]
    account, client = await portal(desk, loser)
    await client.invite()
    await client.log_in()
    ticket = await desk.made("tickets", {"title": "By W"}, {"contact": winner})
    assert (await desk.merge("contacts", winner, loser)).status_code == 200
    assert await desk.related("contacts", winner, "portal_user") == str(account)
    assert (await client.log_in()).status_code == 201
    assert (await client.get(f"/tickets/{ticket}")).status_code == 200
    assert (await desk.undo("contact-merges", winner)).status_code == 200
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


async def test_the_contacts_zone_is_the_accounts_until_the_person_chooses_another(desk):
    """CRM-14"""
    ada = await desk.contact(await desk.company())

    async def zoned(zone: str | None) -> None:
        answer = await desk.admin.patch(f"/contacts/{ada}", {"timezone": zone})
        assert answer.status_code == 200, answer.text

    async def shown() -> str:
        return (await desk.attributes("users", account))["timezone"]

    await zoned("Asia/Tokyo")
    account, _ = await portal(desk, ada)
    assert await shown() == "Asia/Tokyo"
    await zoned("Europe/Lisbon")
    assert await shown() == "Europe/Lisbon"
    chosen = await desk.admin.patch(f"/users/{account}", {"timezone": "America/Lima"})
    assert chosen.status_code == 200, chosen.text
    await zoned("Asia/Kolkata")
    assert await shown() == "America/Lima"
    await desk.admin.patch(f"/users/{account}", {"timezone": ""})
    await zoned(None)
    await zoned("Asia/Seoul")
    assert await shown() == "Asia/Seoul"
