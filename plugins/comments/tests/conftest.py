"""What the tests of comments share: a tenant with a ticket that a client and staff talk about."""

from uuid import UUID

import pytest_asyncio

from psa_sdk.testing import Client, Kit


class Talk:
    """A company's ticket with its people: an administrator, a technician, the client who asked."""

    def __init__(self, kit: Kit, admin: Client, staff: Client, client: Client, ticket: UUID) -> None:
        self.kit, self.admin, self.staff, self.client, self.ticket = kit, admin, staff, client, ticket

    async def say(self, who: Client, content: str, note_type: str = "", **relationships) -> UUID:
        answer = await self.post(who, content, note_type, **relationships)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def post(self, who: Client, content: str, note_type: str = "", **relationships):
        attributes = {"content": content} | ({"note_type": note_type} if note_type else {})
        return await who.post(
            f"/tickets/{self.ticket}/notes", attributes, relationships or None, type="comments"
        )

    async def seen(self, who: Client, path: str = "", **query) -> list[str]:
        answer = await who.get(path or f"/tickets/{self.ticket}/notes", params=query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["data"]]

    async def attributes(self, id: UUID) -> dict:
        return (await self.admin.get(f"/comments/{id}")).json()["data"]["attributes"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(psa_bench) -> Kit:
    return await Kit.open(await psa_bench.install("multi"))


@pytest_asyncio.fixture(loop_scope="session")
async def talk(house: Kit) -> Talk:
    company = (await house.make("companies")).id
    contact = (await house.make("contacts", company=company)).id
    ticket = (await house.make("tickets", company=company, contact=contact)).id
    staff = await house.staff(roles=("technician",), name="Theo Technician")
    client = await house.portal(company, contact_id=contact, name="Cleo Client")
    return Talk(house, await house.admin(), staff, client, ticket)
