"""Short ways to say what tests of rules often say."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from psa_sdk.testing import Client, Kit

RULES = "/ticket-automation-rules"


class Shop:
    """A tenant's service desk with rules."""

    def __init__(self, kit: Kit, admin: Client) -> None:
        self.kit, self.admin = kit, admin
        self._listed: dict[tuple[str, str], str] = {}

    @classmethod
    async def open(cls, kit: Kit) -> "Shop":
        return cls(kit, await kit.admin())

    async def listed(self, resource: str, name: str, *, key: str = "name") -> str:
        if (resource, name) not in self._listed:
            found = (await self.admin.get(f"/{resource}", params={f"filter[{key}]": name})).json()["data"]
            self._listed[resource, name] = found[0]["id"]
        return self._listed[resource, name]

    async def priority(self, name: str) -> str:
        return await self.listed("ticket-priorities", name)

    async def status(self, category: str) -> str:
        return await self.listed("ticket-statuses", category, key="category")

    async def rule(self, name: str, trigger: str, actions: list[dict[str, Any]], **more: Any) -> str:
        answer = await self.try_rule(name, trigger, actions, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    async def try_rule(self, name: str, trigger: str, actions: list[dict[str, Any]], **more: Any):
        body = {"name": name, "trigger_type": trigger, "actions": actions, **more}
        return await self.admin.post(RULES, body, type="automation-rules")

    async def ticket(self, title: str = "Printer is on fire", **related: Any) -> UUID:
        values = {name: related.pop(name) for name in ("tags", "description", "source") if name in related}
        answer = await self.admin.post("/tickets", {"title": title, **values}, ids(related))
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def change(self, ticket: UUID, **related: Any):
        values = {name: related.pop(name) for name in ("title", "tags") if name in related}
        answer = await self.admin.patch(f"/tickets/{ticket}", values, relationships=ids(related))
        assert answer.status_code == 200, answer.text
        return answer

    async def settled(self) -> None:
        await self.kit.drain()

    async def later(self, **by: float) -> None:
        """Let time pass, five minutes' sweep included."""
        self.kit.advance(timedelta(**by))
        async with self.kit.unit() as ctx:
            from psa_automation.sweeping import sweep

            await ctx.send(sweep)
        await self.kit.drain()

    async def policy(self) -> UUID:
        """Promise a solution within ten hours around the clock to everybody."""
        values = {"name": f"Hours {self.kit.number()}", "timezone": "UTC"}
        hours = await self.admin.post("/business-hours", values)
        values = {"name": values["name"], "is_default": True, "warnings": ["70%", "90%", "110%"]}
        related = {"business_hours": UUID(hours.json()["data"]["id"])}
        made = await self.admin.post("/sla-policies", values, related)
        assert made.status_code == 201, made.text
        policy = UUID(made.json()["data"]["id"])
        target = {"resolution_hours": "10", "operational_hours": "24x7"}
        made = await self.admin.post("/sla-targets", target, {"sla_policy": policy})
        assert made.status_code == 201, made.text
        await self.kit.drain()
        return policy

    async def clock(self, **by: float) -> None:
        """Let time pass, and have the clocks of service levels looked at."""
        self.kit.advance(timedelta(**by))
        async with self.kit.unit() as ctx:
            from psa_sla.with_ticketing.sweeping import sweep

            await ctx.send(sweep)
        await self.kit.drain()

    async def shown(self, ticket: UUID) -> dict[str, Any]:
        data = (await self.admin.get(f"/tickets/{ticket}")).json()["data"]
        held = {
            name: one["data"]["id"] if one["data"] else None
            for name, one in data["relationships"].items()
            if not isinstance(one.get("data", []), list)
        }
        return {**data["attributes"], **held}

    async def runs(self, rule: str | None = None, ticket: UUID | None = None) -> list[dict[str, Any]]:
        query = {"sort": "created_at"}
        query |= {"filter[rule]": rule} if rule else {}
        query |= {"filter[subject_id]": str(ticket)} if ticket else {}
        answer = await self.admin.get("/automation-runs", params=query)
        assert answer.status_code == 200, answer.text
        return [
            {**item["attributes"], "rule": item["relationships"]["rule"]["data"]["id"]}
            for item in answer.json()["data"]
        ]

    async def notes(self, ticket: UUID) -> list[dict[str, Any]]:
        answer = await self.admin.get(f"/tickets/{ticket}/notes", params={"page[size]": "100"})
        return [item["attributes"] for item in answer.json()["data"]]

    async def team(self, name: str, *members: UUID, manager: UUID | None = None) -> UUID:
        answer = await self.admin.post(
            "/groups",
            {"name": name},
            {"members": list(members)} | ({"manager": manager} if manager else {}),
        )
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def technicians(self, *names: str) -> list[UUID]:
        return [await (await self.kit.staff(roles=("technician",), name=name)).account_id() for name in names]


def field(path: str, operator: str, value: Any = None) -> dict[str, Any]:
    """Return a condition."""
    return {"field": path, "operator": operator} | ({} if value is None else {"value": value})


def set_to(**values: Any) -> dict[str, Any]:
    """Return the action that sets fields."""
    return {"action": "set", "values": values}


def note(content: str) -> dict[str, Any]:
    """Return the action that adds an internal note."""
    return {"action": "add_note", "content": content}


def codes(answer) -> list[str]:
    """Return the codes of an error document."""
    return [error["code"] for error in answer.json()["errors"]]


def ids(related: dict[str, Any]) -> dict[str, Any] | None:
    """Return relationships with ids as ids."""
    return {name: UUID(held) if isinstance(held, str) else held for name, held in related.items()} or None
