"""Tenants are provisioned, suspended, activated, erased and metered."""

import datetime

import asyncpg
import pytest

from psa_kernel.builtin.tenancy import SINGLE_TENANT, erasure, lifecycle, usage
from psa_kernel.builtin.tenancy.jobs import erase_tenants, meter_usage
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision, seed, seed_all
from psa_kernel.clock import FixedClock
from psa_sdk.errors import Conflict, Invalid, NotFound
from psa_sdk.tables import new_id

NOON = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)


@pytest.fixture
async def kernel(rewound_kernel):
    clock = FixedClock(datetime.datetime.now(datetime.UTC))
    return await rewound_kernel(clock=clock, first={})


async def by_operator(kernel, act, *arguments, **named):
    async with kernel.unit(SINGLE_TENANT) as unit:
        return await act(unit, *arguments, **named)


async def actions(kernel, tenant_id):
    async with kernel.unit(tenant_id) as unit:
        return [
            row["action"] for row in await unit.db.fetch("SELECT action FROM psa.audit_entry ORDER BY id")
        ]


async def test_provisioning_is_repeatable_and_completes_what_is_missing(kernel):
    first = await provision(kernel, slug="north", name="North IT", timezone="Europe/Lisbon", currency="EUR")
    again = await provision(
        kernel,
        slug="north",
        name="Another name",
        admin_email="owner@example.com",
        admin_password="a long enough passphrase",
    )
    assert first == again
    tenant = await kernel.directory.by_slug("north")
    assert (tenant.name, str(tenant.timezone), tenant.currency, tenant.status) == (
        "North IT",
        "Europe/Lisbon",
        "EUR",
        "active",
    )
    async with kernel.unit(first) as unit:
        assert await unit.db.fetch_value("SELECT count(*) FROM psa.data_key") == 1
        assert await unit.db.fetch_value("SELECT count(*) FROM psa.account") == 1


async def test_every_seed_runs_once(kernel):
    tenant_id = await provision(kernel, slug="north", name="North IT")
    assert await seed(kernel, tenant_id) == []
    async with kernel.unit(tenant_id) as unit:
        await unit.db.execute("DELETE FROM psa.seeded_plugin")
    seeded = await seed_all(kernel)
    assert list(seeded) == [tenant_id]
    assert "auth" in seeded[tenant_id]


@pytest.mark.parametrize("slug", ["", "Upper", "-a", "a-", "a b", "ü", "a" * 64, "a/b"])
async def test_an_unusable_slug_is_refused_together_with_an_unknown_zone(kernel, slug):
    with pytest.raises(Invalid) as error:
        await provision(kernel, slug=slug, name="X", timezone="Mars/Olympus")
    assert [fault.pointer for fault in error.value.faults] == [
        "/data/attributes/slug",
        "/data/attributes/timezone",
    ]


async def test_two_tenants_may_use_the_same_values(kernel):
    """TEN-06."""
    for slug in ("north", "south"):
        await provision(
            kernel,
            slug=slug,
            name="Same",
            admin_email="same@example.com",
            admin_password="a long enough passphrase",
        )


async def test_suspension_is_seen_at_once_and_taken_back(kernel):
    """TEN-08."""
    tenant_id = await provision(kernel, slug="north", name="North IT")
    await by_operator(kernel, lifecycle.suspend, tenant_id, reason="unpaid")
    assert (await kernel.directory.by_id(tenant_id)).status == "suspended"
    assert tenant_id not in await kernel.tenants()
    await by_operator(kernel, lifecycle.suspend, tenant_id)
    await by_operator(kernel, lifecycle.activate, tenant_id)
    assert tenant_id in await kernel.tenants()
    wanted = ["tenant_suspended", "tenant_activated"]
    assert [action for action in await actions(kernel, tenant_id) if action in wanted] == wanted
    assert [action for action in await actions(kernel, SINGLE_TENANT) if action in wanted] == wanted


async def test_the_operators_own_tenant_cannot_be_suspended_or_deleted(kernel):
    for act in (lifecycle.suspend, lifecycle.delete):
        with pytest.raises(Conflict):
            await by_operator(kernel, act, SINGLE_TENANT)


async def test_an_unknown_tenant_is_not_found(kernel):
    with pytest.raises(NotFound):
        await by_operator(kernel, lifecycle.activate, new_id())


async def test_a_deletion_waits_thirty_days_and_can_be_taken_back(kernel):
    """TEN-09."""
    tenant_id = await provision(kernel, slug="north", name="North IT")
    due = await by_operator(kernel, lifecycle.delete, tenant_id)
    assert due == kernel.clock.now() + datetime.timedelta(days=30)
    kernel.clock.advance(datetime.timedelta(days=3))
    assert await by_operator(kernel, lifecycle.delete, tenant_id) == due
    assert await erasure.due(kernel) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="not due"):
        await erasure.erase(kernel, tenant_id)
    await by_operator(kernel, lifecycle.activate, tenant_id)
    assert tenant_id in await kernel.tenants()


