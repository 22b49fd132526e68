"""CON-11, CON-14, CON-17: whatever happens at once, the ledger ends as one computation of what is there.

Approvals, unapprovals, invoices, grants by hand and the night's work cross each other on real PostgreSQL. Few rounds
run always; `--thorough` runs thousands.
"""

import asyncio
import contextlib
import random
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from asyncpg import PostgresError

from psa_contracts import ledger
from psa_sdk.errors import Conflict, Problem
from psa_time.api import TimeLedger

from .crew import Crew
from .firm import flat, ok


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crew(firm) -> Crew:
    return await Crew.open(firm)


class Storm:
    """A contract with hours, people who work under it, and things that happen."""

    def __init__(self, crew: Crew, contract: dict, workers: list, dice: random.Random) -> None:
        self.crew, self.contract, self.workers, self.dice = crew, contract, workers, dice
        self.entries: list[str] = []

    @classmethod
    async def open(cls, crew: Crew, dice: random.Random) -> "Storm":
        firm = crew.firm
        start = str(crew.monday - timedelta(days=20))
        contract = await firm.contract(contract_type="block_hours", start_date=start)
        await firm.item(
            contract,
            item_type="retainer",
            included_minutes=dice.randint(100, 400),
            rollover_minutes=120,
            unit_price="1",
            billing_frequency="monthly",
        )
        await firm.item(
            contract, item_type="block_hours", included_minutes=dice.randint(60, 300), valid_months=2
        )
        return cls(crew, contract, [await crew.worker() for _ in range(3)], dice)

    @property
    def id(self) -> UUID:
        return UUID(self.contract["id"])

    async def happen(self) -> None:
        """Do one thing of many; a refusal is fine."""
        verbs = (
            self.log,
            self.log,
            self.approve,
            self.approve,
            self.unapprove,
            self.bill,
            self.release,
            self.grow,
        )
        with contextlib.suppress(Problem):
            await self.dice.choice(verbs)()

    async def log(self) -> None:
        worker, company = self.dice.choice(self.workers), UUID(self.contract["company"])
        made = await self.crew.logged(worker, company, self.dice.randint(5, 90), day=self.dice.randint(0, 6))
        self.entries.append(made["id"])

    async def approve(self) -> None:
        worker = self.dice.choice(self.workers)
        week = {"start_date": str(self.crew.monday)}
        await worker.post("/timesheets/submit", week)
        body = week | {"user": str(await worker.account_id())}
        answer = await self.crew.boss.post("/timesheets/approve", body)
        assert answer.status_code in {200, 409}, answer.text

    async def unapprove(self) -> None:
        if self.entries:
            path = f"/time-entries/{self.dice.choice(self.entries)}/unapprove"
            answer = await self.crew.boss.post(path, {"reason": "Not yet"})
            assert answer.status_code in {204, 409}, answer.text

    async def bill(self) -> None:
        """Put up to three entries on an invoice, covers first, as a run does."""
        invoice = await self._invoice()
        async with self.crew.firm.kit.unit() as ctx:
            company = UUID(self.contract["company"])
            found = await ctx.service(TimeLedger).unbilled(company, self.crew.firm.today, limit=3)
            await ledger.converge(ctx, self.id)
            await ctx.service(TimeLedger).mark_billed({one.id: None for one in found}, invoice)

    async def release(self) -> None:
        rows = await self.crew.firm.kit.installation.rows(
            "SELECT DISTINCT invoice FROM time.entry WHERE contract = $1 AND invoice IS NOT NULL", self.id
        )
        if rows:
            async with self.crew.firm.kit.unit() as ctx:
                await ctx.service(TimeLedger).release(self.dice.choice(rows)["invoice"])

    async def grow(self) -> None:
        path = f"/contracts/{self.contract['id']}/hour-grants"
        ok(await self.crew.firm.admin.post(path, {"minutes": 30, "valid_from": str(self.crew.monday)}), 201)

    async def _invoice(self) -> UUID:
        company = {"company": UUID(self.contract["company"])}
        return UUID(flat(ok(await self.crew.firm.admin.post("/invoices", {}, company), 201))["id"])

    async def verdict(self) -> int:
        """Return how many ledger entries there are. Let everything that waits happen; then the ledger is right, and computing again changes nothing."""
        await self.crew.firm.kit.drain()
        burned = await self.crew.burned(self.contract)
        approved = await self.crew.firm.kit.installation.rows(
            "SELECT id::text, billable_minutes FROM time.entry WHERE contract = $1 AND approval_status = 'approved'",
            self.id,
        )
        worked = {row["id"]: row["billable_minutes"] for row in approved}
        assert burned.keys() <= worked.keys(), "only approved work burns"
        assert all(minutes <= worked[entry] for entry, minutes in burned.items()), "nothing burns twice"
        async with self.crew.firm.kit.unit() as ctx:
            assert await ledger.disagreements(ctx) == []
            outcome = await ledger.converge(ctx, self.id)
        assert outcome.appended == 0, "what is there is what one computation says"
        assert {str(source): 0 for (_, source) in outcome.allocation.burns}.keys() == burned.keys()
        rows = await self.crew.firm.kit.installation.rows(
            "SELECT g.balance_minutes AS kept, coalesce(sum(e.minutes), 0)::int AS posted FROM contracts.hour_grant g"
            " LEFT JOIN contracts.hour_entry e ON e.hour_grant = g.id WHERE g.contract = $1 GROUP BY g.id, 1",
            self.id,
        )
        assert all(row["kept"] == row["posted"] >= 0 for row in rows), "balances are sums, never negative"
        moved = await self.crew.firm.kit.installation.rows(
            "SELECT kind FROM contracts.hour_entry WHERE contract = $1 AND source_id IS NOT NULL", self.id
        )
        return len(moved)


