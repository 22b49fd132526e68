"""Whatever is installed is isolated and has its migrations (TEN-03, TEN-04)."""

import asyncpg
import pytest

from psa_kernel.boot import load
from psa_kernel.config import Config
from psa_kernel.database.drift import Drift, drift
from psa_kernel.database.guard import isolation_problems
from psa_kernel.database.schema import is_tenant_table, qualified

# Functions that look beyond the current tenant without being told a tenant. Each is narrow: a lookup by a
# secret, or a list of ids to work on in units of work of their own (TEN-05). Add one with a reason only.
BEYOND_THE_TENANT = {
    "authenticate": "finds a session or key by the hash of its secret, before the tenant is known",
    "token_tenant": "finds the tenant of a secret",
    "delivery_claim": "hands out ids of due deliveries",
    "delivery_reap": "frees deliveries of dead workers",
    "migrations": "the ledger, which belongs to no tenant",
    "outbox_lag": "the age of the oldest undispatched row",
    "outbox_purge": "removes what is long done",
    "outbox_take": "hands out ids of undispatched rows",
    "schedule_claim": "hands out due slots",
    "schedule_register": "writes declared schedules for all tenants",
    "tenants_with_unsealed": "ids of tenants whose audit chain has open ends",
}


@pytest.fixture(scope="module")
def installed():
    return load(Config())


@pytest.fixture
async def database(new_database, installed):
    return await new_database(installed, multi_tenant=True)


async def test_everything_installed_is_isolated(database, installed):
    """TEN-03"""
    app = await asyncpg.connect(database.app)
    problems = await isolation_problems(app, installed)
    await app.close()
    assert problems == []
    assert sum(is_tenant_table(table) for _, table in installed.tables) > 10


async def test_every_table_with_a_tenant_is_declared_or_out_of_reach(database, installed):
    """TEN-03"""
    owner = await asyncpg.connect(database.owner)
    rows = await owner.fetch(
        "SELECT n.nspname || '.' || c.relname AS name, has_table_privilege('psa_app', c.oid, "
        "'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') AS reachable FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'"
    )
    await owner.close()
    declared = {qualified(table) for _, table in installed.tables}
    assert [row["name"] for row in rows if row["reachable"] and row["name"] not in declared] == []


async def test_everything_installed_has_its_migrations(database, installed):
    owner = await asyncpg.connect(database.owner)
    found = {plugin: await drift(owner, installed, plugin) for plugin in installed.plugins}
    await owner.close()
    assert found == dict.fromkeys(installed.plugins, Drift())


async def test_functions_of_the_owner_stay_in_a_tenant_or_are_reviewed(database):
    """TEN-04, TEN-05"""
    owner = await asyncpg.connect(database.owner)
    rows = await owner.fetch(
        "SELECT f.proname::text AS name FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace "
        "WHERE f.prosecdef AND n.nspname !~ '^pg_' AND f.prorettype <> 'trigger'::regtype "
        "AND f.prosrc NOT LIKE '%psa.current_tenant()%' "
        "AND NOT coalesce(f.proargnames, '{}') && ARRAY['tenant', 'tenants', 'victim']"
    )
    await owner.close()
    assert {row["name"] for row in rows} <= BEYOND_THE_TENANT.keys()
