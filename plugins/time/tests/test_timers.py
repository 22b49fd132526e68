"""TIME-06, 11, 12, 13: timers over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta

from psa_time.forgotten import watch_timers

from .office import codes

TIMER = "/time-entries/timer"


async def started(worker, **relations):
    answer = await worker.post(f"{TIMER}/start", {name: str(value) for name, value in relations.items()})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def stopped(worker, **more):
    answer = await worker.post(f"{TIMER}/stop", {name: str(value) for name, value in more.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["attributes"]


async def test_one_timer_runs_per_user(office):
    """TIME-12: a second start is 409, with switch=true the first stops at the same instant."""
    worker, company = await office.worker(), await office.company()
    first = await started(worker, company=company)
    office.later(minutes=20)
    refused = await worker.post(f"{TIMER}/start", {"company": str(company)})
    assert (refused.status_code, codes(refused)) == (409, ["timer_running"])
    assert refused.json()["errors"][0]["meta"]["timer"] == first
    switched = await worker.post(f"{TIMER}/start", {"company": str(company), "switch": True})
    assert switched.status_code == 201
    [entry] = await office.entries(user=await worker.account_id())
    assert entry["duration_minutes"] == 20
    assert entry["ended_at"] == switched.json()["data"]["attributes"]["running_since"]
    assert (await worker.get(f"{TIMER}/active")).json()["data"]["id"] == switched.json()["data"]["id"]
    await started(await office.worker(), company=company)


async def test_parallel_starts_run_one_timer(office):
    """TIME-12: proven by the database."""
    worker, company = await office.worker(), await office.company()
    answers = await asyncio.gather(
        *(worker.post(f"{TIMER}/start", {"company": str(company)}) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    rows = await office.kit.installation.rows(
        "SELECT count(*) AS n FROM time.timer WHERE account = $1 AND state = 'running'",
        await worker.account_id(),
    )
    assert rows[0]["n"] == 1


async def test_parallel_stops_make_the_entries_once(office):
    """TIME-12"""
    worker, company = await office.worker(), await office.company()
    await started(worker, company=company)
    office.later(minutes=9)
    answers = await asyncio.gather(*(worker.post(f"{TIMER}/stop", {}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    assert len(await office.entries(user=await worker.account_id())) == 1


async def test_pauses_are_not_worked(office):
    """TIME-12, TIME-06: stretches of 10:00 and 5:20 around a pause count 15 minutes, rounded as one session."""
    worker, company = await office.worker(), await office.company()
    timer = await started(worker, company=company)
    office.later(minutes=10)
    assert (await worker.post(f"{TIMER}/pause", {})).json()["data"]["attributes"]["state"] == "paused"
    assert codes(await worker.post(f"{TIMER}/pause", {"timer": timer})) == ["illegal_transition"]
    office.later(minutes=30)
    assert (await worker.post(f"{TIMER}/resume", {})).json()["data"]["attributes"]["state"] == "running"
    office.later(minutes=5, seconds=20)
    result = await stopped(worker)
    assert (result["worked_minutes"], len(result["entries"])) == (15, 2)
    pair = await office.entries(user=await worker.account_id())
    assert sum(one["duration_minutes"] for one in pair) == 15
    assert sum(one["billable_minutes"] for one in pair) == 15
    assert len({one["session"] for one in pair}) == 1


async def test_a_stopped_timer_is_over(office):
    """TIME-12: stopping twice is 409, or 404 when none is named."""
    worker, company = await office.worker(), await office.company()
    timer = await started(worker, company=company)
    office.later(seconds=5)
    assert (await stopped(worker))["worked_minutes"] == 1
    again = await worker.post(f"{TIMER}/stop", {"timer": timer})
    assert (again.status_code, codes(again)) == (409, ["timer_stopped"])
    nothing = await worker.post(f"{TIMER}/stop", {})
    assert (nothing.status_code, codes(nothing)) == (404, ["no_timer"])
    assert (await worker.get(f"{TIMER}/active")).status_code == 404


async def test_only_the_owner_or_a_manager_stops_a_timer(office):
    """TIME-12"""
    worker, other, company = await office.worker(), await office.worker(), await office.company()
    timer = await started(worker, company=company)
    office.later(minutes=5)
    assert (await other.post(f"{TIMER}/stop", {"timer": timer})).status_code == 404
    assert (await stopped(office.boss, timer=timer))["worked_minutes"] == 5
    [entry] = await office.entries(user=await worker.account_id())
    assert entry["user"] == str(await worker.account_id())


async def test_a_timer_across_midnight_is_cut_in_the_users_zone(office):
    """TIME-11"""
    worker, company = await office.worker("America/New_York"), await office.company()
    tomorrow = office.kit.now.date() + timedelta(days=1)
    # Five hours before midnight UTC is no midnight in New York; 05:00 UTC is one in winter, 04:00 in summer.
    office.until(datetime(tomorrow.year, tomorrow.month, tomorrow.day, 3, 40, tzinfo=UTC))
    await started(worker, company=company)
    office.later(hours=1, minutes=45)
    await stopped(worker)
    pair = await office.entries(user=await worker.account_id())
    assert sum(one["duration_minutes"] for one in pair) == 105
    assert len({one["date"] for one in pair}) == 2
    assert pair[1]["start_time"] == "00:00"


async def test_forgotten_timers_are_told_of_once_then_marked_never_cut(office):
    """TIME-13"""
    worker, company = await office.worker(), await office.company()
    timer = await started(worker, company=company)
    account = await worker.account_id()
    told = (
        "SELECT count(*) AS n FROM psa.outbox WHERE name = 'time.timer_forgotten' AND payload::text LIKE $1"
    )
    pattern = f"%{timer}%"

    async def reminders():
        async with office.kit.unit() as ctx:
            await ctx.send(watch_timers)
        await office.kit.drain()
        return (await office.kit.installation.rows(told, pattern))[0]["n"]

    office.later(hours=7)
    assert await reminders() == 0
    office.later(hours=1, minutes=15)
    assert await reminders() == 1
    office.later(hours=1)
    assert await reminders() == 1
    assert (await worker.get(f"/timers/{timer}")).json()["data"]["attributes"]["needs_review"] is False
    office.later(hours=3)
    assert await reminders() == 1
    assert (await worker.get(f"/timers/{timer}")).json()["data"]["attributes"]["needs_review"] is True
    office.later(hours=8)
    result = await stopped(worker)
    assert result["worked_minutes"] == 20 * 60 + 15
    made = await office.entries(user=account)
    assert {one["review_reason"] for one in made} == {"forgotten_timer"}


async def test_clock_times_of_timers_can_be_snapped(office):
    """TIME-22: to the local clock's quarters."""
    await office.settings(timer_snap_minutes=15)
    worker, company = await office.worker("Asia/Kathmandu"), await office.company()
    await started(worker, company=company)
    office.later(minutes=37)
    await stopped(worker)
    made = await office.entries(user=await worker.account_id())
    assert all(one["start_time"][3:] in {"00", "15", "30", "45"} for one in made)
    assert all(one["duration_minutes"] % 15 == 0 for one in made)
    await office.settings(timer_snap_minutes=0)


async def test_a_running_timer_counts_into_the_days_cap(office):
    """TIME-15"""
    await office.settings(day_cap_minutes=60)
    worker, company = await office.worker("UTC"), await office.company()
    tomorrow = office.kit.now.date() + timedelta(days=1)
    office.until(datetime(tomorrow.year, tomorrow.month, tomorrow.day, 9, tzinfo=UTC))
    await started(worker, company=company)
    office.later(minutes=50)
    day = tomorrow.isoformat()
    assert codes(await office.log(worker, company, duration_minutes=15, date=day)) == ["day_cap_exceeded"]
    assert (await office.log(worker, company, duration_minutes=10, date=day)).status_code == 201
    await stopped(worker)
    await office.settings(day_cap_minutes=0)
