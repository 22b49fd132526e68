"""Short ways to say what tests of service levels often say."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from psa_sdk.testing import Client, Kit

from . import wall

NY = "America/New_York"
OFFICE = {
    day: [{"start": "09:00", "end": "17:00"}]
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
}


class Promises:
    """A tenant with calendar S and a policy of 2 h to respond and 8 h to resolve."""

    def __init__(self, kit: Kit, admin: Client, staff: Client) -> None:
        self.kit, self.admin, self.staff = kit, admin, staff
        self.lists: dict[tuple[str, str], UUID] = {}
        self.monday: datetime = kit.now

    @classmethod
    async def open(cls, kit: Kit) -> "Promises":
        found = cls(kit, await kit.admin(), await kit.staff(roles=("technician",), name="Theo Technician"))
        ahead = (7 - kit.now.weekday()) % 7 or 7
        date = kit.now.date() + timedelta(days=ahead)
        found.monday = wall.at(NY, f"{date} 00:00")
        found.until(found.at(0, "09:00"))
        return found

    def at(self, day: int, clock: str) -> datetime:
        """Return a time in New York, days after the first Monday."""
        date = (self.monday.astimezone(wall.ZoneInfo(NY)) + timedelta(days=day)).date()
        return wall.at(NY, f"{date} {clock}")

    def next_monday(self) -> None:
        """Let the days count from a Monday that is still to come, and go there at nine."""
        while self.at(0, "09:00") <= self.kit.now:
            self.monday = self.at(7, "00:00")
        self.until(self.at(0, "09:00"))

    def until(self, moment: datetime) -> None:
        assert moment >= self.kit.now, "clocks only go forward"
        self.kit.advance(moment - self.kit.now)

    async def made(self, resource: str, values: dict, relations: dict | None = None) -> UUID:
        answer = await self.admin.post(f"/{resource}", values, relations)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def hours(
        self, zone: str = NY, schedule: dict | None = None, holidays: list[UUID] | None = None
    ) -> UUID:
        values = {"name": f"Hours {self.kit.number()}", "timezone": zone, "schedule": schedule or OFFICE}
        return await self.made("business-hours", values, {"holidays": holidays} if holidays else None)

    async def policy(
        self, response: str | None = "2", resolution: str | None = "8", hours: UUID | None = None, **values
    ) -> UUID:
        policy = await self.made(
            "sla-policies",
            {"name": f"Policy {self.kit.number()}", **values},
            {"business_hours": hours or await self.hours()},
        )
        if response or resolution:
            await self.target(policy, response, resolution)
        return policy

    async def target(self, policy: UUID, response: str | None, resolution: str | None, **relations) -> UUID:
        values = {"first_response_hours": response, "resolution_hours": resolution}
        return await self.made("sla-targets", values, {"sla_policy": policy, **relations})

    async def company(self, policy: UUID | None = None, **values) -> UUID:
        company = (await self.kit.make("companies", **values)).id
        if policy is not None:
            await self.put("companies", company, sla_policy=policy)
        return company

    async def client(self, **policy) -> UUID:
        """Return a company with a policy of its own."""
        return await self.company(await self.policy(**policy))

    async def put(self, resource: str, id: UUID, **values) -> None:
        """Change attributes and, where the value is an id or None, relationships."""
        relations = {
            name: value for name, value in values.items() if isinstance(value, UUID) or value is None
        }
        rest = {name: value for name, value in values.items() if name not in relations}
        answer = await self.admin.patch(f"/{resource}/{id}", rest, relations or None)
        assert answer.status_code == 200, answer.text

    async def ticket(self, company: UUID | None = None, **values) -> UUID:
        relations = {name: values.pop(name) for name in list(values) if isinstance(values[name], UUID)}
        if company is not None:
            relations["company"] = company
        return await self.made("tickets", {"title": "Printer is on fire", **values}, relations or None)

    async def move(self, ticket: UUID, category: str) -> None:
        await self.put(
            "tickets", ticket, status=await self.listed("ticket-statuses", category, key="category")
        )

    async def listed(self, resource: str, name: str, *, key: str = "name") -> UUID:
        if (resource, name) not in self.lists:
            answer = await self.admin.get(f"/{resource}", params={f"filter[{key}]": name})
            self.lists[resource, name] = UUID(answer.json()["data"][0]["id"])
        return self.lists[resource, name]

    async def reply(self, ticket: UUID, who: Client | None = None, note_type: str = "public"):
        answer = await (who or self.staff).post(
            f"/tickets/{ticket}/notes", {"content": "On it", "note_type": note_type}, type="comments"
        )
        assert answer.status_code == 201, answer.text

    async def shown(self, ticket: UUID) -> dict:
        """Return a ticket's attributes, instants read, with the id of its policy."""
        answer = await self.admin.get(f"/tickets/{ticket}")
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        policy = data["relationships"]["sla_policy"]["data"]
        values = {
            name: instant(value) if name.endswith("_at") and value else value
            for name, value in data["attributes"].items()
        }
        return {**values, "sla_policy": UUID(policy["id"]) if policy else None}

    async def due(self, ticket: UUID, kind: str = "resolution") -> datetime | None:
        return (await self.shown(ticket))[f"sla_{kind}_due_at"]

    async def clocks(self, ticket: UUID) -> dict[str, dict]:
        answer = await self.admin.get(f"/tickets/{ticket}/sla")
        assert answer.status_code == 200, answer.text
        return {one["clock"]: one for one in answer.json()["data"]["attributes"]["clocks"]}

    async def sweep(self) -> None:
        """Run what is due by now: the sweep of each passed minute among it."""
        from psa_sla.with_ticketing.sweeping import sweep

        async with self.kit.unit() as ctx:
            await ctx.send(sweep)
        await self.kit.drain()

    async def told(self, ticket: UUID) -> list[tuple[str, str, datetime]]:
        """Return the declared events about a ticket: name, threshold or clock, instant."""
        rows = await self.kit.installation.rows(
            "SELECT name, payload->>'clock' AS clock, payload->>'threshold' AS threshold, payload->>'at' AS at,"
            " payload->'notify' AS notify FROM psa.outbox"
            " WHERE payload->>'ticket_id' = $1 AND name LIKE 'sla.%' ORDER BY payload->>'at', created_at",
            str(ticket),
        )
        return [
            (
                row["name"].removeprefix("sla.sla_"),
                f"{row['clock']} {row['threshold'] or ''}".strip(),
                instant(row["at"]),
            )
            for row in rows
        ]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
