"""AUD-07: entries beyond retention go, the chain's anchors stay, a legal hold stops it."""

import datetime

import asyncpg
import pytest

from psa_kernel.builtin.audit.jobs import purge_audit_log
from psa_kernel.builtin.audit.sealing import seal_all
from psa_kernel.builtin.audit.settings import AuditSettings
from psa_kernel.builtin.audit.verification import verify
from psa_kernel.builtin.settings.sections import section_named
from psa_kernel.builtin.settings.writer import change
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.clock import FixedClock
from psa_sdk.errors import Invalid


@pytest.fixture
async def kernel(rewound_kernel):
    clock = FixedClock(datetime.datetime.now(datetime.UTC))
    return await rewound_kernel(clock=clock, first={})


@pytest.fixture
async def superuser(kernel, rewound_kernel):
    connection = await asyncpg.connect(rewound_kernel.databases[kernel].superuser)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


async def choose(kernel, **values):
    async with kernel.unit(SINGLE_TENANT) as unit:
        await change(unit, section_named(kernel.registry, "audit"), values)
        assert (await unit.settings(AuditSettings)).retention_days == values.get("retention_days", 100)


async def purge(kernel):
    async with kernel.unit(SINGLE_TENANT) as unit:
        await purge_audit_log.run(unit)
        return await unit.db.fetch_value("SELECT count(*) FROM psa.audit_entry WHERE action = 'test'")


@pytest.fixture
async def aged(kernel, superuser):
    """Three sealed entries of 120 days ago, two of today."""
    for age, count in ((120, 3), (0, 2)):
        async with kernel.unit(SINGLE_TENANT) as unit:
            for _ in range(count):
                await unit.audit("test")
        await seal_all(kernel)
        if age:
            await superuser.execute("UPDATE psa.audit_seal SET created_at = now() - interval '120 days'")
    return kernel


async def test_what_is_beyond_retention_goes_and_the_chain_stays_verifiable(aged):
    await choose(aged, retention_days=100)
    assert await purge(aged) == 2
    await seal_all(aged)
    report = await verify(aged, SINGLE_TENANT)
    assert report.intact, report.finding
    assert report.purged >= 3
    assert await purge(aged) == 2


async def test_an_entry_removed_under_cover_of_a_purge_is_named(aged, superuser):
    await choose(aged, retention_days=100)
    await purge(aged)
    await seal_all(aged)
    young = await superuser.fetchval("SELECT min(id::text)::uuid FROM psa.audit_entry WHERE action = 'test'")
    await superuser.execute("DELETE FROM psa.audit_entry WHERE id = $1", young)
    assert (await verify(aged, SINGLE_TENANT)).entry_id == young


async def test_a_forged_purge_is_named(aged, superuser):
    last = await superuser.fetchval("SELECT max(sequence) FROM psa.audit_seal")
    await superuser.execute("DELETE FROM psa.audit_entry WHERE action = 'test'")
    forged = await superuser.fetchval(
        "INSERT INTO psa.audit_entry (id, tenant_id, occurred_at, actor_kind, actor_id, actor_label, action, detail)"
        " VALUES (psa.new_id(), $1, now(), 'system', psa.new_id(), 'System', 'audit_purged',"
        " jsonb_build_object('through', $2::bigint)) RETURNING id",
        SINGLE_TENANT,
        last,
    )
    assert (await verify(aged, SINGLE_TENANT)).entry_id == forged


async def test_a_legal_hold_keeps_everything(aged):
    await choose(aged, retention_days=100, legal_hold=True)
    assert await purge(aged) == 5


async def test_less_than_ninety_days_is_refused_by_the_settings_and_by_the_database(kernel):
    with pytest.raises(Invalid, match="90"):
        await choose(kernel, retention_days=30)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="90 days"):
        async with kernel.unit(SINGLE_TENANT) as unit:
            await unit.db.execute(
                "SELECT psa.purge_audit($1)", kernel.clock.now() - datetime.timedelta(days=30)
            )
