"""BILL-01, BILL-25, BILL-31: whatever happens at once, numbers have no gap, nothing is billed or paid twice.

Runs, finalising, payments, credit, voiding, deleting and exports cross each other on real PostgreSQL, some of them cut
off in the middle, by themselves or by a backend that is killed. Few rounds run always; `--thorough` runs thousands.
"""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from psa_billing import accounting_exports, annulling, crediting, drafting
from psa_billing.api import BillingScope
from psa_billing.finalising import finalise
from psa_sdk.errors import Problem
from psa_sdk.testing import Kit

from . import neighbour
from .counting_house import CountingHouse

THROUGH = date(2026, 6, 30)
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
BACKEND = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
# Process ids come again.
KILL = "SELECT pg_terminate_backend(pid, 5000) AS gone FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
INVOICES = "SELECT id, status FROM billing.invoice WHERE company = $1"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(psa_bench) -> CountingHouse:
    found = await CountingHouse.open(await Kit.open(await psa_bench.install("multi", modules=(neighbour,))))
    for kind in ("receivables", "revenue", "tax", "money", "bad_debt"):
        await found.kit.make("account-mappings", kind=kind, key="")
    return found


class Cut(Exception):
    """The process dies here, as far as the database can tell: nothing of the unit of work is committed."""


class Reaper:
    """Kills backends of PostgreSQL that are at work, at random moments of it."""

    def __init__(self, shop: CountingHouse, dice: random.Random) -> None:
        self.shop, self.dice = shop, dice
        self.killed = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def mark(self, ctx) -> None:
        """Choose the backend of a unit of work; it dies in a few milliseconds."""
        backend = await ctx.db.fetch_one(BACKEND)
        self._tasks.append(asyncio.create_task(self._kill(backend, self.dice.random() * 0.03)))

    async def _kill(self, backend: Mapping[str, Any], after: float) -> None:
        await asyncio.sleep(after)
        gone = await self.shop.rows(KILL, backend["pid"], backend["backend_start"])
        self.killed += sum(row["gone"] for row in gone)

    async def rest(self) -> None:
        """Wait until the marked are dead, and nobody holds a connection to one any more."""
        await asyncio.gather(*self._tasks)
        self._tasks.clear()

        async def look() -> None:
            with contextlib.suppress(*BROKEN):
                async with self.shop.kit.unit() as ctx:
                    await ctx.db.fetch_value("SELECT 1")

        await asyncio.gather(*(look() for _ in range(8)))


class Storm:
    """A company, and things that happen to its invoices."""

    def __init__(self, shop: CountingHouse, company: UUID, dice: random.Random, reaper: Reaper) -> None:
        self.shop, self.company, self.dice, self.reaper = shop, company, dice, reaper
        self.promised: set[UUID] = set()
        """Payments whose unit of work ended well."""

    async def happen(self) -> None:
        """Do one thing of many, sometimes only half; a refusal is fine."""
        what = self.dice.choice(
            (
                self.bill,
                self.bill,
                self.number,
                self.number,
                self.pay,
                self.pay,
                self.annul,
                self.credit,
                self.drop,
                self.hand_over,
            )
        )
        fate = self.dice.random()
        with contextlib.suppress(Problem, Cut, *BROKEN):
            async with self.shop.kit.unit() as ctx:
                if fate < 0.2:
                    await self.reaper.mark(ctx)
                done = await what(ctx)
                if 0.2 <= fate < 0.35:
                    raise Cut
            if done is not None:
                self.promised.add(done)

    async def some(self, ctx, *statuses: str) -> UUID | None:
        rows = [row["id"] for row in await ctx.db.fetch(INVOICES, self.company) if row["status"] in statuses]
        return self.dice.choice(rows) if rows else None

    async def bill(self, ctx) -> None:
        await drafting.draft(
            ctx, BillingScope(company_id=self.company, through=THROUGH, invoice_date=THROUGH)
        )

    async def number(self, ctx) -> None:
        if (chosen := await self.some(ctx, "draft")) is not None:
            await finalise(ctx, chosen)

    async def pay(self, ctx) -> UUID:
        amount = Decimal(self.dice.choice((5, 10, 30)))
        return await ctx.records.create(
            "payments",
            {"company": self.company, "amount": amount, "currency": "USD", "payment_method": "wire"},
        )

    async def annul(self, ctx) -> None:
        if (chosen := await self.some(ctx, "sent")) is not None:
            await annulling.void(ctx, chosen, "At random")

    async def credit(self, ctx) -> None:
        if (chosen := await self.some(ctx, "sent", "paid", "partially_paid")) is not None:
            await finalise(ctx, await crediting.credit(ctx, chosen, "At random", None))

    async def drop(self, ctx) -> None:
        if (chosen := await self.some(ctx, "draft")) is not None:
            await ctx.records.delete("invoices", chosen)

    async def hand_over(self, ctx) -> None:
        await accounting_exports.export(ctx, THROUGH)


