"""TIME-37, TIME-38 and the reports of PRD 3.5.3."""

from datetime import timedelta
from decimal import Decimal

PERIOD = {"start_date": "2026-05-04", "end_date": "2026-05-08"}


async def report(office, name, **query):
    answer = await office.boss.get(f"/time-entries/reports/{name}", params={**PERIOD, **query})
    assert answer.status_code == 200, answer.text
    return [item["attributes"] for item in answer.json()["data"]]


async def test_utilisation_is_worked_billable_time_of_the_time_there(office):
    """TIME-37: 24 h of a week of 32 h are 75.0 %; TIME-02: worked minutes, not billable ones."""
    worker, company = await office.worker(), await office.company()
    account = await worker.account_id()
    made = await office.admin.post(
        "/work-schedules", {"starts_on": "2026-01-01", "friday": 0}, {"user": account}
    )
    assert made.status_code == 201, made.text
    for day in (4, 5, 6):
        await office.logged(
            worker, company, duration_minutes=480, date=f"2026-05-{day:02}", rate_override="10"
        )
    await office.logged(worker, company, type="Internal", duration_minutes=60, date="2026-05-07")
    [row] = await report(office, "by-user", user=str(account))
    assert (row["available_minutes"], row["utilisation_percent"]) == (32 * 60, "75.0")
    assert (row["worked_minutes"], row["billable_worked_minutes"]) == (1500, 1440)
    [mine] = await report(office, "by-company", company=str(company))
    assert (mine["entries"], mine["worked_minutes"], Decimal(mine["amount"])) == (4, 1500, Decimal(240))
    kinds = await report(office, "by-work-type", company=str(company))
    assert [one["worked_minutes"] for one in kinds] == [1440, 60]
    assert await report(office, "by-project", company=str(company)) == []
    [summary] = await report(office, "billable-summary", company=str(company))
    assert (summary["approval_status"], summary["billable_minutes"]) == ("draft", 1440)


async def test_nobody_due_has_no_utilisation(office):
    """TIME-37: division by 0 is null."""
    worker, company = await office.worker(), await office.company()
    account = await worker.account_id()
    await office.admin.post("/work-schedules", {"starts_on": "2026-06-01"}, {"user": account})
    await office.logged(worker, company, duration_minutes=60)
    [row] = await report(office, "by-user", user=str(account))
    assert row["utilisation_percent"] is None


async def test_missing_time_respects_schedules_and_start_dates(office):
    """TIME-38: a part-timer who began on Tuesday and logged a part of Wednesday."""
    worker, company = await office.worker(), await office.company()
    account = await worker.account_id()
    first = office.kit.now.date() - timedelta(
        days=office.kit.now.date().weekday() + 14
    )  # a Monday in the past
    days = [first + timedelta(days=offset) for offset in range(5)]
    await office.admin.post(
        "/work-schedules",
        {"starts_on": days[1].isoformat(), "tuesday": 240, "wednesday": 240, "thursday": 0, "friday": 0},
        {"user": account},
    )
    await office.logged(worker, company, duration_minutes=60, date=days[2].isoformat())
    rows = await report(
        office,
        "missing",
        user=str(account),
        start_date=days[0].isoformat(),
        end_date=days[4].isoformat(),
    )
    assert [(row["date"], row["missing_minutes"]) for row in rows] == [
        (days[1].isoformat(), 240),
        (days[2].isoformat(), 180),
    ]


async def test_reports_are_for_those_who_may_see_them(office):
    worker = await office.worker()
    answer = await worker.get("/time-entries/reports/by-user", params=PERIOD)
    assert answer.status_code == 403
    backwards = await office.boss.get(
        "/time-entries/reports/by-user", params={"start_date": "2026-05-08", "end_date": "2026-05-04"}
    )
    assert backwards.status_code == 422
