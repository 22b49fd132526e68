"""Sessions hold one connection, one transaction and one tenant, and always give the connection back."""

import asyncio
import random

import asyncpg
import pytest

from psa_kernel.database.engine import SessionEnded, TenantNotBound, WriteRefused
from psa_kernel.database.pool import open_pool
from psa_kernel.database.session import Session
from psa_sdk.errors import Unavailable


@pytest.fixture
async def database(new_database, registry):
    return await new_database(registry, multi_tenant=True)


@pytest.fixture
async def lone_pool(database):
    pool = await open_pool(database.app, size=1)
    yield pool
    await pool.close()


def bound(pool, tenant, **options):
    return Session(pool, tenant_id=tenant, multi_tenant=True, **options)


async def add_company(pool, tenant, name="Acme"):
    async with bound(pool, tenant) as session:
        return await session.connection.fetchval(
            "INSERT INTO crm.company (name) VALUES ($1) RETURNING id", name
        )


async def names(pool, tenant, **options):
    async with bound(pool, tenant, **options) as session:
        return [row["name"] for row in await session.connection.fetch("SELECT name FROM crm.company")]


async def assert_intact(pool, size=1):
    """Every connection of the pool can be had and is in no transaction."""
    connections = [await pool.acquire(timeout=5) for _ in range(size)]
    for connection in connections:
        assert not connection.is_in_transaction()
        assert await connection.fetchval("SELECT 1") == 1
        await pool.release(connection)


async def test_a_pooled_connection_forgets_its_tenant(lone_pool, tenant, other_tenant):
    """TEN-02"""
    await add_company(lone_pool, tenant)
    assert await names(lone_pool, tenant) == ["Acme"]
    assert await names(lone_pool, other_tenant) == []
    assert await lone_pool.fetchval("SELECT count(*) FROM crm.company") == 0
    assert await lone_pool.fetchval("SELECT psa.current_tenant()") is None


async def test_an_exception_undoes_everything(lone_pool, tenant):
    with pytest.raises(LookupError):
        async with bound(lone_pool, tenant) as session:
            await session.connection.execute("INSERT INTO crm.company (name) VALUES ('Acme')")
            raise LookupError
    assert await names(lone_pool, tenant) == []
    await assert_intact(lone_pool)


async def test_a_savepoint_undoes_only_its_part(lone_pool, tenant):
    async with bound(lone_pool, tenant) as session:
        await session.connection.execute("INSERT INTO crm.company (name) VALUES ('kept')")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with session.savepoint():
                await session.connection.execute("INSERT INTO crm.company (name) VALUES ('undone')")
                async with session.savepoint():
                    await session.connection.execute("INSERT INTO crm.company (name) VALUES ('inner')")
                await session.connection.execute("INSERT INTO crm.company (name) VALUES ('kept')")
        async with session.savepoint():
            await session.connection.execute("INSERT INTO crm.company (name) VALUES ('also kept')")
    assert sorted(await names(lone_pool, tenant)) == ["also kept", "kept"]


async def test_a_failed_commit_gives_the_connection_back(lone_pool, tenant):
    for _ in range(3):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with bound(lone_pool, tenant) as session:
                await session.connection.execute("SET CONSTRAINTS ALL DEFERRED")
                await session.connection.execute(
                    "INSERT INTO visits.visit (title, company) VALUES ('x', psa.new_id())"
                )
    await assert_intact(lone_pool)


async def test_a_settled_session_refuses_queries(lone_pool, tenant):
    async with bound(lone_pool, tenant) as session:
        await session.connection.execute("INSERT INTO crm.company (name) VALUES ('Acme')")
        await session.commit()
        assert session.ended
        assert await names(lone_pool, tenant) == ["Acme"]  # the connection is free already
        with pytest.raises(SessionEnded):
            await session.connection.fetchval("SELECT 1")
        with pytest.raises(SessionEnded):
            await session.commit()
        with pytest.raises(SessionEnded):
            await session.rollback()


async def test_a_task_that_outlives_its_session_is_told(lone_pool, tenant, tables):
    left = asyncio.Event()

    async def straggler():
        await left.wait()
        await tables.Company.select(tables.Company.name)

    async with bound(lone_pool, tenant):
        task = asyncio.create_task(straggler())
        await asyncio.sleep(0)
    left.set()
    with pytest.raises(SessionEnded, match="ctx.send"):
        await task


async def test_two_tasks_in_one_session_are_told(lone_pool, tenant, tables):
    async with bound(lone_pool, tenant):
        results = await asyncio.gather(
            *(tables.Company.select(tables.Company.name) for _ in range(2)), return_exceptions=True
        )
        assert any("one after the other" in str(result) for result in results)


