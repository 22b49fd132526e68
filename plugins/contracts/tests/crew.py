"""People who work under contracts, and who approves it."""

from datetime import date, timedelta
from uuid import UUID

from psa_sdk.testing import Client
from psa_time.api import TimeLedger

from .firm import Firm, flat, ok


class Crew:
    """A firm with a manager; days count from the Monday of last week."""

    def __init__(self, firm: Firm, boss: Client) -> None:
        self.firm, self.boss = firm, boss
        today = firm.today
        self.monday: date = today - timedelta(days=today.weekday() + 7)
        self.types: dict[str, UUID] = {}

    @classmethod
    async def open(cls, firm: Firm) -> "Crew":
        crew = cls(firm, await firm.kit.staff(roles=("manager",), name="Mona Manager"))
        for rule in await firm.listed("/rounding-rules"):
            if rule["is_default"]:
                await firm.change("rounding-rules", rule["id"], increment_minutes=1, minimum_minutes=0)
        return crew

    async def worker(self) -> Client:
        return await self.firm.kit.staff(roles=("technician",), name=f"Worker {self.firm.kit.number()}")

    async def work_type(self, name: str = "Remote support") -> UUID:
        if name not in self.types:
            for found in await self.firm.listed("/work-types"):
                self.types[found["name"]] = UUID(found["id"])
        return self.types[name]

    async def logged(self, who: Client, company: UUID | None, minutes: int, *, day: int = 0, **given) -> dict:
        return await self._log(who, company, day, {"duration_minutes": minutes} | given)

    async def spanned(
        self, who: Client, company: UUID, start: str, end: str, *, day: int = 0, **given
    ) -> dict:
        return await self._log(who, company, day, {"start_time": start, "end_time": end} | given)

    async def _log(self, who: Client, company: UUID | None, day: int, given: dict) -> dict:
        relations = {name: given.pop(name) for name in list(given) if isinstance(given[name], UUID)}
        relations.setdefault("work_type", await self.work_type())
        if company is not None:
            relations["company"] = company
        values = {"date": str(self.monday + timedelta(days=day))} | given
        return flat(ok(await who.post("/time-entries", values, relations), 201))

    async def submit(self, who: Client, day: int = 0) -> None:
        ok(await who.post("/timesheets/submit", {"start_date": str(self.monday + timedelta(days=day))}), 200)

    async def decide(self, who: Client, day: int = 0) -> None:
        body = {"user": str(await who.account_id()), "start_date": str(self.monday + timedelta(days=day))}
        ok(await self.boss.post("/timesheets/approve", body), 200)

    async def approve(self, who: Client, day: int = 0) -> None:
        """Hand in and approve a worker's week, and let what follows happen."""
        await self.submit(who, day)
        await self.decide(who, day)
        await self.firm.kit.drain()

    async def bill(self, company: UUID, entry: dict) -> None:
        """Put an entry on an invoice of its own."""
        invoice = flat(ok(await self.firm.admin.post("/invoices", {}, {"company": company}), 201))
        async with self.firm.kit.unit() as ctx:
            await ctx.service(TimeLedger).mark_billed({UUID(entry["id"]): None}, UUID(invoice["id"]))
        await self.firm.kit.drain()

    async def unapprove(self, entry: dict) -> None:
        answer = await self.boss.post(f"/time-entries/{entry['id']}/unapprove", {"reason": "Not right"})
        assert answer.status_code == 204, answer.text
        await self.firm.kit.drain()

    async def burned(self, contract: dict) -> dict[str, int]:
        """Return what each entry burns according to the ledger."""
        rows = await self.firm.kit.installation.rows(
            "SELECT source_id, -sum(minutes)::int AS burned FROM contracts.hour_entry"
            " WHERE contract = $1 AND source_id IS NOT NULL GROUP BY 1 HAVING sum(minutes) <> 0",
            UUID(contract["id"]),
        )
        return {str(row["source_id"]): row["burned"] for row in rows}
