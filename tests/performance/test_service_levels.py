"""A changed calendar reaches a hundred thousand open tickets in one background job while people go on working."""

import asyncio
import statistics
import time
from uuid import UUID

import asyncpg
import pytest

from psa_sdk.testing import Kit

from .filling import fill

TICKETS = 100_000
WEEK = {
    day: [{"start": "09:00", "end": "17:00"}]
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
}
LONGER = {**WEEK, "saturday": [{"start": "10:00", "end": "14:00"}]}


async def all_open(superuser: str) -> None:
    """Open every ticket: the filling closes some."""
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            "UPDATE ticketing.ticket t SET status = s.id, resolved_at = NULL, closed_at = NULL"
            " FROM ticketing.status s WHERE s.tenant_id = t.tenant_id AND s.category = 'open'"
        )
        await connection.execute("VACUUM ANALYZE ticketing.ticket")
    finally:
        await connection.close()


@pytest.mark.performance
@pytest.mark.timeout(1800)
async def test_a_changed_calendar_reaches_every_open_ticket(new_kit):
    """SLA-14, SLA-31: batches of their own, and a write takes no longer than one of them."""
    kit = await new_kit("multi", shared=False)
    installation = kit.installation
    await fill(installation.database.superuser, [(kit.tenant_id, TICKETS)])
    await all_open(installation.database.superuser)
    admin = await kit.admin()
    made = await admin.post(
        "/business-hours", {"name": "Office", "timezone": "America/New_York", "schedule": WEEK}
    )
    hours = UUID(made.json()["data"]["id"])
    policy = await admin.post("/sla-policies", {"name": "All"}, {"business_hours": hours})
    policy_id = UUID(policy.json()["data"]["id"])
    values = {"first_response_hours": "4", "resolution_hours": "16"}
    await admin.post("/sla-targets", values, {"sla_policy": policy_id})
    await kit.drain()
    await admin.patch(f"/sla-policies/{policy_id}", {"is_default": True})
    started = await timed(kit.drain())
    assert await counted(kit, "calendar_version IS NOT NULL") == TICKETS

    ticket = (await admin.get("/tickets?page[size]=1")).json()["data"][0]["id"]
    alone = [await wrote(admin, ticket, number) for number in range(20)]
    await admin.patch(f"/business-hours/{hours}", {"schedule": LONGER})
    job = asyncio.create_task(timed(kit.drain()))
    beside: list[float] = []
    while not job.done():
        beside.append(await wrote(admin, ticket, 100 + len(beside)))
        await asyncio.sleep(0.05)
    took = await job
    assert await counted(kit, "cause = 'calendar'") == TICKETS
    print(  # noqa: T201 - the figures are what the run is for
        f"\n{TICKETS} tickets: clocks started in {started:.1f} s, recomputed in {took:.1f} s"
        f" ({TICKETS / took:.0f}/s); a write {1000 * statistics.median(alone):.0f} ms alone,"
        f" {1000 * statistics.median(beside):.0f} ms beside (slowest {1000 * max(beside):.0f})"
    )
    assert max(beside) < took / 10, "writes wait for the whole job"


async def counted(kit: Kit, condition: str) -> int:
    rows = await kit.installation.rows(
        f"SELECT count(*) AS n FROM sla.clock_entry WHERE tenant_id = $1 AND clock = 'resolution' AND {condition}",
        kit.tenant_id,
    )
    return rows[0]["n"]


async def wrote(admin, ticket: str, number: int) -> float:
    start = time.perf_counter()
    answer = await admin.patch(f"/tickets/{ticket}", {"title": f"Written {number}"})
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - start


async def timed(work) -> float:
    start = time.perf_counter()
    await work
    return time.perf_counter() - start
