"""Row-level security as converge leaves it, and the proof of it (TEN-01, TEN-03, TEN-04)."""

import asyncpg
import pytest

from psa_kernel.database.guard import isolation_problems
from psa_kernel.database.pool import open_pool
from psa_kernel.database.session import Session


@pytest.fixture
async def database(new_database, registry):
    return await new_database(registry, multi_tenant=True)


@pytest.fixture
async def pool(database):
    pool = await open_pool(database.app, size=4)
    yield pool
    await pool.close()


async def test_a_migrated_database_is_isolated(pool, registry):
    """TEN-01, TEN-03"""
    async with pool.acquire() as connection:
        assert await isolation_problems(connection, registry) == []


async def test_the_guard_names_every_way_out(database, registry):
    """TEN-03: planted faults"""
    owner = await asyncpg.connect(database.owner)
    await owner.execute("""
        ALTER TABLE visits.visit NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE visits.trace DISABLE ROW LEVEL SECURITY;
        DROP POLICY tenant ON crm.company;
        CREATE POLICY everything ON crm.company TO psa_app USING (true);
        CREATE TABLE visits.bare (tenant_id uuid, id uuid);
        GRANT SELECT ON visits.bare TO psa_app;
        CREATE VIEW visits.leak AS SELECT * FROM visits.visit;
        CREATE VIEW visits.fine WITH (security_invoker = true) AS SELECT * FROM visits.visit;
        CREATE MATERIALIZED VIEW visits.copy AS SELECT * FROM visits.visit;
        GRANT SELECT ON visits.leak, visits.fine, visits.copy TO psa_app;
        CREATE FUNCTION visits.all_ids() RETURNS SETOF uuid LANGUAGE sql SECURITY DEFINER
            AS $$ SELECT id FROM visits.visit $$;
        CREATE FUNCTION visits.own_ids() RETURNS SETOF uuid LANGUAGE sql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
            AS $$ SELECT id FROM visits.visit WHERE tenant_id = psa.current_tenant() $$;
        """)
    await owner.close()
    app = await asyncpg.connect(database.app)
    problems = await isolation_problems(app, registry)
    await app.close()
    assert len(problems) == 13, problems
    for part in (
        "visits.visit: row-level security isn't forced",
        "visits.trace: row-level security is off",
        "crm.company: the tenant policy is missing",
        "crm.company: more policies widen it: everything",
        "visits.bare: row-level security is off",
        "visits.bare: row-level security isn't forced",
        "visits.bare: the tenant policy is missing",
        "visits.bare: it has no unique key",
        "visits.bare: no index starts with tenant_id",
        "visits.leak shows every tenant's rows",
        "visits.copy shows every tenant's rows",
        "visits.all_ids has no search_path",
        "visits.all_ids sees every tenant",
    ):
        assert any(part in problem for problem in problems), part


async def test_a_mighty_role_is_refused(database, registry):
    """TEN-01"""
    for url, word in ((database.superuser, "ignores row-level security"), (database.owner, "owns it")):
        connection = await asyncpg.connect(url)
        problems = await isolation_problems(connection, registry)
        await connection.close()
        assert any(word in problem for problem in problems), problems


async def test_declared_filters_are_index_conditions_under_row_level_security(pool, tenant):
    async with Session(pool, tenant_id=tenant, multi_tenant=True) as session:
        await session.connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = await session.connection.fetch(
            "EXPLAIN (COSTS OFF) SELECT id FROM visits.visit WHERE state = 'done' AND (created_at, id) < "
            "(now(), psa.new_id()) ORDER BY created_at DESC, id DESC LIMIT 50"
        )
    text = "\n".join(row[0] for row in plan)
    assert (
        "Index Scan Backward using ix_visit_state_created_at_id" in text or "Index Only Scan Backward" in text
    )
    condition = next(line for line in text.splitlines() if "Index Cond" in line)
    assert "tenant_id = " in condition
    assert "state = 'done'" in condition
    assert "Sort" not in text


async def test_without_a_tenant_nothing_is_seen_or_written(pool, tenant):
    """TEN-01"""
    async with Session(pool, tenant_id=tenant, multi_tenant=True) as session:
        await session.connection.execute("INSERT INTO crm.company (name) VALUES ('Acme')")
    async with Session(pool, tenant_id=None, multi_tenant=True) as session:
        assert await session.connection.fetchval("SELECT count(*) FROM crm.company") == 0
        assert await session.connection.execute("UPDATE crm.company SET name = 'x'") == "UPDATE 0"
    for statement in (
        "INSERT INTO crm.company (name) VALUES ('Acme')",
        f"INSERT INTO crm.company (tenant_id, name) VALUES ('{tenant}', 'Acme')",
    ):
        async with Session(pool, tenant_id=None, multi_tenant=True) as session:
            await session.connection.execute("SET LOCAL app.current_tenant = ''")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.connection.execute(statement)
            await session.rollback()
