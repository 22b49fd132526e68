"""What every plugin is held to."""

from datetime import date, timedelta
from typing import ClassVar
from uuid import UUID

from psa_sdk.testing import PluginBattery

SPAN = "start and end come together, and they say how long it took"


async def make_rate(kit, given):
    """A rate belongs to one party: to a company of its own."""
    company = given.get("company") or (await kit.make("companies")).id
    answer = await (await kit.admin()).post(
        "/hourly-rates", {"hourly_rate": "95", "starts_on": "2026-01-01"}, {"company": company}
    )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


async def make_delegation(kit, given):
    """Two people take part in a delegation."""
    delegate = await (await kit.staff(name="Delegate")).account_id()
    answer = await (await kit.admin()).post(
        "/approval-delegations",
        {"starts_on": "2026-01-01", "ends_on": "2099-12-31"},
        {"delegate": given.get("delegate", delegate)},
    )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


def week(n, day):
    """A day of a week of its own."""
    return date(2001, 1, 1) + timedelta(weeks=n, days=day)


class TestConformance(PluginBattery):
    plugin = "time"
    samples: ClassVar = {
        "timesheets": {"start_date": lambda n: week(n, 0), "end_date": lambda n: week(n, 6)},
        "time-entries": {
            "date": lambda n: f"2026-{n % 9 + 1:02d}-{n % 28 + 1:02d}",
            "duration_minutes": 30,
            "is_billable": True,
        },
        "hourly-rates": make_rate,
        "approval-delegations": make_delegation,
        "work-schedules": {
            "starts_on": lambda n: f"{2000 + n // 300}-{n // 25 % 12 + 1:02d}-{n % 25 + 1:02d}",
            "ends_on": None,
        },
    }
    fixed: ClassVar = {
        "time-entries.start_time": SPAN,
        "time-entries.end_time": SPAN,
    }


class TestBridgeConformance(PluginBattery):
    plugin = "time.ticketing"