async def rows_of(kernel, rewound_kernel, tenant_id):
    """Count a tenant's rows in every table that exists, as a superuser."""
    connection = await asyncpg.connect(rewound_kernel.databases[kernel].superuser)
    try:
        tables = await connection.fetch(
            "SELECT attrelid::regclass::text AS name, attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
            " WHERE c.relkind IN ('r', 'p') AND attname IN ('tenant_id', 'tenant') AND atttypid = 'uuid'::regtype"
        )
        counts = {
            row["name"]: await connection.fetchval(
                f"SELECT count(*) FROM {row['name']} WHERE {row['attname']} = $1", tenant_id
            )
            for row in tables
        }
        counts["psa.tenant"] = await connection.fetchval(
            "SELECT count(*) FROM psa.tenant WHERE id = $1", tenant_id
        )
        counts["sequences"] = await connection.fetchval(
            "SELECT count(*) FROM pg_sequences WHERE starts_with(sequencename, $1)", tenant_id.hex
        )
        return {name: count for name, count in counts.items() if count}
    finally:
        await connection.close()


async def test_erasure_leaves_no_row_anywhere_and_touches_no_other_tenant(kernel, rewound_kernel):
    """TEN-09."""
    tenants = [
        await provision(
            kernel,
            slug=slug,
            name=slug,
            admin_email="a@example.com",
            admin_password="a long enough passphrase",
        )
        for slug in ("north", "south")
    ]
    for tenant_id in tenants:
        async with kernel.unit(tenant_id) as unit:
            await unit.db.fetch_value("SELECT psa.next_number('tickets')")
            await unit.audit("something")
            await usage.meter(unit, unit.now.date())
    north, south = tenants
    before = await rows_of(kernel, rewound_kernel, south)
    assert {"psa.account", "psa.audit_entry", "psa.data_key", "psa.usage", "sequences"} <= set(before)
    await by_operator(kernel, lifecycle.delete, north)
    async with kernel.unit(SINGLE_TENANT) as unit:
        await unit.db.execute(
            "UPDATE psa.tenant SET delete_after = now() - interval '1 second' WHERE id = $1", north
        )
    async with kernel.unit(SINGLE_TENANT) as unit:
        await erase_tenants.run(unit)
    assert await rows_of(kernel, rewound_kernel, north) == {}
    assert await rows_of(kernel, rewound_kernel, south) == before
    assert await kernel.directory.by_slug("north") is None
    assert "tenant_erased" in await actions(kernel, SINGLE_TENANT)
    async with kernel.unit(SINGLE_TENANT) as unit:
        told = await unit.db.fetch_value(
            "SELECT payload ->> 'tenant_id' FROM psa.outbox WHERE name = 'tenancy.tenant_erased'"
        )
    assert told == str(north)


async def test_usage_is_the_same_when_it_is_measured_again(new_kernel):
    """TEN-12."""
    kernel = await new_kernel(clock=FixedClock(NOON))
    await ensure_single(kernel)
    async with kernel.unit(SINGLE_TENANT) as unit:
        await unit.db.execute(
            "INSERT INTO psa.audit_entry (occurred_at, actor_kind, actor_id, actor_label, action, resource)"
            " VALUES ($1, 'user', $2, 'A', 'created', 'tickets'), ($1, 'user', $2, 'A', 'created', 'tickets'),"
            " ($1, 'contact', $3, 'B', 'updated', 'tickets'), ($1 + interval '1 day', 'user', $4, 'C', 'created', 'tickets')",
            NOON,
            new_id(),
            new_id(),
            new_id(),
        )
        await usage.add(unit, NOON.date(), "api_calls", 3)
        await usage.add(unit, NOON.date(), "api_calls", 4)
    kernel.clock.advance(datetime.timedelta(days=1))
    async with kernel.unit(SINGLE_TENANT) as unit:
        await meter_usage.run(unit)
    first = await usage.read(kernel, SINGLE_TENANT, None, None)
    async with kernel.unit(SINGLE_TENANT) as unit:
        await meter_usage.run(unit)
    assert await usage.read(kernel, SINGLE_TENANT, None, None) == first
    metrics = first[NOON.date()]
    assert (metrics["active_users"], metrics["created.tickets"], metrics["api_calls"]) == (2, 2, 7)
    assert "records.users" in metrics


async def test_the_first_tenant_is_made_in_both_modes(new_kernel):
    """TEN-14."""
    for multi_tenant in (True, False):
        kernel = await new_kernel(multi_tenant=multi_tenant)
        assert await ensure_single(kernel) == SINGLE_TENANT
        assert await ensure_single(kernel) == SINGLE_TENANT
        assert list(await kernel.tenants()) == [SINGLE_TENANT]
        assert any(route.path == "/tenants" for _, route in kernel.registry.routes) is multi_tenant
