"""How PostgreSQL reads: pages in the order of an index, searches by the words' index, in both tenancies (KER-11)."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from psa_sdk.testing import Kit

from .filling import fill

TICKETS = 3000
HOT = (
    "",
    "filter[status]={status}",
    "filter[company]={company}",
    "filter[contact]={contact}",
    "filter[assigned_to]={assigned_to}",
    "filter[queue]={queue}",
    "filter[priority]={priority}",
    "filter[source]=email",
    "sort=-updated_at",
    "sort=updated_at",
    "sort=created_at",
    "sort=-number",
    "sort=title",
)


class Filled(msgspec.Struct):
    """A tenant with tickets, one of them in full, and a connection as the server has them."""

    kit: Kit
    ticket: dict[str, Any]
    connection: asyncpg.Connection


@pytest_asyncio.fixture(scope="module", params=("multi", "single"))
async def filled(request: pytest.FixtureRequest, psa_bench: Any) -> AsyncGenerator[Filled]:
    async with psa_bench.own(request.param) as installation:
        connection = await asyncpg.connect(installation.database.app)
        try:
            yield await furnished(await Kit.open(installation), connection)
        finally:
            await connection.close()


async def furnished(kit: Kit, connection: asyncpg.Connection) -> Filled:
    """Fill the kit's tenant, and in multi tenancy another."""
    tenants = [kit.tenant_id]
    if kit.installation.tenancy == "multi":
        tenants.append((await kit.neighbour()).tenant_id)
    await fill(
        kit.installation.database.superuser, [(tenant, TICKETS) for tenant in tenants], searchable=True
    )
    answer = await (await kit.admin()).get("/tickets?page[size]=1&include=contact")
    relations = answer.json()["data"][0]["relationships"]
    account = await (await kit.admin()).account_id()
    return Filled(
        kit,
        {"assigned_to": account}
        | {name: one["data"]["id"] for name, one in relations.items() if one.get("data")},
        connection,
    )


@pytest.mark.parametrize("query", HOT)
async def test_a_page_is_read_in_the_order_of_an_index(filled: Filled, query: str) -> None:
    admin = await filled.kit.admin()
    path = f"/tickets?page[size]=50&{query.format(**filled.ticket)}"
    for page in (path, (await admin.get(path)).json()["links"]["next"]):
        if page is None:
            continue
        async with queries(filled.kit) as asked:
            assert (await admin.get(page)).is_success
        (query,) = [one for one in asked if "psa_page" in one.query]
        for mode in ("force_generic_plan", "force_custom_plan"):
            plan = await explained(filled, query, mode)
            (rows,) = [node for node in nodes(plan) if node.get("Subplan Name") == "CTE psa_page"]
            kinds = {node["Node Type"] for node in nodes(rows)}
            # Behind a unique column the id sorts groups of one row each, incrementally.
            passing = {"Result", "Limit", "Incremental Sort"}
            assert kinds - passing == {"Index Scan"}, (mode, kinds)


async def test_a_search_reads_the_index_of_words(filled: Filled) -> None:
    connection = await asyncpg.connect(filled.kit.installation.database.superuser)
    try:
        await connection.execute(f"SET app.current_tenant = '{filled.kit.tenant_id}'")
        before = await scans(connection)
        for _ in range(10):  # beyond the fifth, plans may be generic
            assert await connection.fetchval("SELECT count(*) FROM psa.search('blank 77', 'tickets', 1000)")
        after = await scans(connection)
    finally:
        await connection.close()
    assert after["gin"] - before["gin"] == 10
    assert after["seq"] == before["seq"]


async def scans(connection: asyncpg.Connection) -> dict[str, int]:
    await connection.execute("SELECT pg_stat_force_next_flush()")
    row = await connection.fetchrow(
        "SELECT t.seq_scan AS seq, i.idx_scan AS gin FROM pg_stat_all_tables t JOIN pg_stat_all_indexes i"
        " USING (relid) JOIN pg_indexes x ON x.schemaname = i.schemaname AND x.indexname = i.indexrelname"
        " WHERE relid = 'psa.search_document'::regclass AND x.indexdef LIKE '% USING gin %'"
    )
    return dict(row)


@asynccontextmanager
async def queries(kit: Kit) -> AsyncGenerator[list[Any]]:
    """Collect the statements of a block with their values."""
    found: list[Any] = []
    kernel = kit.installation.kernel
    held = [await kernel.pool.acquire() for _ in range(kernel.config.pool_size)]
    for connection in held:
        connection.add_query_logger(found.append)
        await kernel.pool.release(connection)
    yield found
    for connection in [await kernel.pool.acquire() for _ in range(kernel.config.pool_size)]:
        connection.remove_query_logger(found.append)
        await kernel.pool.release(connection)


async def explained(filled: Filled, query: Any, mode: str) -> dict[str, Any]:
    """Return the plan of a statement, prepared as the server has it."""
    connection = filled.connection
    await connection.execute(
        f"SET app.current_tenant = '{filled.kit.tenant_id}'; SET plan_cache_mode = {mode}"
    )
    await connection.execute(f"PREPARE page AS {query.query}")
    values = ", ".join(f"'{value}'" for value in query.args)
    try:
        text = await connection.fetchval(
            f"EXPLAIN (FORMAT JSON) EXECUTE page{f'({values})' if values else ''}"
        )
    finally:
        await connection.execute("DEALLOCATE page")
    return msgspec.json.decode(text)[0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a plan's nodes, those of sub-selects that are evaluated once left out."""
    yield plan
    for below in plan.get("Plans", ()):
        if not below.get("Subplan Name", "").startswith("InitPlan"):
            yield from nodes(below)
