"""A billing run over approved time grows with its entries; an invoice's paper takes little on its own."""

import datetime
import statistics
import time
from decimal import Decimal
from uuid import UUID

import pytest

from psa_billing import drafting, runs
from psa_billing.rendering import Look, rendered
from psa_sdk.testing import Kit
from psa_time.pricing import Segment

SIZES = ((1_000, 50), (10_000, 500), (100_000, 500))
"""Entries and the companies that they are for."""
THROUGH = datetime.date(2026, 6, 30)


async def worked(kit: Kit, entries: int, companies: int) -> list[UUID]:
    """Write approved work, as history; returns its companies."""
    worker = await (await kit.staff(roles=("technician",), name="Wendy Worker")).account_id()
    boss = await (await kit.staff(roles=("manager",), name="Bea Boss")).account_id()
    async with kit.unit() as ctx:
        kind = (await ctx.records.find("work-types", limit=1))[0]["id"]
        made = await ctx.records.create_many(
            "companies", [{"name": f"Client {number}"} for number in range(companies)], history=True
        )
    segments = [{"minutes": 30, "multiplier": str(Segment(30, Decimal(1)).multiplier)}]
    rows = [
        {
            "account": worker,
            "date": THROUGH - datetime.timedelta(days=number % 28),
            "timezone": "UTC",
            "duration_minutes": 30,
            "billable_minutes": 30,
            "work_type": kind,
            "company": made[number % companies],
            "notes": f"Work {number}",
            "hourly_rate": Decimal(100),
            "rate_source": "tenant",
            "segments": segments,
            "total_amount": Decimal(50),
            "currency": "USD",
            "rounding": {"increment_minutes": 1, "method": "up", "minimum_minutes": 0, "scope": "entry"},
            "approval_status": "approved",
            "approved_by": boss,
            "approved_at": kit.now,
            "billing_status": "ready_to_bill",
        }
        for number in range(entries)
    ]
    for start in range(0, entries, 5_000):
        async with kit.unit() as ctx:
            await ctx.records.create_many("time-entries", rows[start : start + 5_000], history=True)
    return made


@pytest.mark.performance
@pytest.mark.timeout(3600)
async def test_a_run_grows_with_its_entries(psa_bench, capsys):
    """Seconds per 1,000 entries stay within a factor of two from 1,000 to 100,000."""
    taken: dict[int, float] = {}
    for entries, companies in SIZES:
        kit = await Kit.open(await psa_bench.install("multi"))
        await worked(kit, entries, companies)
        began = time.perf_counter()
        async with kit.unit() as ctx:
            due = await drafting.companies_due(ctx, THROUGH)
            values = {"through": THROUGH, "invoice_date": THROUGH, "companies": len(due)}
            batch = await ctx.records.create(runs.BATCHES, values)
            await runs.start(ctx, batch, due)
        await kit.drain()
        taken[entries] = (time.perf_counter() - began) / entries * 1_000
        async with kit.unit() as ctx:
            run = await ctx.records.get(runs.BATCHES, batch)
            billed = await ctx.db.fetch_value("SELECT count(*) FROM billing.claim")
        assert (run["created"], run["failed"], billed) == (companies, 0, entries)
    with capsys.disabled():
        print({entries: f"{seconds:.2f} s per 1,000" for entries, seconds in taken.items()})  # noqa: T201
    assert taken[100_000] < 2 * taken[1_000], taken


@pytest.mark.performance
def test_paper_takes_less_than_a_fifth_of_a_second(capsys):
    """The median of an invoice of sixty lines."""
    line = {
        "text": "Remote support",
        "more": "On the press",
        "quantity": "2.5 h",
        "price": "140.00",
        "amount": "350.00",
    }
    party = {"name": "Example Ltd", "lines": ["1 Example Street", "00000 Springfield"]}
    sheet = {
        "language": "en",
        "title": "Invoice",
        "stamp": "",
        "seller": party | {"contact": []},
        "buyer": party | {"attention": ""},
        "bill_to": "Bill to",
        "facts": [["Number", "INV-2026-0001"]],
        "heads": ["Description", "Quantity", "Price", "Amount"],
        "groups": [
            {"title": f"Group {number}", "sum": "7,000.00", "lines": [line] * 20} for number in range(3)
        ],
        "sums": [["Subtotal", "21,000.00"]],
        "total": ["Total", "$21,000.00"],
        "notes": [],
        "text": [],
        "bank": "",
        "page": "Page {page} of {pages}",
    }
    times: list[float] = []
    for _ in range(15):
        began = time.perf_counter()
        rendered(sheet, b"", THROUGH, Look())
        times.append(time.perf_counter() - began)
    with capsys.disabled():
        print(f"median {statistics.median(times) * 1000:.0f} ms")  # noqa: T201
    assert statistics.median(times) < 0.2
