"""TIME-20, 34, 37: what others answer when time asks."""

from decimal import Decimal

import pytest

from . import neighbour
from .conftest import ALONE
from .office import Office


@pytest.fixture
async def served(new_kit) -> Office:
    return await Office.open(await new_kit("multi", plugins=ALONE, modules=(neighbour,)))


async def test_a_contract_decides_on_rate_premium_and_rounding(served):
    """TIME-20: before it, time's own rates hold; the entry's own rate beats it."""
    worker, company = await served.worker("UTC"), await served.company(timezone="UTC")
    before = await served.logged(worker, company, date="2026-04-30", start_time="10:00", end_time="10:20")
    assert (before["rate_source"], before["billable_minutes"]) == ("none", 30)
    moved = await worker.patch(f"/time-entries/{before['id']}", {"date": "2026-05-04"})
    assert moved.status_code == 200, moved.text
    covered = await served.entry(before["id"])
    assert (covered["rate_source"], covered["billable_minutes"]) == ("contract", 20)
    assert covered["total_amount"] == "30.0000"
    rows = await served.kit.installation.rows(
        "SELECT contract FROM time.entry WHERE id::text = $1", before["id"]
    )
    assert rows[0]["contract"] == neighbour.CONTRACT
    own = await served.logged(worker, company, duration_minutes=60, rate_override="10")
    assert (own["rate_source"], own["total_amount"]) == ("entry", "10.0000")


async def test_the_clients_holiday_is_after_hours(served):
    """TIME-20: the first of May is a Friday."""
    worker, company = await served.worker("UTC"), await served.company(timezone="UTC")
    entry = await served.logged(worker, company, date="2026-05-01", start_time="10:00", end_time="11:00")
    assert entry["total_amount"] == "135.0000"


async def test_absences_leave_availability(served):
    """TIME-37: 24 h of 40 - 8 are 75.0 %"""
    worker, company = await served.worker(), await served.company()
    for day in (4, 5, 6):
        await served.logged(worker, company, duration_minutes=480, date=f"2026-05-{day:02}")
    answer = await served.boss.get(
        "/time-entries/reports/by-user", params={"start_date": "2026-05-04", "end_date": "2026-05-10"}
    )
    [row] = [item["attributes"] for item in answer.json()["data"]]
    assert (row["available_minutes"], row["away_minutes"]) == (2400, 480)
    assert Decimal(row["utilisation_percent"]) == Decimal("75.0")
