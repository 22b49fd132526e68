"""What converge makes of declarations: references, checks, indexes, rights, and what it undoes again."""

from uuid import UUID

import asyncpg
import msgspec
import pytest

from psa_kernel.database.converge import ConvergeError
from psa_kernel.database.migrations import migrate
from psa_kernel.database.platform import SINGLE_TENANT
from psa_kernel.database.pool import open_pool
from psa_kernel.database.session import Session
from psa_sdk.tables import Index, new_id


@pytest.fixture
async def database(new_database, registry):
    return await new_database(registry)


@pytest.fixture
async def owner(database):
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()


@pytest.fixture
async def pool(database):
    pool = await open_pool(database.app, size=2)
    yield pool
    await pool.close()


async def execute(pool, tenant, sql, *arguments, company=None):
    async with Session(pool, tenant_id=tenant, multi_tenant=True, company_id=company) as session:
        return await session.connection.fetch(sql, *arguments)


async def add_company(pool, tenant, name="Acme") -> UUID:
    rows = await execute(pool, tenant, "INSERT INTO crm.company (name) VALUES ($1) RETURNING id", name)
    return rows[0]["id"]


async def add_visit(pool, tenant, for_company, title="Visit", **options) -> UUID:
    sql = "INSERT INTO visits.visit (title, company) VALUES ($1, $2) RETURNING id"
    return (await execute(pool, tenant, sql, title, for_company, **options))[0]["id"]


