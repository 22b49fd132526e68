"""Migrations run once, in order, whole or not at all (KRN-04)."""

import asyncio

import asyncpg
import pytest

from psa_kernel.database.converge import ConvergeError
from psa_kernel.database.migrations import MigrationError, discover, migrate, next_path
from psa_kernel.database.platform import DatabaseUnfit

ALL = ("geo/0001_tables", "crm/0001_tables", "visits/0001_tables")


@pytest.fixture
async def database(new_database):
    return await new_database()


@pytest.fixture
async def owner(database):
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()


async def test_running_twice_does_nothing_the_second_time(database, registry):
    """KRN-04"""
    first = await migrate(database.owner, registry, multi_tenant=True)
    second = await migrate(database.owner, registry, multi_tenant=True)
    assert first.applied == ALL
    assert first.converged
    assert second.applied == ()
    assert not second.converged


async def test_servers_that_start_together_migrate_once(database, registry, owner):
    """KRN-04"""
    runs = await asyncio.gather(*(migrate(database.owner, registry, multi_tenant=True) for _ in range(4)))
    assert sorted(run.applied for run in runs) == [(), (), (), ALL]
    assert await owner.fetchval("SELECT count(*) FROM psa.migration") == 3


async def test_a_failing_migration_leaves_nothing_and_keeps_what_came_before(
    database, plugins, registry, owner
):
    """KRN-04"""
    broken = plugins.folder("visits") / "0002_broken.sql"
    broken.write_text("CREATE TABLE visits.half (id uuid); SELECT * FROM visits.nowhere;")
    with pytest.raises(MigrationError, match=r'visits: 0002_broken\.sql failed: relation "visits\.nowhere"'):
        await migrate(database.owner, registry, multi_tenant=True)
    assert await owner.fetchval("SELECT to_regclass('visits.half')") is None
    assert await owner.fetchval("SELECT count(*) FROM psa.migration") == 3
    broken.write_text("CREATE TABLE visits.half (id uuid);")
    assert (await migrate(database.owner, registry, multi_tenant=True)).applied == ("visits/0002_broken",)


async def test_changed_and_unknown_migrations_are_refused_all_at_once(database, plugins, registry):
    """KRN-04: checksummed, forward-only"""
    await migrate(database.owner, registry, multi_tenant=True)
    with (plugins.folder("crm") / "0001_tables.sql").open("a") as file:
        file.write("-- changed")
    (plugins.folder("visits") / "0001_tables.sql").rename(plugins.folder("visits") / "0003_tables.sql")
    (plugins.folder("geo") / "readme.sql").write_text("")
    with pytest.raises(MigrationError) as caught:
        await migrate(database.owner, registry, multi_tenant=True)
    text = str(caught.value)
    assert "crm: 0001_tables.sql was changed after it ran" in text
    assert "visits: the database has migration 0001_tables, which the installed version lacks" in text
    assert "geo: readme.sql must be named like 0001_title.sql" in text


