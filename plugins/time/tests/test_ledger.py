"""TIME-03, 05, TIC-14, BILL-25, BILL-28: approved work on its way to an invoice."""

import asyncio
from datetime import date
from uuid import UUID

import pytest

from psa_sdk.errors import Conflict
from psa_sdk.tables import new_id
from psa_time.api import TimeLedger, grouped

from .office import codes

THROUGH = date(2026, 12, 31)


@pytest.fixture
async def hourly(office):
    """Hours per ticket as the default rule, for one test."""
    quarter = await office.listed("rounding-rules", "Quarter hours")
    values = {"increment_minutes": 60, "minimum_minutes": 60, "scope": "ticket"}
    await office.admin.patch(f"/rounding-rules/{quarter}", values)
    yield
    await office.admin.patch(
        f"/rounding-rules/{quarter}", {"increment_minutes": 15, "minimum_minutes": 15, "scope": "entry"}
    )


async def unbilled(office, company):
    async with office.kit.unit() as ctx:
        return await ctx.service(TimeLedger).unbilled(company, THROUGH)


async def bill(office, ids, invoice=None) -> UUID:
    invoice = invoice or new_id()
    async with office.kit.unit() as ctx:
        await ctx.service(TimeLedger).mark_billed(dict.fromkeys(ids), invoice)
    return invoice


async def test_rounding_per_ticket_is_settled_when_billing_begins(office, hourly):
    """TIME-03: 45+45+5 are 120 minutes, the extra on the last entry; settled again after an edit."""
    worker, company = await office.worker(), await office.company()
    ticket = (await office.kit.make("tickets", company=company)).id
    days = ("2026-05-04", "2026-05-05", "2026-05-06")
    made = [
        await office.logged(
            worker, None, ticket=ticket, duration_minutes=minutes, date=day, rate_override="60"
        )
        for minutes, day in zip((45, 45, 5), days, strict=True)
    ]
    assert [one["billable_minutes"] for one in made] == [45, 45, 5]
    await office.approved(worker)
    settled = await unbilled(office, company)
    assert [one.billable_minutes for one in settled] == [45, 45, 30]
    assert sum(one.total_amount for one in settled) == 120
    await office.boss.post(f"/time-entries/{made[0]['id']}/unapprove", {"reason": "Too long"})
    await worker.patch(f"/time-entries/{made[0]['id']}", {"duration_minutes": 10})
    await office.approved(worker)
    assert [one.billable_minutes for one in await unbilled(office, company)] == [10, 45, 5]
    await bill(office, [UUID(made[0]["id"]), UUID(made[1]["id"])])
    late = await office.logged(worker, None, ticket=ticket, duration_minutes=20, date="2026-05-11")
    await office.approved(worker, "2026-05-11")
    rest = await unbilled(office, company)
    assert [(str(one.id), one.billable_minutes) for one in rest] == [(made[2]["id"], 5), (late["id"], 60)]


async def test_grouped_entries_are_priced_as_one(office):
    """TIME-05: 3 x 20 minutes at 100 are 100.00."""
    worker, company = await office.worker(), await office.company()
    exact = await office.listed("rounding-rules", "To the minute")
    kind = await office.admin.post("/work-types", {"name": "By the minute"}, {"rounding_rule": exact})
    assert kind.status_code == 201
    for day in ("04", "05", "06"):
        entry = await office.logged(
            worker,
            company,
            type="By the minute",
            duration_minutes=20,
            rate_override="100",
            date=f"2026-05-{day}",
        )
        assert entry["total_amount"] == "33.3300"
    await office.approved(worker)
    found = await unbilled(office, company)
    shares = grouped([(one.segments, one.hourly_rate) for one in found], found[0].currency)
    assert [str(share.amount) for share in shares] == ["33.34", "33.33", "33.33"]


async def test_billed_work_is_locked_until_it_is_released(office):
    """TIME-30, BILL-28"""
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, duration_minutes=30, rate_override="100")
    await office.approved(worker)
    async with office.kit.unit() as ctx:
        assert company in await ctx.service(TimeLedger).companies(THROUGH)
    invoice = await bill(office, [UUID(entry["id"])])
    assert await unbilled(office, company) == []
    path = f"/time-entries/{entry['id']}"
    assert codes(await office.boss.post(f"{path}/unapprove", {"reason": "Too late"})) == ["entry_billed"]
    assert codes(await worker.patch(path, {"notes": "Later."})) == ["entry_billed"]
    with pytest.raises(Conflict):
        await bill(office, [UUID(entry["id"])])
    async with office.kit.unit() as ctx:
        assert await ctx.service(TimeLedger).release(invoice) == 1
    assert [str(one.id) for one in await unbilled(office, company)] == [entry["id"]]
    assert (await office.boss.post(f"{path}/unapprove", {"reason": "Wrong"})).status_code == 204


async def test_two_billing_runs_take_each_entry_once(office):
    """BILL-25: parallel runs; every entry is on one invoice."""
    worker, company = await office.worker(), await office.company()
    ids = [
        UUID((await office.logged(worker, company, duration_minutes=15, date=f"2026-05-{day:02}"))["id"])
        for day in range(4, 9)
    ]
    await office.approved(worker)

    async def run() -> list[UUID]:
        async with office.kit.unit() as ctx:
            ledger = ctx.service(TimeLedger)
            found = [one.id for one in await ledger.unbilled(company, THROUGH)]
            await ledger.mark_billed(dict.fromkeys(found), new_id())
            return found

    taken = await asyncio.gather(*(run() for _ in range(4)))
    assert sorted(one for run in taken for one in run) == sorted(ids)


async def test_approval_and_billing_are_told(office):
    """Events of the ledger, with the commit."""
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, duration_minutes=15)
    await office.approved(worker)
    await bill(office, [UUID(entry["id"])])
    rows = await office.kit.installation.rows(
        "SELECT name FROM psa.outbox WHERE kind = 'event' AND payload::text LIKE $1 ORDER BY created_at, id",
        f"%{entry['id']}%",
    )
    assert [row["name"] for row in rows] == ["time.time_approved", "time.time_billed"]
    audited = await office.kit.installation.rows(
        "SELECT count(*) AS n FROM psa.audit_entry WHERE action = 'billed' AND detail::text LIKE $1",
        f"%{entry['id']}%",
    )
    assert audited[0]["n"] == 1
