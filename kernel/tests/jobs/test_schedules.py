"""X-10: each slot fires once, in the tenant's zone, with the catch-up that the schedule declares."""

import asyncio
import datetime
from zoneinfo import ZoneInfo

import pytest

from psa_kernel.jobs import slots
from psa_kernel.jobs.schedule import Scheduler
from psa_kernel.testing.drain import drain

UTC = datetime.UTC
EARLY = datetime.datetime(2026, 3, 28, 0, 10, tzinfo=UTC)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


async def fired(bench, *handlers: str) -> list[str]:
    await drain(bench.kernel)
    return await bench.effects(*handlers)


async def started(bench, at: datetime.datetime = EARLY) -> Scheduler:
    scheduler = Scheduler(bench.kernel)
    await scheduler.register()
    await scheduler.tick(at)
    return scheduler


async def test_a_slot_fires_once_per_tenant_in_the_tenants_zone(bench):
    await bench.run("UPDATE psa.tenant SET timezone = 'America/New_York' WHERE slug = 'rival'")
    scheduler = await started(bench)
    await scheduler.tick(EARLY + 2 * HOUR)
    assert await fired(bench, "clocked") == []
    await scheduler.tick(EARLY + 3 * HOUR)
    await scheduler.tick(EARLY + 3 * HOUR)
    assert await fired(bench, "clocked") == ["clocked 2026-03-28T02:30:00+00:00"]
    await scheduler.tick(EARLY + 7 * HOUR)
    assert await fired(bench, "clocked") == [
        "clocked 2026-03-28T02:30:00+00:00",
        "clocked 2026-03-28T06:30:00+00:00",
    ]
    rows = await bench.run("SELECT DISTINCT tenant_id, note FROM bench.effect WHERE handler = 'clocked'")
    assert {row["tenant_id"]: row["note"][11:13] for row in rows} == {bench.acme: "02", bench.rival: "06"}


async def test_missed_slots_are_caught_up_as_declared(bench):
    """X-10: one, all, none."""
    scheduler = await started(bench)
    await bench.run("UPDATE psa.tenant SET status = 'suspended' WHERE slug = 'rival'")
    await scheduler.tick(EARLY + 3 * DAY)
    assert await fired(bench, "clocked") == ["clocked 2026-03-30T02:30:00+00:00"], "the latest, once"
    assert len(await fired(bench, "caught_all")) == 72
    assert await fired(bench, "caught_none") == [], "its last slot is ten minutes old"
    await scheduler.tick(EARLY + 3 * DAY + datetime.timedelta(minutes=50, seconds=20))
    assert await fired(bench, "caught_none") == ["caught_none 2026-03-31T01:00:00+00:00"]
    await scheduler.tick(EARLY + 3 * DAY + datetime.timedelta(minutes=50, seconds=40))
    assert len(await fired(bench, "caught_none")) == 1


async def test_more_missed_slots_than_a_batch_follow_at_the_next_ticks(bench):
    scheduler = await started(bench)
    await bench.run("UPDATE psa.tenant SET status = 'suspended' WHERE slug = 'rival'")
    for _ in range(4):
        await scheduler.tick(EARLY + 10 * DAY)
    assert len(await fired(bench, "caught_all")) == 240
    assert len(set(await fired(bench, "caught_all"))) == 240


async def test_a_platform_schedule_fires_once_for_all_tenants(bench):
    await bench.run(
        "INSERT INTO psa.tenant (id, slug, name) VALUES ('00000000-0000-7000-8000-000000000001', 'main', 'main')"
    )
    scheduler = await started(bench)
    await scheduler.tick(EARLY + 5 * HOUR)
    assert await fired(bench, "once") == ["once 00000000-0000-7000-8000-000000000001"]


async def test_a_suspended_tenants_schedules_rest_and_catch_up_afterwards(bench):
    """TEN-08"""
    scheduler = await started(bench)
    await bench.run("UPDATE psa.tenant SET status = 'suspended'")
    await scheduler.tick(EARLY + 2 * DAY)
    assert await fired(bench) == []
    await bench.run("UPDATE psa.tenant SET status = 'active' WHERE slug = 'acme'")
    await scheduler.tick(EARLY + 2 * DAY + HOUR)
    assert await fired(bench, "clocked") == ["clocked 2026-03-29T02:30:00+00:00"]


