"""Short ways to say what tests of contracts often say."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from psa_sdk.testing import Client, Kit


class Firm:
    """A tenant with its administrator."""

    def __init__(self, kit: Kit, admin: Client) -> None:
        self.kit, self.admin = kit, admin

    @classmethod
    async def open(cls, kit: Kit) -> "Firm":
        return cls(kit, await kit.admin())

    @property
    def today(self) -> date:
        return self.kit.now.date()

    def day(self, offset: int = 0) -> str:
        """Return a date so many days from today."""
        return str(self.today + timedelta(days=offset))

    async def company(self, **values) -> UUID:
        return (await self.kit.make("companies", **values)).id

    async def contract(self, company: UUID | None = None, *, active: bool = True, **given) -> dict:
        """Make a contract, in force unless told otherwise."""
        values = {"name": "Care", "contract_type": "managed_services", "start_date": self.day()} | given
        relations = {name: values.pop(name) for name in list(values) if isinstance(values[name], UUID)}
        relations["company"] = company or await self.company()
        made = flat(ok(await self.admin.post("/contracts", values, relations), 201))
        return await self.activate(made["id"]) if active else made

    async def activate(self, contract: str) -> dict:
        return flat(ok(await self.admin.post(f"/contracts/{contract}/activate"), 200))

    async def item(self, contract: dict, **given) -> dict:
        values = {"name": "Support"} | given
        relations = {name: values.pop(name) for name in list(values) if isinstance(values[name], UUID)}
        relations["contract"] = UUID(contract["id"])
        return flat(ok(await self.admin.post("/contract-items", values, relations), 201))

    async def change(self, resource: str, id: str, **values) -> dict:
        return flat(ok(await self.admin.patch(f"/{resource}/{id}", values), 200))

    async def get(self, resource: str, id: str) -> dict:
        return flat(ok(await self.admin.get(f"/{resource}/{id}"), 200))

    async def listed(self, path: str, **params) -> list[dict]:
        found = ok(await self.admin.get(path, params={"page[size]": "100"} | params), 200)
        return [flat(item) for item in found.json()["data"]]

    async def due(self, contract: dict, through: str) -> list[tuple[str, str]]:
        """Return what is due, as (first day, amount)."""
        found = ok(await self.admin.get(f"/contracts/{contract['id']}/due-charges", through=through), 200)
        return [(one["attributes"]["first"], one["attributes"]["amount"]) for one in found.json()["data"]]

    async def balance(self, contract: dict, client: Client | None = None, **params) -> dict:
        found = ok(
            await (client or self.admin).get(f"/contracts/{contract['id']}/hour-balance", **params), 200
        )
        return found.json()["data"]["attributes"]

    async def tend(self, contract: dict) -> None:
        """Do what the night does."""
        from psa_contracts.nightly import tend

        async with self.kit.unit() as ctx:
            await ctx.send(tend, contract_id=UUID(contract["id"]))
        await self.kit.drain()

    async def events(self, name: str, contract: dict) -> list[dict]:
        rows = await self.kit.installation.rows(
            "SELECT payload::text AS told FROM psa.outbox WHERE kind = 'event' AND name = $1"
            " AND payload::text LIKE $2 ORDER BY created_at, id",
            name,
            f"%{contract['id']}%",
        )
        return [row["told"] for row in rows]


def ok(answer, status: int):
    assert answer.status_code == status, answer.text
    return answer


def flat(answer) -> dict:
    """Return a record's id, attributes, and the ids of its to-one relationships."""
    item = answer if isinstance(answer, dict) else answer.json()["data"]
    held = {
        name: one["data"]["id"] if one["data"] else None
        for name, one in item.get("relationships", {}).items()
        if "data" in one and not isinstance(one["data"], list)
    }
    return {"id": item["id"], **item["attributes"], **held}


def codes(answer) -> list[str]:
    """Return the codes of an error document."""
    return [error["code"] for error in answer.json()["errors"]]


def money(value: str) -> Decimal:
    return Decimal(value)
