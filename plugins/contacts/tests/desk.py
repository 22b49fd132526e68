"""Short ways to say what tests of contacts often say."""

from uuid import UUID

from psa_sdk.testing import Client, Kit


class Desk:
    """An administrator of a fresh tenant and what they do most."""

    def __init__(self, kit: Kit, admin: Client) -> None:
        self.kit = kit
        self.admin = admin

    async def company(self, **attributes) -> UUID:
        name = attributes.pop("name", f"Company {self.kit.number()}")
        return await self.made("companies", {"name": name, **attributes})

    async def contact(self, company: UUID | None = None, **attributes) -> UUID:
        n = self.kit.number()
        values = {"first_name": f"Person{n}", "email": f"person{n}@example.com", **attributes}
        return await self.made("contacts", values, {"company": company} if company else None)

    async def made(self, resource: str, attributes, relationships=None) -> UUID:
        answer = await self.admin.post(f"/{resource}", attributes, relationships)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def attributes(self, resource: str, id: UUID) -> dict:
        answer = await self.admin.get(f"/{resource}/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["attributes"]

    async def related(self, resource: str, id: UUID, name: str) -> str | None:
        answer = await self.admin.get(f"/{resource}/{id}")
        found = answer.json()["data"]["relationships"][name]["data"]
        return found["id"] if found else None

    async def ids(self, path: str, **query) -> list[str]:
        answer = await self.admin.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["data"]]

    async def merge(self, resource: str, winner: UUID, loser: UUID, **more):
        return await self.admin.post(f"/{resource}/{winner}/merge", {"source": str(loser), **more})

    async def undo(self, merges: str, winner: UUID):
        [merge_id, *_] = await self.ids(
            f"/{merges}", **{"filter[winner]": str(winner), "sort": "-created_at"}
        )
        return await self.admin.post(f"/{merges}/{merge_id}/undo")


def codes(answer) -> list[str]:
    """Return the codes of an error document."""
    return [error["code"] for error in answer.json()["errors"]]


def pointers(answer) -> list[str]:
    """Return where the faults of an error document are."""
    return [error["source"]["pointer"] for error in answer.json()["errors"]]
