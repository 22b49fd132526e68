"""Numbers, ids and search, as the application calls them."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from psa_kernel.database.migrations import migrate
from psa_kernel.database.platform import functions_sql
from psa_kernel.database.pool import open_pool
from psa_kernel.database.session import Session


@pytest.fixture
async def database(new_database, registry):
    return await new_database(registry)


@pytest.fixture
async def pool(database):
    pool = await open_pool(database.app, size=8)
    yield pool
    await pool.close()


async def value(pool, tenant, sql, *arguments):
    async with Session(pool, tenant_id=tenant, multi_tenant=True) as session:
        return await session.connection.fetchval(sql, *arguments)


async def found(pool, tenant, query, kind="", most=10):
    async with Session(pool, tenant_id=tenant, multi_tenant=True, readonly=True) as session:
        rows = await session.connection.fetch("SELECT id FROM psa.search($1, $2, $3)", query, kind, most)
        return [row["id"] for row in rows]


async def add(pool, tenant, name, email=None, tags=()):
    sql = "INSERT INTO crm.company (name, email, tags) VALUES ($1, $2, $3) RETURNING id"
    return await value(pool, tenant, sql, name, email, list(tags))


async def test_fifty_parallel_callers_get_fifty_numbers(pool, tenant):
    """TIC-01"""
    numbers = await asyncio.gather(
        *(value(pool, tenant, "SELECT psa.next_number('tickets')") for _ in range(50))
    )
    assert sorted(numbers) == list(range(1, 51))


async def test_numbers_are_per_tenant_and_name(pool, tenant, other_tenant):
    assert await value(pool, tenant, "SELECT psa.next_number('tickets')") == 1
    assert await value(pool, tenant, "SELECT psa.next_number('tickets')") == 2
    assert await value(pool, tenant, "SELECT psa.next_number('it''s \"another\"')") == 1
    assert await value(pool, other_tenant, "SELECT psa.next_number('tickets')") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="needs a tenant"):
        await value(pool, None, "SELECT psa.next_number('tickets')")


async def test_ids_are_version_7_and_in_order_on_old_servers_too(database, pool):
    owner = await asyncpg.connect(database.owner)
    await owner.execute(functions_sql(17, multi_tenant=True))
    before = UUID(str(await owner.fetchval("SELECT psa.new_id()")))
    await owner.fetchval("SELECT pg_sleep(0.002)")
    await owner.execute(functions_sql(18, multi_tenant=True))
    after = UUID(str(await owner.fetchval("SELECT psa.new_id()")))
    await owner.close()
    assert (before.version, after.version) == (7, 7)
    assert before.variant == after.variant
    assert before < after


async def test_search_finds_words_beginnings_and_parts(pool, tenant):
    acme = await add(pool, tenant, "Acme Plumbing", "office@acme.example.com", ["gold", "on-site"])
    await add(pool, tenant, "Zenith", "hello@zenith.example.com")
    for query in (
        "acme",
        "plum",
        "PLUMBING acme",
        "office",
        "example acm",
        "gold",
        "on-site",
        "acme, 'plumb'",
    ):
        assert await found(pool, tenant, query) == [acme], query
    for query in ("umbing", "acme zenith", "nothing", "", "' & !", "acme:*|zenith"):
        assert await found(pool, tenant, query) == [], query


async def test_search_follows_changes(pool, tenant):
    acme = await add(pool, tenant, "Acme")
    await value(pool, tenant, "UPDATE crm.company SET name = 'Bolt' WHERE id = $1", acme)
    assert await found(pool, tenant, "acme") == []
    assert await found(pool, tenant, "bolt") == [acme]
    await value(pool, tenant, "UPDATE crm.company SET archived_at = now() WHERE id = $1", acme)
    assert await found(pool, tenant, "bolt") == []
    await value(pool, tenant, "UPDATE crm.company SET archived_at = NULL WHERE id = $1", acme)
    assert await found(pool, tenant, "bolt") == [acme]
    await value(pool, tenant, "DELETE FROM crm.company WHERE id = $1", acme)
    assert await found(pool, tenant, "bolt") == []


async def test_search_is_by_kind_newest_first_and_limited(pool, tenant):
    companies = [await add(pool, tenant, f"Acme {number}") for number in range(3)]
    visit = await value(
        pool,
        tenant,
        "INSERT INTO visits.visit (title, company) VALUES ('Acme', $1) RETURNING id",
        companies[0],
    )
    assert await found(pool, tenant, "acme") == [visit, *reversed(companies)]
    assert await found(pool, tenant, "acme", "companies", 2) == [companies[2], companies[1]]
    assert await found(pool, tenant, "acme", "visits") == [visit]
    assert await found(pool, tenant, "acme", "no'thing") == []


async def test_search_never_leaves_the_tenant(pool, tenant, other_tenant):
    await add(pool, other_tenant, "Acme")
    assert await found(pool, tenant, "acme") == []
    assert await found(pool, tenant, f"~{other_tenant} acme") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="needs a tenant"):
        await found(pool, None, "acme")


async def test_rows_from_before_become_searchable(new_database, plugins, manifests, registry, tenant):
    import msgspec

    database = await new_database()
    mute = msgspec.structs.replace(
        manifests.crm,
        resources=tuple(msgspec.structs.replace(resource, search=()) for resource in manifests.crm.resources),
    )
    await migrate(database.owner, plugins.registry(manifests.geo, mute, manifests.visits), multi_tenant=True)
    pool = await open_pool(database.app, size=1)
    acme = await add(pool, tenant, "Acme")
    assert await found(pool, tenant, "acme") == []
    await migrate(database.owner, registry, multi_tenant=True)
    assert await found(pool, tenant, "acme") == [acme]
    await pool.close()


async def test_a_megabyte_of_text_is_stored(pool, tenant):
    text = " ".join(f"word{number}" for number in range(150_000))
    company = await add(pool, tenant, "Acme", text)
    assert await found(pool, tenant, "word17") == [company]