async def settled(shop: CountingHouse, companies: list[UUID]) -> None:
    """Check everything that must hold, whatever came before."""
    for kind in ("invoice", "credit_memo"):
        rows = await shop.rows(
            "SELECT right(invoice_number, 4)::int AS n FROM billing.invoice"
            " WHERE tenant_id = $1 AND kind = $2 AND finalised_at IS NOT NULL ORDER BY 1",
            shop.kit.tenant_id,
            kind,
        )
        assert [row["n"] for row in rows] == list(range(1, len(rows) + 1)), kind
    doubled = await shop.rows(
        """
        SELECT l.period_start, l.company, count(*) FROM billing.invoice_line l JOIN billing.invoice i ON i.id = l.invoice
        WHERE l.company = ANY($1) AND i.kind = 'invoice' AND i.status <> 'void' GROUP BY 1, 2 HAVING count(*) > 1""",
        companies,
    )
    assert doubled == []
    wrong = await shop.rows(
        """
        SELECT i.invoice_number FROM billing.invoice i WHERE i.company = ANY($1) AND i.kind = 'invoice'
            AND i.status <> 'void' AND i.amount_paid <> coalesce((SELECT sum(a.amount) FROM billing.allocation a
                WHERE a.invoice = i.id AND a.reversed_on IS NULL), 0)
        UNION ALL
        SELECT p.id::text FROM billing.payment p WHERE p.company = ANY($1)
            AND p.unapplied <> p.amount - coalesce((SELECT sum(a.amount) FROM billing.allocation a
                WHERE a.payment = p.id AND a.reversed_on IS NULL), 0)""",
        companies,
    )
    assert wrong == []
    uneven = await shop.rows(
        "SELECT export FROM billing.accounting_entry e WHERE e.tenant_id = $1 GROUP BY export"
        " HAVING count(*) <> (SELECT documents FROM billing.accounting_export x WHERE x.id = e.export)",
        shop.kit.tenant_id,
    )
    assert uneven == [], "an export is whole, or not there"
    for company in companies:
        scope = BillingScope(company_id=company, through=THROUGH, invoice_date=THROUGH)
        async with shop.kit.unit() as ctx:
            await drafting.draft(ctx, scope)
            held = await ctx.db.fetch_value(
                "SELECT count(*) FROM billing.claim c JOIN billing.invoice i ON i.tenant_id = c.tenant_id"
                " AND i.id = c.invoice WHERE i.company = $1",
                company,
            )
        assert held == 6, "every period is on one invoice: nothing is lost"


async def storm(shop: CountingHouse, rounds: int, seed: int) -> None:
    neighbour.reset()
    dice = random.Random(seed)
    reaper = Reaper(shop, dice)
    companies = [await shop.company() for _ in range(3)]
    for company in companies:
        neighbour.subscribe(company, date(2026, 1, 1), "10.00")
    storms = [Storm(shop, company, dice, reaper) for company in companies]
    for _ in range(rounds):
        await asyncio.gather(*(dice.choice(storms).happen() for _ in range(6)))
    await reaper.rest()
    assert reaper.killed, "nothing was killed at work: that proves nothing"
    rows = await shop.rows("SELECT id FROM billing.payment WHERE company = ANY($1)", companies)
    promised = {id for one in storms for id in one.promised}
    assert promised
    assert promised <= {row["id"] for row in rows}, "a payment that was promised is lost"
    await settled(shop, companies)


async def test_a_few_things_at_once_leave_everything_right(shop):
    await storm(shop, rounds=20, seed=11)


@pytest.mark.thorough
@pytest.mark.timeout(3600)
async def test_thousands_of_things_at_once_leave_everything_right(shop):
    for seed in range(25):
        await storm(shop, rounds=40, seed=seed)