async def names(owner, catalogue):
    queries = {
        "constraint": "SELECT conname FROM pg_constraint WHERE connamespace = 'visits'::regnamespace AND contype IN ('f', 'c')",
        "index": "SELECT indexname FROM pg_indexes WHERE schemaname IN ('visits', 'crm', 'psa')",
        "policy": "SELECT tablename || '.' || policyname FROM pg_policies",
        "trigger": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    return {row[0] for row in await owner.fetch(queries[catalogue])}


async def test_another_tenants_record_cannot_be_referenced(pool, tenant, other_tenant):
    """X-08: as for an id that doesn't exist"""
    theirs = await add_company(pool, other_tenant)
    failures = []
    for target in (theirs, new_id()):
        with pytest.raises(asyncpg.ForeignKeyViolationError) as caught:
            await add_visit(pool, tenant, target)
        failures.append((caught.value.constraint_name, str(caught.value)))
    assert failures[0] == failures[1]
    assert failures[0][0] == "fk_visit_company"


async def test_references_restrict_cascade_and_set_null(pool, tenant):
    company = await add_company(pool, tenant)
    first = await add_visit(pool, tenant, company)
    second = await add_visit(pool, tenant, company)
    await execute(pool, tenant, "UPDATE visits.visit SET twin = $1 WHERE id = $2", first, second)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await execute(pool, tenant, "DELETE FROM crm.company")
    await execute(pool, tenant, "DELETE FROM visits.visit WHERE id = $1", first)
    rows = await execute(pool, tenant, "SELECT tenant_id, twin FROM visits.visit")
    assert [tuple(row) for row in rows] == [(tenant, None)]


async def test_choices_and_checks_are_enforced(pool, tenant):
    company = await add_company(pool, tenant)
    visit = await add_visit(pool, tenant, company)
    for change in ("state = 'lost'", "number = 0"):
        with pytest.raises(asyncpg.CheckViolationError):
            await execute(pool, tenant, f"UPDATE visits.visit SET {change} WHERE id = $1", visit)


async def test_uniqueness_is_per_tenant_and_freed_by_archiving(pool, tenant, other_tenant):
    """TEN-06, X-11"""
    first = await add_company(pool, tenant)
    await add_company(pool, other_tenant)
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await add_company(pool, tenant)
    assert str(other_tenant) not in f"{caught.value} {caught.value.detail}"
    await execute(pool, tenant, "UPDATE crm.company SET archived_at = now() WHERE id = $1", first)
    await add_company(pool, tenant)


async def test_indexes_follow_from_filters_sorts_and_references(owner):
    found = {name for name in await names(owner, "index") if "_visit_" in name}
    assert found == {
        "ix_visit_state_created_at_id",
        "ix_visit_company_created_at_id",
        "ix_visit_created_at_id",
        "ix_visit_title_id",  # sorted by, hence good enough to filter by
        "ix_visit_twin_created_at_id",  # serves the reference and the filter
        "ix_visit_planned_for_id",  # filtered by range
        "uq_visit_number",
    }
    sparse = await owner.fetchval(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_visit_twin_created_at_id'"
    )
    assert sparse.endswith("(tenant_id, twin, created_at, id) WHERE (twin IS NOT NULL)")


async def test_portal_principals_see_their_company_only(pool, tenant):
    mine, theirs = await add_company(pool, tenant, "Mine"), await add_company(pool, tenant, "Theirs")
    await add_visit(pool, tenant, theirs)
    visit = await add_visit(pool, tenant, mine, company=mine)
    assert [r["name"] for r in await execute(pool, tenant, "SELECT name FROM crm.company", company=mine)] == [
        "Mine"
    ]
    assert [r["id"] for r in await execute(pool, tenant, "SELECT id FROM visits.visit", company=mine)] == [
        visit
    ]
    assert len(await execute(pool, tenant, "SELECT id FROM visits.visit")) == 2
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await add_visit(pool, tenant, theirs, company=mine)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(pool, tenant, "UPDATE visits.visit SET company = $1", theirs, company=mine)


async def test_append_only_tables_refuse_changes_to_everyone(owner, pool, tenant):
    await execute(pool, tenant, "INSERT INTO visits.trace (what) VALUES ('seen')")
    for statement in (
        "UPDATE visits.trace SET what = ''",
        "DELETE FROM visits.trace",
        "TRUNCATE visits.trace",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await execute(pool, tenant, statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(statement)
    assert await owner.execute("SET app.purge = 'on'; DELETE FROM visits.trace") == "DELETE 1"


async def test_the_application_has_only_the_declared_rights(pool, owner, tenant):
    assert await execute(pool, tenant, "SELECT code FROM psa.country") == []
    for statement in (
        "INSERT INTO psa.country (code) VALUES ('XX')",
        "SELECT * FROM psa.search_document",
        "SELECT * FROM psa.migration",
        "CREATE TABLE visits.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "ALTER TABLE visits.visit DISABLE ROW LEVEL SECURITY",
        "SET ROLE psa_owner",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(pool, tenant, statement)


async def test_a_plugin_that_goes_and_comes_back(database, plugins, manifests, owner, tenant):
    """References of those who stay are dropped and made again, also with rows and row-level security."""
    without = plugins.registry(manifests.geo, manifests.visits)
    await migrate(database.owner, without, multi_tenant=True)
    assert "fk_visit_company" not in await names(owner, "constraint")
    assert "company.tenant" in await names(owner, "policy")  # its own tables stay protected
    granted = await owner.fetchval("SELECT has_table_privilege('psa_app', 'crm.company', 'SELECT')")
    assert not granted
    stray = await owner.fetchval(
        "INSERT INTO visits.visit (tenant_id, title, company) VALUES ($1, 'x', psa.new_id()) RETURNING id",
        tenant,
    )
    back = plugins.registry(manifests.geo, manifests.crm, manifests.visits)
    with pytest.raises(ConvergeError, match=r"visits\.visit: constraint fk_visit_company"):
        await migrate(database.owner, back, multi_tenant=True)
    await owner.execute("DELETE FROM visits.visit WHERE id = $1", stray)
    await migrate(database.owner, back, multi_tenant=True)
    valid = await owner.fetchval("SELECT convalidated FROM pg_constraint WHERE conname = 'fk_visit_company'")
    assert valid
    assert not (await migrate(database.owner, back, multi_tenant=True)).converged


async def test_changed_declarations_replace_what_they_made(database, plugins, manifests, tables, owner):
    class Changed(tables.Country, schema="psa", tablename="country"):
        index_on = (Index(("code",)), Index(("upper(code)",), unique=True))
        checks = ("length(code) = 2",)

    changed = msgspec.structs.replace(manifests.geo, tables=(Changed,))
    await migrate(
        database.owner, plugins.registry(changed, manifests.crm, manifests.visits), multi_tenant=True
    )
    found = {name for name in await names(owner, "index") if "country" in name}
    assert "uq_country_code" not in found
    assert "ix_country_code" in found
    assert len(found) == 3  # with the primary key
    assert await owner.fetchval("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'ck_country_%'") == 1


async def test_an_interrupted_run_is_completed_and_damage_repaired(database, registry, owner):
    before = await names(owner, "policy"), await names(owner, "index"), await names(owner, "trigger")
    await owner.execute("""
        DROP POLICY tenant ON visits.visit; DROP INDEX visits.ix_visit_title_id; DROP TRIGGER search ON crm.company;
        ALTER POLICY tenant ON crm.company USING (true); ALTER TABLE crm.company NO FORCE ROW LEVEL SECURITY;
        GRANT UPDATE ON visits.trace TO psa_app;""")
    assert not (await migrate(database.owner, registry, multi_tenant=True)).converged
    assert (await migrate(database.owner, registry, multi_tenant=True, repair=True)).converged
    assert before == (
        await names(owner, "policy"),
        await names(owner, "index"),
        await names(owner, "trigger"),
    )
    assert await owner.fetchval(
        "SELECT qual <> 'true' FROM pg_policies WHERE tablename = 'company' AND policyname = 'tenant'"
    )
    assert await owner.fetchval(
        "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'crm.company'::regclass"
    )
    assert not await owner.fetchval("SELECT has_table_privilege('psa_app', 'visits.trace', 'UPDATE')")


async def test_single_tenant_mode_has_a_constant_tenant_and_can_become_multi(new_database, registry):
    database = await new_database(registry, multi_tenant=False)
    app, owner = await asyncpg.connect(database.app), await asyncpg.connect(database.owner)
    await app.execute("INSERT INTO crm.company (name) VALUES ('Acme')")
    assert await app.fetchval("SELECT tenant_id FROM crm.company") == SINGLE_TENANT
    assert await names(owner, "policy") == set()
    await migrate(database.owner, registry, multi_tenant=True)
    assert await app.fetchval("SELECT count(*) FROM crm.company") == 0
    await app.execute(f"SET app.current_tenant = '{SINGLE_TENANT}'")
    assert await app.fetchval("SELECT count(*) FROM crm.company") == 1
    await migrate(database.owner, registry, multi_tenant=False)
    assert await names(owner, "policy") == set()
    await app.close()
    await owner.close()


async def test_a_large_table_is_indexed_while_it_is_written(
    database, plugins, manifests, tables, owner, tenant
):
    await owner.execute(
        "INSERT INTO visits.trace (tenant_id, what) SELECT $1, repeat('x', 1000) FROM generate_series(1, 12000)",
        tenant,
    )

    class Indexed(tables.Trace, schema="visits", tablename="trace"):
        index_on = (Index(("what",), where="what <> 'x'"),)

    swapped = tuple(Indexed if table is tables.Trace else table for table in manifests.visits.tables)
    changed = plugins.registry(
        manifests.geo, manifests.crm, msgspec.structs.replace(manifests.visits, tables=swapped)
    )
    await migrate(database.owner, changed, multi_tenant=True)
    assert any(name.startswith("ix_trace_what_") for name in await names(owner, "index"))
    assert not (await migrate(database.owner, changed, multi_tenant=True)).converged
