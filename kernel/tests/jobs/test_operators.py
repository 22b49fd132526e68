"""What operators see of background work through the API, and how they send dead letters again."""

import datetime

import httpx
import pytest_asyncio

from psa_kernel.builtin.tenancy.provisioning import ensure_single
from psa_kernel.clock import FixedClock
from psa_kernel.database.platform import SINGLE_TENANT
from psa_kernel.http.app import create_app
from psa_kernel.jobs.schedule import Scheduler
from psa_kernel.testing.drain import drain

from ..events.bench.kernel import Bench, module  # noqa: TID252 - tests are no package

PASSWORD = "violin harbour mosaic"
NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


class Office(Bench):
    """A bench with an administrator's client."""

    client: httpx.AsyncClient

    async def data(self, path: str):
        answer = await self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest_asyncio.fixture
async def office(rewound_kernel):
    clock = FixedClock(NOON)
    kernel = await rewound_kernel([module()], multi_tenant=False, clock=clock)
    await ensure_single(kernel, admin_email="admin@acme.example", admin_password=PASSWORD)
    office = Office(kernel, rewound_kernel.databases[kernel].owner)
    office.clock = clock
    transport = httpx.ASGITransport(create_app(kernel), client=("192.0.2.10", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        body = {"data": {"attributes": {"email": "admin@acme.example", "password": PASSWORD}}}
        answer = await client.post("/api/v1/auth/login", json=body)
        assert answer.status_code == 201, answer.text
        client.headers["authorization"] = f"Bearer {answer.json()['data']['attributes']['access_token']}"
        office.client = client
        await drain(kernel)
        yield office
    await office.close()


async def test_jobs_are_listed_with_their_state_apart_from_event_deliveries(office):
    async with office.kernel.unit(SINGLE_TENANT) as ctx:
        job = await ctx.send(office.plugin.note, text="x")
        await ctx.send(office.plugin.note, delay=datetime.timedelta(hours=1), text="later")
        await ctx.emit(office.plugin.Broke())
    await drain(office.kernel)
    (done,) = await office.data("/jobs?filter[state]=done&filter[name]=bench.note")
    assert done["id"] == str(job)
    assert done["attributes"]["attempts"] == 1
    (waiting,) = await office.data("/jobs?filter[state]=pending")
    assert waiting["attributes"]["due_at"] == "2026-03-02T13:00:00+00:00"
    deliveries = await office.data("/event-deliveries?filter[name]=bench.broke")
    assert {item["attributes"]["handler"]: item["attributes"]["state"] for item in deliveries} == {
        "bench.fails": "pending",
        "bench.works": "done",
    }
    answer = await office.client.get(f"/api/v1/event-deliveries/{job}")
    assert answer.status_code == 404


async def test_metrics_count_what_became_of_background_work(office):
    async with office.kernel.unit(SINGLE_TENANT) as ctx:
        await ctx.emit(office.plugin.Broke())
    await drain(office.kernel)
    figures = office.kernel.figures.registry
    assert (
        figures.get_sample_value("psa_deliveries_total", {"handler": "bench.works", "outcome": "done"}) == 1
    )
    assert (
        figures.get_sample_value("psa_deliveries_total", {"handler": "bench.fails", "outcome": "pending"})
        == 1
    )
    assert figures.get_sample_value("psa_delivery_seconds_count", {"handler": "bench.works"}) == 1


async def test_a_dead_event_is_sent_again(office, monkeypatch):
    """KRN-05: visible, and one can send it again."""
    async with office.kernel.unit(SINGLE_TENANT) as ctx:
        await ctx.emit(office.plugin.Broke())
    for _ in range(3):
        await drain(office.kernel)
        office.clock.advance(datetime.timedelta(minutes=1))
    (dead,) = await office.data("/event-deliveries?filter[state]=dead")
    assert dead["attributes"]["last_error"].startswith("RuntimeError: the bench is broken")
    monkeypatch.setattr(office.plugin, "repaired", [True])
    answer = await office.client.post(f"/api/v1/event-deliveries/{dead['id']}/retry")
    assert answer.status_code == 202, answer.text
    assert answer.json()["data"]["attributes"]["state"] == "pending"
    await drain(office.kernel)
    assert await office.data("/event-deliveries?filter[state]=dead") == []
    assert await office.effects("fails", "works") == ["fails never seen", "works"]
    again = await office.client.post(f"/api/v1/event-deliveries/{dead['id']}/retry")
    assert again.status_code == 409
    assert "It is done" in again.json()["errors"][0]["detail"]
    rows = await office.run("SELECT FROM psa.audit_entry WHERE action = 'retry'")
    assert len(rows) == 1


async def test_a_job_is_sent_again_only_as_a_job(office):
    async with office.kernel.unit(SINGLE_TENANT) as ctx:
        job = await ctx.send(office.plugin.exits)
    for _ in range(2):
        await drain(office.kernel)
        office.clock.advance(datetime.timedelta(minutes=1))
    assert (await office.client.post(f"/api/v1/event-deliveries/{job}/retry")).status_code == 404
    assert (await office.client.post(f"/api/v1/jobs/{job}/retry")).status_code == 202
    (row,) = await office.data("/jobs?filter[state]=pending")
    assert row["attributes"]["attempts"] == 0


async def test_schedules_tell_when_they_run_next(office):
    scheduler = Scheduler(office.kernel)
    await scheduler.register()
    await scheduler.tick(NOON)
    rows = await office.data("/schedules?filter[name]=bench.clocked")
    assert [(row["attributes"]["cron"], row["attributes"]["next_at"]) for row in rows] == [
        ("30 2 * * *", "2026-03-03T02:30:00+00:00")
    ]


async def test_history_is_deleted_after_two_weeks_and_dead_letters_after_ninety_days(office):
    from psa_kernel.builtin.jobs.housekeeping import purge_history

    async with office.kernel.unit(SINGLE_TENANT) as ctx:
        await ctx.send(office.plugin.note, text="x")
        await ctx.send(office.plugin.exits)
    for _ in range(2):
        await drain(office.kernel)
        office.clock.advance(datetime.timedelta(minutes=1))

    async def left() -> set[str]:
        async with office.kernel.unit(SINGLE_TENANT) as ctx:
            await ctx.send(purge_history)
        await drain(office.kernel)
        rows = await office.run("SELECT d.handler FROM psa.delivery d JOIN psa.outbox o ON o.id = d.event_id")
        return {row["handler"] for row in rows} & {"bench.note", "bench.exits"}

    await office.run(
        "UPDATE psa.outbox SET dispatched_at = $1::timestamptz, done_at = CASE WHEN done_at IS NOT NULL THEN $1::timestamptz END",
        NOON,
    )
    office.clock.advance(datetime.timedelta(days=13))
    assert await left() == {"bench.note", "bench.exits"}
    office.clock.advance(datetime.timedelta(days=2))
    assert await left() == {"bench.exits"}
    office.clock.advance(datetime.timedelta(days=77))
    await left()
    assert await left() == set()
