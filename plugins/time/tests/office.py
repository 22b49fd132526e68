"""Short ways to say what tests of time often say."""

from datetime import datetime, timedelta
from uuid import UUID

from psa_sdk.testing import Client, Kit


class Office:
    """A tenant: its administrator, a manager, a client, and people who work."""

    def __init__(self, kit: Kit, admin: Client, boss: Client) -> None:
        self.kit, self.admin, self.boss = kit, admin, boss
        self.lists: dict[tuple[str, str], UUID] = {}

    @classmethod
    async def open(cls, kit: Kit) -> "Office":
        return cls(kit, await kit.admin(), await kit.staff(roles=("manager",), name="Mona Manager"))

    async def worker(self, zone: str = "", *roles: str) -> Client:
        """Return somebody new who logs time, in a zone of their own."""
        client = await self.kit.staff(roles=roles or ("technician",), name=f"Worker {self.kit.number()}")
        account = await client.account_id()
        if zone:
            answer = await self.admin.patch(f"/users/{account}", {"timezone": zone})
            assert answer.status_code == 200, answer.text
        return client

    async def company(self, **values) -> UUID:
        return (await self.kit.make("companies", **values)).id

    async def work_type(self, name: str = "Remote support") -> UUID:
        return await self.listed("work-types", name)

    async def listed(self, resource: str, name: str) -> UUID:
        if (resource, name) not in self.lists:
            answer = await self.admin.get(f"/{resource}", params={"filter[name]": name})
            self.lists[resource, name] = UUID(answer.json()["data"][0]["id"])
        return self.lists[resource, name]

    async def settings(self, **values) -> None:
        answer = await self.admin.patch("/settings/time", {"values": values})
        assert answer.status_code == 200, answer.text

    async def log(self, who: Client, company: UUID | None, *, type: str = "Remote support", **given):
        """Log time and return the answer; relationships are the ids among the values."""
        relations = {name: given.pop(name) for name in list(given) if isinstance(given[name], UUID)}
        if company is not None:
            relations["company"] = company
        relations["work_type"] = await self.work_type(type)
        return await who.post("/time-entries", {"date": "2026-05-04", **given}, relations)

    async def logged(self, who: Client, company: UUID | None, **given) -> dict:
        answer = await self.log(who, company, **given)
        assert answer.status_code == 201, answer.text
        return flat(answer.json()["data"])

    async def entry(self, id: str) -> dict:
        answer = await self.admin.get(f"/time-entries/{id}")
        assert answer.status_code == 200, answer.text
        return flat(answer.json()["data"])

    async def entries(self, **filters) -> list[dict]:
        params = {f"filter[{name}]": str(value) for name, value in filters.items()} | {"sort": "date,id"}
        answer = await self.admin.get("/time-entries", params=params)
        assert answer.status_code == 200, answer.text
        return [flat(item) for item in answer.json()["data"]]

    async def submit(self, who: Client, day: str = "2026-05-04"):
        return await who.post("/timesheets/submit", {"start_date": day})

    async def decide(self, who: Client, worker: Client, verb: str, day: str = "2026-05-04", **more):
        body = {"user": str(await worker.account_id()), "start_date": day, **more}
        return await who.post(f"/timesheets/{verb}", body)

    async def approved(self, worker: Client, day: str = "2026-05-04") -> None:
        for answer in (await self.submit(worker, day), await self.decide(self.boss, worker, "approve", day)):
            assert answer.status_code == 200, answer.text

    def until(self, moment: datetime) -> None:
        """Move the clock to an instant that is still to come."""
        assert moment >= self.kit.now, "clocks only go forward"
        self.kit.advance(moment - self.kit.now)

    def later(self, **by: float) -> None:
        self.kit.advance(timedelta(**by))


def flat(item: dict) -> dict:
    """Return a record's id, attributes, and the ids of its to-one relationships."""
    held = {
        name: one["data"]["id"] if one["data"] else None
        for name, one in item.get("relationships", {}).items()
        if "data" in one and not isinstance(one["data"], list)
    }
    return {"id": item["id"], **item["attributes"], **held}


def codes(answer) -> list[str]:
    """Return the codes of an error document."""
    return [error["code"] for error in answer.json()["errors"]]


def pointers(answer) -> list[str]:
    """Return where the faults of an error document are."""
    return [error["source"]["pointer"] for error in answer.json()["errors"]]
