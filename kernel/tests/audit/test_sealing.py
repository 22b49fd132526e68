"""AUD-02: the audit log is append-only, sealed, and tampering has a name."""

import asyncio

import asyncpg
import pytest
from structlog.testing import capture_logs

from psa_kernel.builtin.audit.alerts import inspect
from psa_kernel.builtin.audit.sealing import EVERY_SECONDS, seal, seal_all, sealer
from psa_kernel.builtin.audit.verification import checkpoint, verify
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision


@pytest.fixture(params=[True, False], ids=["multi", "single"])
async def kernel(request, rewound_kernel):
    kernel = await rewound_kernel(multi_tenant=request.param, first={})
    await seal_all(kernel)
    return kernel


@pytest.fixture
async def superuser(kernel, rewound_kernel):
    connection = await asyncpg.connect(rewound_kernel.databases[kernel].superuser)
    await connection.execute("SET session_replication_role = replica")  # triggers don't stop a superuser
    yield connection
    await connection.close()


@pytest.fixture
async def sequences_may_repeat(superuser):
    indexes = await superuser.fetch(
        "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indrelid ="
        " 'psa.audit_seal'::regclass AND indisunique AND NOT indisprimary AND indexrelid::regclass::text LIKE '%sequence%'"
    )
    for index in indexes:
        await superuser.execute(f"DROP INDEX {index['name']}")
    yield
    for index in indexes:
        await superuser.execute(index["definition"])


async def write(kernel, count, tenant_id=SINGLE_TENANT, action="test"):
    async with kernel.unit(tenant_id) as unit:
        for number in range(count):
            await unit.audit(action, "things", None, number=number, text="line\r\nbreak \x1b[31m é")


async def entries(connection, action="test"):
    return [
        row["id"]
        for row in await connection.fetch(
            "SELECT id FROM psa.audit_entry WHERE action = $1 ORDER BY id", action
        )
    ]


async def test_what_is_written_is_sealed_and_verifies(kernel):
    before = await verify(kernel, SINGLE_TENANT)
    await write(kernel, 30)
    waiting = await verify(kernel, SINGLE_TENANT)
    assert waiting.intact
    assert waiting.waiting == 30
    assert await seal(kernel, SINGLE_TENANT) == 30
    assert await seal(kernel, SINGLE_TENANT) == 0
    report = await verify(kernel, SINGLE_TENANT)
    assert report.intact
    assert (report.entries, report.seals, report.waiting) == (before.entries + 30, before.seals + 1, 0)


async def test_an_ordinary_change_has_no_pattern_looked_for(kernel):
    """AUD-08: otherwise each seal would read all entries of the last minutes."""
    seen = []
    async with kernel.unit(SINGLE_TENANT) as unit:
        unit.connection.add_query_logger(lambda record: seen.append(record.query))
        await inspect(unit, {("created", "tickets"), ("updated", "companies")})
        await asyncio.sleep(0)  # asyncpg tells its loggers in the loop's next turn
        assert seen == []
        await inspect(unit, {("updated", "tickets"), ("updated", "roles")})
        await asyncio.sleep(0)
    assert any("psa.audit_entry" in query for query in seen)


async def test_an_entry_that_rolls_back_leaves_nothing_to_seal(kernel):
    """AUD-01: the entry shares the transaction of its change."""

    class Undone(Exception):
        pass

    async def fail():
        async with kernel.unit(SINGLE_TENANT) as unit:
            await unit.audit("test")
            raise Undone

    with pytest.raises(Undone):
        await fail()
    assert await seal(kernel, SINGLE_TENANT) == 0