async def test_a_switched_off_modules_schedules_rest(bench):
    """SET-02"""
    scheduler = await started(bench)
    await bench.run("INSERT INTO psa.disabled_module (tenant_id, plugin) VALUES ($1, 'bench')", bench.acme)
    await scheduler.tick(EARLY + 3 * HOUR)
    rows = await bench.run("SELECT DISTINCT tenant_id FROM psa.outbox WHERE name LIKE 'bench.%'")
    assert [row["tenant_id"] for row in rows] == [bench.rival]


async def test_a_changed_expression_or_zone_moves_the_next_slot(bench):
    scheduler = await started(bench)
    await bench.run("UPDATE psa.tenant SET timezone = 'Asia/Tokyo' WHERE slug = 'acme'")
    await scheduler.register()
    await scheduler.tick(EARLY)
    (row,) = await bench.run(
        "SELECT next_at, timezone FROM psa.schedule WHERE name = 'bench.clocked' AND tenant_id = $1",
        bench.acme,
    )
    assert (row["next_at"].isoformat(), row["timezone"]) == ("2026-03-28T17:30:00+00:00", "Asia/Tokyo")


async def test_schedulers_that_tick_together_fire_a_slot_once(bench):
    scheduler = await started(bench)
    others = [Scheduler(bench.kernel) for _ in range(3)]
    await asyncio.gather(*(one.tick(EARLY + 3 * HOUR) for one in [scheduler, *others]))
    rows = await bench.run("SELECT tenant_id, name FROM psa.outbox WHERE name = 'bench.clocked'")
    assert len(rows) == len({row["tenant_id"] for row in rows}) == 2


def local(zone: str, text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "eve", "expected"),
    [
        # Clocks go from 02:00 to 03:00: the slot that doesn't exist runs when the clock has jumped.
        ("Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30", "2026-03-31T00:30"]),
        # Clocks go from 03:00 back to 02:00: the slot that exists twice runs once.
        ("Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"]),
        (
            "America/New_York",
            "2026-03-07T12:00",
            ["2026-03-08T07:00", "2026-03-09T06:30", "2026-03-10T06:30"],
        ),
        (
            "America/New_York",
            "2026-10-31T12:00",
            ["2026-11-01T07:30", "2026-11-02T07:30", "2026-11-03T07:30"],
        ),
    ],
)
def test_a_daily_slot_runs_daily_where_clocks_change(zone, eve, expected):
    """R10"""
    instant, found = local(zone, eve), []
    for _ in range(3):
        instant = slots.following("30 2 * * *", zone, instant)
        found.append(instant.isoformat()[:16])
    assert found == expected


@pytest.mark.parametrize("catch_up", ["one", "all", "none"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("month", [3, 10], ids=["spring", "autumn"])
def test_no_slot_fires_twice_and_none_is_skipped_where_clocks_change(zone, catch_up, month):
    """R10: a tick every half an hour through forty days; every slot of the expression exactly once."""
    cron, present = "30 1,2 * * *", datetime.datetime(2026, month, 1, tzinfo=UTC)
    next_at, last, found, end = None, None, [], present + datetime.timedelta(days=40)
    while present < end:
        outcome = slots.due(cron, zone, next_at, last, present, catch_up)
        next_at, last = outcome.next_at, outcome.last or last
        found += outcome.fire
        present += datetime.timedelta(minutes=30)
    assert len(found) == len(set(found))
    days = {slot.astimezone(ZoneInfo(zone)).date() for slot in found}
    assert 40 <= len(days) <= 41
    assert 78 <= len(found) <= 82


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ("2026-05-01T12:59:59.900", "2026-05-01T12:00"),
        ("2026-05-01T13:00:00.000", "2026-05-01T13:00"),
        ("2026-05-01T13:00:00.100", "2026-05-01T13:00"),
    ],
)
def test_the_latest_slot_is_never_ahead_of_its_time(present, expected):
    found = slots.latest_until(
        "0 * * * *", "UTC", datetime.datetime.fromisoformat(present).replace(tzinfo=UTC)
    )
    assert found.isoformat()[:16] == expected
