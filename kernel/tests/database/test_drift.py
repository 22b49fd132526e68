"""`psa migrations new` writes what declared tables and the database differ in."""

import asyncpg
import pytest

from psa_kernel.database.drift import Drift, drift, drifts
from psa_kernel.database.migrations import migrate, next_path


@pytest.fixture
async def database(new_database, registry):
    return await new_database(registry)


@pytest.fixture
async def owner(database):
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()


async def test_a_migrated_database_has_no_drift(owner, registry):
    for plugin in registry.plugins:
        assert await drift(owner, registry, plugin) == Drift()


async def test_every_difference_becomes_a_statement_and_drops_are_only_suggested(owner, registry):
    await owner.execute("""
        DROP TABLE visits.trace;
        ALTER TABLE visits.visit DROP COLUMN detail, DROP COLUMN title, ALTER COLUMN paid DROP DEFAULT,
            ALTER COLUMN number SET NOT NULL, ALTER COLUMN number TYPE bigint, ADD COLUMN old text,
            ADD COLUMN shown text GENERATED ALWAYS AS ('x') STORED;
        CREATE TABLE visits.left_over (id uuid);
        """)
    found = await drift(owner, registry, "visits")
    assert found.drops == (
        'ALTER TABLE "visits"."visit" DROP COLUMN "old"',
        'DROP TABLE "visits"."left_over"',
    )
    text = found.migration("Catch up")
    for part in (
        'ADD COLUMN "title" text NOT NULL',
        "-- Fails when there are rows",
        "ADD COLUMN \"detail\" jsonb NOT NULL DEFAULT '{}'::jsonb",
        'ALTER COLUMN "number" TYPE integer USING "number"::integer,\n    ALTER COLUMN "number" DROP NOT NULL',
        'ALTER COLUMN "paid" SET DEFAULT false',
        'CREATE TABLE "visits"."trace"',
        '-- ALTER TABLE "visits"."visit" DROP COLUMN "old";',
        '-- DROP TABLE "visits"."left_over";',
    ):
        assert part in text, text
    await owner.execute(text)
    assert (await drift(owner, registry, "visits")).statements == ()


async def test_new_tables_are_found_before_they_can_be_converged(new_database, plugins, registry):
    (plugins.folder("visits") / "0001_tables.sql").unlink()
    database = await new_database()
    found = await drifts(database.owner, registry, multi_tenant=True)
    assert [plugin for plugin, drift in found.items() if drift.statements] == ["visits"]
    next_path(registry.plugins["visits"], "Tables").write_text(found["visits"].migration("Tables"))
    assert (await migrate(database.owner, registry, multi_tenant=True)).applied == ("visits/0001_tables",)
    assert await drifts(database.owner, registry, multi_tenant=True) == dict.fromkeys(
        registry.plugins, Drift()
    )


async def test_a_written_migration_runs(database, owner, plugins, registry):
    await owner.execute("ALTER TABLE crm.company ALTER COLUMN email SET NOT NULL")
    found = await drift(owner, registry, "crm")
    next_path(registry.plugins["crm"], "mail is optional").write_text(found.migration("Mail is optional"))
    done = await migrate(database.owner, registry, multi_tenant=True)
    assert done.applied == ("crm/0002_mail_is_optional",)
    assert await drift(owner, registry, "crm") == Drift()