async def test_the_application_can_neither_change_nor_remove_entries(kernel):
    await write(kernel, 1)
    for statement in (
        "UPDATE psa.audit_entry SET action = 'x'",
        "DELETE FROM psa.audit_entry",
        "TRUNCATE psa.audit_entry",
        "UPDATE psa.audit_seal SET hash = 'x'",
        "DELETE FROM psa.audit_seal",
        "DELETE FROM psa.unsealed_entry",
        "INSERT INTO psa.unsealed_entry VALUES (gen_random_uuid(), gen_random_uuid())",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with kernel.unit(SINGLE_TENANT) as unit:
                await unit.db.execute(statement)


async def test_the_owner_of_the_tables_can_not_either(kernel):
    await write(kernel, 1)
    connection = await asyncpg.connect(kernel.config.owner_database_url)
    try:
        for statement in (
            "UPDATE psa.audit_entry SET action = 'x'",
            "DELETE FROM psa.audit_entry",
            "TRUNCATE psa.audit_entry",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_an_edited_entry_is_named_whatever_was_edited(kernel, superuser):
    await write(kernel, 14)
    await seal_all(kernel)
    changes = (
        "occurred_at = occurred_at + interval '1 microsecond'",
        "actor_kind = 'user'",
        "actor_id = gen_random_uuid()",
        "actor_label = 'Somebody else'",
        "on_behalf_of = gen_random_uuid()",
        "action = 'other'",
        "resource = 'other'",
        "record_id = gen_random_uuid()",
        "old = '{}'",
        "new = '{}'",
        "detail = '{}'",
        "request_id = 'other'",
        "ip = '192.0.2.1'",
        "user_agent = 'other'",
    )
    # From the last to the first: each time, the first wrong one is the newest change.
    for target, assignment in zip(reversed(await entries(superuser)), changes, strict=True):
        await superuser.execute(f"UPDATE psa.audit_entry SET {assignment} WHERE id = $1", target)
        assert (await verify(kernel, SINGLE_TENANT)).entry_id == target, assignment


async def test_a_removed_entry_is_named(kernel, superuser):
    await write(kernel, 20)
    await seal_all(kernel)
    target = (await entries(superuser))[11]
    await superuser.execute("DELETE FROM psa.audit_entry WHERE id = $1", target)
    report = await verify(kernel, SINGLE_TENANT)
    assert report.entry_id == target
    assert "gone" in report.finding


async def test_an_entry_removed_before_its_seal_is_named(kernel, superuser):
    await write(kernel, 3)
    target = (await entries(superuser))[1]
    await superuser.execute("DELETE FROM psa.audit_entry WHERE id = $1", target)
    assert not (await verify(kernel, SINGLE_TENANT)).intact
    await seal_all(kernel)
    assert (await verify(kernel, SINGLE_TENANT)).entry_id == target


async def test_swapped_entries_are_named(kernel, superuser):
    await write(kernel, 20)
    await seal_all(kernel)
    first, second = (await entries(superuser))[4:6]
    await superuser.execute(
        "UPDATE psa.audit_entry e SET detail = o.detail FROM psa.audit_entry o"
        " WHERE (e.id = $1 AND o.id = $2) OR (e.id = $2 AND o.id = $1)",
        first,
        second,
    )
    assert (await verify(kernel, SINGLE_TENANT)).entry_id == first


async def test_an_inserted_entry_is_named(kernel, superuser):
    await write(kernel, 5)
    await seal_all(kernel)
    forged = await superuser.fetchval(
        "INSERT INTO psa.audit_entry (id, tenant_id, occurred_at, actor_kind, actor_id, actor_label, action)"
        " VALUES (psa.new_id(), $1, now(), 'user', psa.new_id(), 'Nobody', 'forged') RETURNING id",
        SINGLE_TENANT,
    )
    report = await verify(kernel, SINGLE_TENANT)
    assert report.entry_id == forged


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM psa.audit_seal WHERE sequence = 2",
        "UPDATE psa.audit_seal SET entries = '' WHERE sequence = 2",
        "UPDATE psa.audit_seal SET digests = overlay(digests PLACING 'AAAA' FROM 1 FOR 4) WHERE sequence = 2",
        "UPDATE psa.audit_seal SET hash = repeat('0', 64) WHERE sequence = 2",
        "UPDATE psa.audit_seal SET signature = repeat('A', 86) || '==' WHERE sequence = 2",
        "UPDATE psa.audit_seal SET sequence = CASE sequence WHEN 2 THEN 3 ELSE 2 END WHERE sequence IN (2, 3)",
    ],
)
@pytest.mark.usefixtures("sequences_may_repeat")
async def test_a_tampered_seal_is_named(kernel, superuser, statement):
    for _ in range(3):
        await write(kernel, 2)
        await seal_all(kernel)
    await superuser.execute(statement)
    assert (await verify(kernel, SINGLE_TENANT)).sequence == 2


