"""Short ways to say what tests of the service desk often say."""

from uuid import UUID

from psa_sdk.testing import Client, Kit


class Desk:
    """A tenant's service desk: its administrator, a technician, and what they do most."""

    def __init__(self, kit: Kit, admin: Client, staff: Client) -> None:
        self.kit, self.admin, self.staff = kit, admin, staff
        self.lists: dict[tuple[str, str], UUID] = {}

    @classmethod
    async def open(cls, kit: Kit) -> "Desk":
        return cls(kit, await kit.admin(), await kit.staff(roles=("technician",), name="Theo Technician"))

    async def company(self) -> UUID:
        return (await self.kit.make("companies")).id

    async def contact(self, company: UUID | None = None) -> UUID:
        return (await self.kit.make("contacts", **({"company": company} if company else {}))).id

    async def ticket(self, title: str = "Printer is on fire", **values) -> UUID:
        relationships = {
            name: values.pop(name) for name in list(values) if isinstance(values[name], UUID | list)
        }
        if "tags" in relationships:
            values["tags"] = relationships.pop("tags")
        answer = await self.admin.post("/tickets", {"title": title, **values}, relationships or None)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def status(self, category: str) -> UUID:
        return await self.listed("ticket-statuses", category, key="category")

    async def listed(self, resource: str, name: str, *, key: str = "name") -> UUID:
        if (resource, name) not in self.lists:
            answer = await self.admin.get(f"/{resource}", params={f"filter[{key}]": name})
            self.lists[resource, name] = UUID(answer.json()["data"][0]["id"])
        return self.lists[resource, name]

    async def move(self, ticket: UUID, category: str, who: Client | None = None):
        return await (who or self.admin).patch(
            f"/tickets/{ticket}", relationships={"status": await self.status(category)}
        )

    async def shown(self, ticket: UUID) -> dict:
        """Return a ticket's attributes, with its status category and its relationships' ids."""
        answer = await self.admin.get(f"/tickets/{ticket}", params={"include": "status"})
        assert answer.status_code == 200, answer.text
        document = answer.json()
        held = {
            name: one["data"]["id"] if one["data"] else None
            for name, one in document["data"]["relationships"].items()
            if not isinstance(one.get("data", []), list)
        }
        meaning = document["included"][0]["attributes"]["category"]
        return {**document["data"]["attributes"], **held, "meaning": meaning}

    async def note(
        self, ticket: UUID, content: str, note_type: str = "", who: Client | None = None, **options
    ):
        attributes = {"content": content} | ({"note_type": note_type} if note_type else {})
        return await (who or self.staff).post(
            f"/tickets/{ticket}/notes", attributes, type="comments", **options
        )

    async def noted(self, ticket: UUID, content: str, note_type: str = "", who: Client | None = None) -> UUID:
        answer = await self.note(ticket, content, note_type, who)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def ids(self, path: str, **query) -> list[str]:
        answer = await self.admin.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["data"]]

    async def notes(self, ticket: UUID) -> list[dict]:
        answer = await self.admin.get(f"/tickets/{ticket}/notes", params={"page[size]": "100"})
        return [{"id": item["id"], **item["attributes"]} for item in answer.json()["data"]]


def codes(answer) -> list[str]:
    """Return the codes of an error document."""
    return [error["code"] for error in answer.json()["errors"]]


def meta(answer) -> dict:
    """Return the first error's meta."""
    return answer.json()["errors"][0]["meta"]