async def test_random_cancellation_leaves_the_pool_whole(database, tenant):
    pool = await open_pool(database.app, size=4)
    company = await add_company(pool, tenant)
    chance = random.Random(7)
    started = 0

    async def work(number):
        nonlocal started
        async with bound(pool, tenant) as session:
            started += 1
            await session.connection.execute(
                "INSERT INTO visits.visit (title, company) VALUES ($1, $2)", str(number), company
            )
            await session.connection.fetchval("SELECT pg_sleep(0.002)")

    tasks = [asyncio.create_task(work(number)) for number in range(200)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.001)
        running = [task for task in tasks if not task.done()]
        if running and chance.random() < 0.5:
            running[0 if len(running) < 4 else chance.randrange(4)].cancel()
    done = [task for task in tasks if not task.cancelled()]
    assert started > 4
    assert len(done) < len(tasks)
    for task in done:
        task.result()
    await assert_intact(pool, size=4)
    async with bound(pool, tenant) as session:
        stored = await session.connection.fetchval("SELECT count(*) FROM visits.visit")
    assert len(done) <= stored <= len(tasks)  # a cancel after COMMIT was sent can't take it back
    await pool.close()


async def test_a_dead_pooled_connection_is_replaced(database, lone_pool, tenant):
    pid = await lone_pool.fetchval("SELECT pg_backend_pid()")
    owner = await asyncpg.connect(database.superuser)
    assert await owner.fetchval("SELECT pg_terminate_backend($1, 10000)", pid)
    await owner.close()
    assert await names(lone_pool, tenant) == []


async def test_a_busy_pool_is_reported_as_unavailable(lone_pool, tenant):
    async with bound(lone_pool, tenant):
        with pytest.raises(Unavailable, match="busy"):
            async with bound(lone_pool, tenant, acquire_timeout=0.05):
                pass
    await assert_intact(lone_pool)


async def test_a_readonly_session_refuses_writes(lone_pool, tenant):
    async with bound(lone_pool, tenant, readonly=True) as session:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await session.connection.execute("INSERT INTO crm.company (name) VALUES ('Acme')")
        await session.rollback()


async def test_statements_are_limited_in_time(lone_pool, tenant):
    async with bound(lone_pool, tenant) as session:
        settings = await session.connection.fetchrow(
            "SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock, "
            "current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('timezone') AS zone"
        )
    assert dict(settings) == {"statement": "5s", "lock": "3s", "idle": "30s", "zone": "UTC"}


async def test_piccolo_queries_need_a_session(registry, tables):
    with pytest.raises(TenantNotBound):
        await tables.Company.select(tables.Company.name)


async def test_piccolo_queries_run_in_the_session(lone_pool, tenant, other_tenant, tables):
    await add_company(lone_pool, tenant)
    async with bound(lone_pool, tenant):
        assert await tables.Company.select(tables.Company.name) == [{"name": "Acme"}]
        locked = tables.Company.select(tables.Company.name).lock_rows("NO KEY UPDATE", skip_locked=True)
        assert await locked == [{"name": "Acme"}]
    async with bound(lone_pool, other_tenant):
        assert await tables.Company.count() == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda tables: tables.Company.insert(tables.Company(name="x")),
        lambda tables: tables.Company.update({tables.Company.name: "x"}, force=True),
        lambda tables: tables.Company.delete(force=True),
        lambda tables: tables.Company(name="x").save(),
        lambda tables: tables.Visit.raw(
            "WITH gone AS (DELETE FROM visits.visit RETURNING 1) SELECT * FROM gone"
        ),
        lambda tables: tables.Company.raw('update "crm"."company" set name = {}', "x"),
    ],
    ids=["insert", "update", "delete", "save", "cte", "raw"],
)
async def test_resources_are_not_written_around_the_records(lone_pool, tenant, tables, write):
    async with bound(lone_pool, tenant):
        with pytest.raises(WriteRefused, match=r"ctx\.records"):
            await write(tables)


async def test_piccolo_leaves_the_session_by_no_door(lone_pool, tenant, tables):
    async with bound(lone_pool, tenant):
        with pytest.raises(TenantNotBound, match="stream"):
            async with await tables.Company.select(tables.Company.name).batch():
                pass
        with pytest.raises(TenantNotBound, match="savepoint"):
            tables.Company._meta.db.transaction()
        with pytest.raises(TenantNotBound, match="savepoint"):
            tables.Company._meta.db.atomic()