async def test_a_chain_that_was_cut_short_shows_against_a_checkpoint(kernel, superuser):
    await write(kernel, 4)
    await seal_all(kernel)
    async with kernel.unit(SINGLE_TENANT) as unit:
        known = await checkpoint(unit)
    assert (await verify(kernel, SINGLE_TENANT, known)).intact
    last = await superuser.fetchval("SELECT max(sequence) FROM psa.audit_seal")
    await superuser.execute("DELETE FROM psa.audit_seal WHERE sequence = $1", last)
    await superuser.execute("DELETE FROM psa.audit_entry WHERE action = 'test'")
    assert (await verify(kernel, SINGLE_TENANT)).intact
    report = await verify(kernel, SINGLE_TENANT, known)
    assert report.sequence == last
    assert "checkpoint" in report.finding


async def test_parallel_writers_and_sealers_keep_one_chain(kernel):
    other = (
        await provision(kernel, slug="other", name="Other") if kernel.config.multi_tenant else SINGLE_TENANT
    )

    async def busy(tenant_id):
        for _ in range(10):
            await write(kernel, 3, tenant_id)
            await seal(kernel, tenant_id)

    await asyncio.gather(*(busy(tenant_id) for tenant_id in (SINGLE_TENANT, other) for _ in range(2)))
    await seal_all(kernel)
    for tenant_id in (SINGLE_TENANT, other):
        report = await verify(kernel, tenant_id)
        assert report.intact, report.finding
        assert report.waiting == 0
        assert report.entries >= 60


async def test_an_entry_of_a_slow_transaction_is_sealed_after_its_commit(kernel):
    async with kernel.unit(SINGLE_TENANT) as slow:
        await slow.audit("slow")
        await write(kernel, 2)
        assert await seal(kernel, SINGLE_TENANT) == 2
    assert await seal(kernel, SINGLE_TENANT) == 1
    assert (await verify(kernel, SINGLE_TENANT)).intact


async def test_another_tenants_entries_stay_out_of_sight_and_out_of_the_chain(rewound_kernel):
    kernel = await rewound_kernel(first={})
    other = await provision(kernel, slug="other", name="Other")
    await seal_all(kernel)
    await write(kernel, 5, other)
    assert await seal(kernel, SINGLE_TENANT) == 0
    assert await seal(kernel, other) == 5
    async with kernel.unit(SINGLE_TENANT) as unit:
        assert await unit.db.fetch_value("SELECT count(*) FROM psa.audit_entry WHERE action = 'test'") == 0
        assert not await unit.db.fetch("SELECT * FROM psa.take_unsealed(100)")


async def test_a_serving_process_seals_within_two_seconds_and_when_it_stops(rewound_kernel):
    """S31."""
    kernel = await rewound_kernel(first={})
    async with sealer(kernel):
        await write(kernel, 3)
        async with asyncio.timeout(2 * EVERY_SECONDS):
            while (await verify(kernel, SINGLE_TENANT)).waiting:
                await asyncio.sleep(0.05)
        await write(kernel, 2)
    report = await verify(kernel, SINGLE_TENANT)
    assert report.intact
    assert report.waiting == 0


async def test_a_failure_of_the_database_does_not_end_the_sealer(new_kernel):
    kernel = await new_kernel()
    await ensure_single(kernel)
    with capture_logs() as lines:
        async with sealer(kernel):
            owner = await asyncpg.connect(new_kernel.databases[kernel].superuser)
            await owner.execute("ALTER FUNCTION psa.tenants_with_unsealed() RENAME TO elsewhere")
            await write(kernel, 1)
            async with asyncio.timeout(5):
                while not any(line["event"] == "sealing the audit log failed" for line in lines):
                    await asyncio.sleep(0.05)
            await owner.execute("ALTER FUNCTION psa.elsewhere() RENAME TO tenants_with_unsealed")
            await owner.close()
            async with asyncio.timeout(5):
                while (await verify(kernel, SINGLE_TENANT)).waiting:
                    await asyncio.sleep(0.05)
