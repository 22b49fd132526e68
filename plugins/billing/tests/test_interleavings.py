"""BILL-01, BILL-25, BILL-31: whatever happens at once, numbers have no gap, nothing is billed or paid twice.

Runs, finalising, payments, credit, voiding and deleting cross each other on real PostgreSQL, some of them cut off in
the middle. Few rounds run always; `--thorough` runs thousands.
"""

import asyncio
import contextlib
import random
from datetime import date
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from psa_billing import annulling, crediting, drafting
from psa_billing.api import BillingScope
from psa_billing.finalising import finalise
from psa_sdk.errors import Problem
from psa_sdk.testing import Kit

from . import neighbour
from .counting_house import CountingHouse

THROUGH = date(2026, 6, 30)
INVOICES = "SELECT id, status FROM billing.invoice WHERE company = $1"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(psa_bench) -> CountingHouse:
    return await CountingHouse.open(await Kit.open(await psa_bench.install("multi", modules=(neighbour,))))


class Cut(Exception):
    """The process dies here, as far as the database can tell: nothing of the unit of work is committed."""


class Storm:
    """A company, and things that happen to its invoices."""

    def __init__(self, shop: CountingHouse, company: UUID, dice: random.Random) -> None:
        self.shop, self.company, self.dice = shop, company, dice

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
            )
        )
        dies = self.dice.random() < 0.2
        with contextlib.suppress(Problem, Cut, asyncpg.PostgresError):
            async with self.shop.kit.unit() as ctx:
                await what(ctx)
                if dies:
                    raise Cut

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

    async def pay(self, ctx) -> None:
        amount = Decimal(self.dice.choice((5, 10, 30)))
        await ctx.records.create(
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
    companies = [await shop.company() for _ in range(3)]
    for company in companies:
        neighbour.subscribe(company, date(2026, 1, 1), "10.00")
    storms = [Storm(shop, company, dice) for company in companies]
    for _ in range(rounds):
        await asyncio.gather(*(dice.choice(storms).happen() for _ in range(6)))
    await settled(shop, companies)


async def test_a_few_things_at_once_leave_everything_right(shop):
    await storm(shop, rounds=8, seed=11)


@pytest.mark.thorough
@pytest.mark.timeout(3600)
async def test_thousands_of_things_at_once_leave_everything_right(shop):
    for seed in range(25):
        await storm(shop, rounds=40, seed=seed)