async def test_two_files_with_one_number_are_refused(plugins, registry):
    (plugins.folder("crm") / "0001_other.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="same number"):
        discover(registry.plugins["crm"])


async def test_functions_with_semicolons_and_python_run(database, plugins, registry, owner):
    (plugins.folder("crm") / "0002_function.sql").write_text("""
        CREATE FUNCTION crm.double(n int) RETURNS int LANGUAGE plpgsql AS $$
        BEGIN n := n * 2; RETURN n; END $$;
        INSERT INTO crm.company (tenant_id, name) VALUES (psa.new_id(), 'made by SQL');""")
    python = 'async def forwards(connection):\n    await connection.execute("UPDATE crm.company SET name = {!r}")\n'
    (plugins.folder("crm") / "0003_data.py").write_text(python.replace("{!r}", "'changed by Python'"))
    (plugins.folder("visits") / "0003_data.py").write_text("async def forwards(connection):\n    pass\n")
    done = await migrate(database.owner, registry, multi_tenant=True)
    assert done.applied[-1] == "visits/0003_data"
    assert await owner.fetchval("SELECT crm.double(21)") == 42
    assert await owner.fetchval("SELECT name FROM crm.company") == "changed by Python"


async def test_a_migration_of_comments_only_runs(database, plugins, registry):
    (plugins.folder("crm") / "0002_kept.sql").write_text(
        "-- These lose data; uncomment them later.\n-- DROP TABLE x;\n"
    )
    (plugins.folder("crm") / "0003_empty.sql").write_text("")
    done = await migrate(database.owner, registry, multi_tenant=True)
    assert {"crm/0002_kept", "crm/0003_empty"} <= set(done.applied)


async def test_data_migrations_reach_all_tenants_under_forced_security(database, plugins, registry, owner):
    (plugins.folder("crm") / "0002_rows.sql").write_text(
        "INSERT INTO crm.company (tenant_id, name) SELECT psa.new_id(), 'Acme' FROM generate_series(1, 3)"
    )
    await migrate(database.owner, registry, multi_tenant=True)
    (plugins.folder("crm") / "0003_later.sql").write_text("UPDATE crm.company SET name = 'Later'")
    await migrate(database.owner, registry, multi_tenant=True)
    assert await owner.fetchval("SELECT count(*) FROM crm.company WHERE name = 'Later'") == 3


async def test_a_declared_table_without_migration_is_named(database, plugins, registry):
    (plugins.folder("crm") / "0001_tables.sql").write_text("SELECT 1")
    text = (plugins.folder("visits") / "0001_tables.sql").read_text()
    (plugins.folder("visits") / "0001_tables.sql").write_text(
        text.replace('"twin" uuid,', "").replace('"paid"', '"free"')
    )
    with pytest.raises(ConvergeError) as caught:
        await migrate(database.owner, registry, multi_tenant=True)
    assert str(caught.value).splitlines() == [
        "crm: the database lacks table crm.company; write the migration: psa migrations new crm TITLE",
        "visits: the database lacks paid, twin of visits.visit; write the migration: psa migrations new visits TITLE",
    ]


async def test_a_superuser_makes_the_roles_and_steps_back(database, registry, owner):
    await migrate(database.superuser, registry, multi_tenant=True)
    owners = await owner.fetch(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('psa', 'crm', 'visits')"
    )
    assert [row["tableowner"] for row in owners] == ["psa_owner"]


async def test_roles_that_may_not_migrate_are_told_the_remedy(database, registry):
    with pytest.raises(DatabaseUnfit, match="PSA_OWNER_DATABASE_URL"):
        await migrate(database.app, registry, multi_tenant=True)
    administrator = await asyncpg.connect(database.superuser)
    await administrator.execute(f"ALTER DATABASE {database.name} OWNER TO postgres")
    await administrator.close()
    with pytest.raises(DatabaseUnfit, match=f'GRANT CREATE ON DATABASE "{database.name}" TO "psa_owner"'):
        await migrate(database.owner, registry, multi_tenant=True)


async def test_the_next_migration_takes_the_next_number(plugins, registry):
    assert (
        next_path(registry.plugins["crm"], "Add a colour!") == plugins.folder("crm") / "0002_add_a_colour.sql"
    )


async def test_a_connection_lost_on_the_way_is_made_up_for_by_the_next_run(
    database, plugins, registry, owner
):
    """KRN-04: transactional"""
    lost = plugins.folder("crm") / "0002_lost.sql"
    lost.write_text("CREATE TABLE crm.half (id uuid); SELECT pg_terminate_backend(pg_backend_pid());")
    with pytest.raises(MigrationError, match=r"crm: 0002_lost\.sql failed: .*terminating connection"):
        await migrate(database.owner, registry, multi_tenant=True)
    assert await owner.fetchval("SELECT to_regclass('crm.half')") is None
    lost.write_text("CREATE TABLE crm.half (id uuid);")
    done = await migrate(database.owner, registry, multi_tenant=True)
    assert done.applied == ("crm/0002_lost", "visits/0001_tables")
