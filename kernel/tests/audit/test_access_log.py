"""AUD-05: requests are logged beside their path, sampled reads apart, and counted for usage."""

import datetime

import pytest

from psa_kernel.builtin.audit.access import Access, log_of
from psa_kernel.builtin.audit.jobs import trim_access_log
from psa_kernel.builtin.tenancy import SINGLE_TENANT, usage
from psa_kernel.clock import FixedClock
from psa_sdk.tables import new_id

ADMIN = {"admin_email": "admin@example.com", "admin_password": "a long enough passphrase"}


@pytest.fixture(params=[True, False], ids=["multi", "single"])
async def kernel(request, rewound_kernel):
    clock = FixedClock(datetime.datetime.now(datetime.UTC))
    return await rewound_kernel(multi_tenant=request.param, clock=clock, first=ADMIN)


async def logged(kernel):
    async with kernel.unit(SINGLE_TENANT) as unit:
        return [
            dict(row) for row in await unit.db.fetch("SELECT * FROM psa.access_log ORDER BY occurred_at, id")
        ]


async def test_requests_are_kept_with_actor_status_and_address(kernel, new_client):
    client = await new_client(kernel)
    await client.patch("/settings/audit", {"values": {"access_log_reads": 100}})
    await client.get("/users")
    await client.get("/users/" + str(new_id()))
    assert await logged(kernel) == []
    await log_of(kernel).flush(kernel)
    rows = await logged(kernel)
    facts = {
        (row["method"], row["path"].removeprefix("/api/v1"), row["status"], row["actor_kind"]) for row in rows
    }
    assert {("PATCH", "/settings/audit", 200, "user"), ("GET", "/users", 200, "user")} <= facts
    assert 404 in {row["status"] for row in rows}
    assert {row["ip"] for row in rows} == {"192.0.2.7"}
    days = await usage.read(kernel, SINGLE_TENANT, None, None)
    assert sum(metrics["api_calls"] for metrics in days.values()) == 4


async def test_successful_reads_are_sampled_and_nothing_else(kernel):
    def access(method, status):
        return Access(
            SINGLE_TENANT,
            kernel.clock.now(),
            method,
            "/",
            status,
            1,
            "user",
            new_id(),
            new_id().hex,
            None,
            None,
        )

    kept = sum(access("GET", 200).kept(10) for _ in range(2000))
    assert 100 < kept < 300
    assert all(access("GET", 404).kept(0) and access("POST", 201).kept(0) for _ in range(50))
    assert not any(access("GET", 200).kept(0) for _ in range(50))


async def test_old_requests_go(kernel, new_client):
    client = await new_client(kernel)
    await client.patch("/settings/audit", {"values": {"access_log_days": 2}})
    await log_of(kernel).flush(kernel)
    assert await logged(kernel)
    kernel.clock.advance(datetime.timedelta(days=3))
    async with kernel.unit(SINGLE_TENANT) as unit:
        await trim_access_log.run(unit)
    assert await logged(kernel) == []