async def storm(crew: Crew, seed: int, rounds: int) -> int:
    dice = random.Random(seed)
    found = await Storm.open(crew, dice)
    for _ in range(rounds):
        await asyncio.gather(*(found.happen() for _ in range(dice.randint(2, 6))))
        if dice.random() < 0.3:
            await crew.firm.kit.drain()
    return await found.verdict()


async def test_crossing_approvals_and_invoices_end_in_one_ledger(crew):
    """CON-11, CON-14, CON-17: a few dozen interleavings."""
    assert sum([await storm(crew, seed, rounds=8) for seed in range(3)]) > 0


@pytest.mark.thorough
async def test_thousands_of_interleavings_end_in_one_ledger(crew):
    """CON-11, CON-14, CON-17"""
    assert sum([await storm(crew, seed, rounds=15) for seed in range(100, 150)]) > 1000


async def test_many_converge_at_once_and_append_once(crew):
    """CON-17: twelve runs in parallel of what one would do."""
    contract = await crew.firm.contract(contract_type="block_hours", start_date=str(crew.monday))
    await crew.firm.item(contract, item_type="block_hours", included_minutes=60)
    worker = await crew.worker()
    for day in range(3):
        await crew.logged(worker, UUID(contract["company"]), 45, day=day)
    await crew.submit(worker)
    await crew.decide(worker)

    async def run() -> int:
        async with crew.firm.kit.unit() as ctx:
            return (await ledger.converge(ctx, UUID(contract["id"]))).appended

    assert sorted(await asyncio.gather(*(run() for _ in range(12)))) == [0] * 11 + [2]
    await crew.firm.kit.drain()
    assert sorted((await crew.burned(contract)).values()) == [15, 45]


async def test_a_ledger_that_is_cut_off_is_as_if_it_never_began(crew):
    """CON-11: what dies before the commit appended nothing; the next run does all of it."""
    contract = await crew.firm.contract(contract_type="block_hours", start_date=str(crew.monday))
    await crew.firm.item(contract, item_type="block_hours", included_minutes=60)
    worker = await crew.worker()
    await crew.logged(worker, UUID(contract["company"]), 45)
    await crew.submit(worker)
    await crew.decide(worker)
    with pytest.raises(Conflict, match="cut off"):
        async with crew.firm.kit.unit() as ctx:
            assert (await ledger.converge(ctx, UUID(contract["id"]))).appended == 1
            raise Conflict("cut off")
    assert await crew.burned(contract) == {}
    await crew.firm.kit.drain()
    assert list((await crew.burned(contract)).values()) == [45]


async def test_no_balance_can_be_overdrawn_and_no_entry_rewritten(crew):
    """CON-11: PostgreSQL itself refuses."""
    contract = await crew.firm.contract(contract_type="block_hours", start_date=str(crew.monday))
    ok(await crew.firm.admin.post(f"/contracts/{contract['id']}/hour-grants", {"minutes": 10}), 201)
    for statement in (
        (
            "INSERT INTO contracts.hour_entry (contract, hour_grant, kind, minutes, source_id, posted_on)"
            " SELECT contract, id, 'burned', -11, id, current_date FROM contracts.hour_grant WHERE contract = $1"
        ),
        "UPDATE contracts.hour_entry SET minutes = 99 WHERE contract = $1",
        "DELETE FROM contracts.hour_entry WHERE contract = $1",
    ):
        with pytest.raises(PostgresError):
            async with crew.firm.kit.unit() as ctx:
                await ctx.db.execute(statement, UUID(contract["id"]))
    assert (await crew.firm.balance(contract))["minutes_remaining"] == 10
