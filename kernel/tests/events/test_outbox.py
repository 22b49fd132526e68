"""X-09, KRN-05: what a transaction tells arrives with its commit, once per handler, or not at all."""

import datetime

import msgspec
import pytest

from psa_kernel.clock import FixedClock
from psa_kernel.events import outbox
from psa_kernel.testing.drain import drain
from psa_sdk.events import Event
from psa_sdk.tables import new_id

NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


async def test_every_subscriber_of_an_event_runs_once(bench):
    """X-09"""
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.emit(bench.plugin.Rang(number=7))
    assert await drain(bench.kernel) == 3
    assert await bench.effects() == ["count 7", "echo 7", "note echo 7"]
    assert await drain(bench.kernel) == 0
    assert set((await bench.states()).values()) == {"done"}
    open_rows = await bench.run("SELECT name FROM psa.outbox WHERE done_at IS NULL")
    assert open_rows == []


async def test_a_rolled_back_change_tells_nothing(bench):
    """X-09"""
    with pytest.raises(ZeroDivisionError):
        async with bench.kernel.unit(bench.acme) as ctx:
            await ctx.emit(bench.plugin.Rang())
            await ctx.send(bench.plugin.note, text="no")
            raise ZeroDivisionError
    assert await drain(bench.kernel) == 0
    assert await bench.run("SELECT FROM psa.outbox") == []


async def test_an_event_without_subscribers_is_done_at_once(bench):
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.emit(bench.plugin.Unheard())
    assert await drain(bench.kernel) == 0
    assert await bench.run("SELECT FROM psa.outbox WHERE done_at IS NULL") == []


async def test_an_undeclared_event_is_refused(bench):
    class Secret(Event, frozen=True, kw_only=True):
        """Not in any manifest."""

        name = "bench.secret"

    async with bench.kernel.unit(bench.acme) as ctx:
        with pytest.raises(LookupError, match="declare it"):
            await ctx.emit(Secret())


async def test_a_failing_handler_retries_alone_and_is_dead_after_its_last_try(new_bench):
    """KRN-05"""
    clock = FixedClock(NOON)
    bench = await new_bench(clock=clock)
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.emit(bench.plugin.Broke())
    await drain(bench.kernel)
    assert await bench.effects() == ["works"], "the other handler isn't held up, the failed one left nothing"
    assert await bench.states() == {"fails": "pending", "works": "done"}
    assert await drain(bench.kernel) == 0, "not before its pause is over"
    for _ in range(2):
        clock.advance(datetime.timedelta(minutes=1))
        assert await drain(bench.kernel) == 1
    assert await bench.states() == {"fails": "dead", "works": "done"}
    (row,) = await bench.run("SELECT attempts, last_error FROM psa.delivery WHERE state = 'dead'")
    assert row["attempts"] == 3
    assert "RuntimeError: the bench is broken" in row["last_error"]
    assert "fails (plugin.py:" in row["last_error"]
    clock.advance(datetime.timedelta(days=1))
    assert await drain(bench.kernel) == 0


async def test_a_consumer_reads_events_of_a_producer_that_knows_more_fields(bench):
    """KRN-05"""
    async with bench.kernel.unit(bench.acme) as ctx:
        await outbox.append(ctx, "event", "bench.rang", '{"number": 3, "volume": "loud"}')
    await drain(bench.kernel)
    assert await bench.effects("count") == ["count 3"]


async def test_an_event_of_another_contract_version_goes_to_the_dead_letters(bench):
    """KRN-05"""
    async with bench.kernel.unit(bench.acme) as ctx:
        await outbox.append(ctx, "event", "bench.rang", '{"number": 3}', version=2)
    await drain(bench.kernel)
    assert await bench.states() == {"count": "dead", "echo": "dead"}
    (row, _) = await bench.run("SELECT attempts, last_error FROM psa.delivery")
    assert row["attempts"] == 1
    assert "written as version 2, and version 1 is installed" in row["last_error"]


async def test_record_events_reach_those_who_asked_for_all_resources(bench):
    async with bench.kernel.unit(bench.acme) as ctx:
        payload = (
            '{"resource": "tags", "action": "updated", "id": "0193d000-0000-7000-8000-000000000001",'
            ' "sequence": 4, "changed": {"name": ["a", "b"]}}'
        )
        await outbox.append(ctx, "record", "tags.updated", payload)
        await outbox.append(ctx, "record", "tags.deleted", payload.replace("updated", "deleted"))
    await drain(bench.kernel)
    assert await bench.effects() == ["watch tags 4 True"]


async def test_handlers_that_feed_each_other_are_stopped(bench):
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.emit(bench.plugin.Looped())
    assert await drain(bench.kernel) == outbox.DEEPEST + 1
    (row,) = await bench.run("SELECT last_error FROM psa.delivery WHERE state = 'dead'")
    assert "find the pair that never rests" in row["last_error"]


async def test_background_work_knows_its_tenant_its_request_and_for_whom_it_runs(bench):
    """AUD-04, TEN-05"""
    import msgspec

    from psa_kernel.principal import SYSTEM
    from psa_kernel.unit_of_work import RequestFacts
    from psa_sdk.access import Who
    from psa_sdk.tables import new_id

    person = new_id()
    user = msgspec.structs.replace(SYSTEM, id=person, kind="user", label="Pat", who=Who(id=person))
    request = RequestFacts(request_id="r-1")
    async with bench.kernel.unit(bench.acme, principal=user, request=request) as ctx:
        await ctx.send(bench.plugin.whoami)
    await drain(bench.kernel)
    assert await bench.effects() == [f"whoami job|{person}|r-1|{bench.acme}"]


async def test_each_unit_of_background_work_sees_one_tenant_only(bench):
    """TEN-05"""
    for tenant, number in ((bench.acme, 1), (bench.rival, 2)):
        async with bench.kernel.unit(tenant) as ctx:
            await ctx.emit(bench.plugin.Rang(number=number))
    await drain(bench.kernel)
    for tenant, number in ((bench.acme, 1), (bench.rival, 2)):
        async with bench.kernel.unit(tenant) as ctx:
            notes = await ctx.db.fetch("SELECT note FROM bench.effect WHERE handler = 'count'")
            assert [row["note"] for row in notes] == [str(number)]
            assert await ctx.db.fetch_value("SELECT count(*) FROM psa.delivery") == 3
            assert await ctx.db.fetch_value("SELECT count(*) FROM psa.outbox") == 2


async def test_the_work_lists_tell_ids_and_names_and_nothing_else(bench):
    """TEN-05: no business column leaves the functions that see all tenants."""
    rows = await bench.run(
        """SELECT p.proname, pg_get_function_result(p.oid) AS result FROM pg_proc p
        WHERE p.pronamespace = 'psa'::regnamespace AND p.prosecdef
          AND (p.proname LIKE 'outbox%' OR p.proname LIKE 'delivery%' OR p.proname LIKE 'schedule%')"""
    )
    assert len(rows) == 13
    assert not [row for row in rows if "payload" in row["result"] or "json" in row["result"]]
    async with bench.kernel.pool.acquire() as connection:
        assert await connection.fetch("SELECT * FROM psa.outbox") == []


async def test_a_suspended_tenants_work_is_held_and_done_in_order_afterwards(bench):
    """TEN-08"""
    await bench.run("UPDATE psa.tenant SET status = 'suspended' WHERE id = $1", bench.acme)
    for number in (1, 2):
        async with bench.kernel.unit(bench.acme) as ctx:
            await ctx.emit(bench.plugin.Rang(number=number))
    async with bench.kernel.unit(bench.rival) as ctx:
        await ctx.send(bench.plugin.note, text="rival")
    assert await drain(bench.kernel) == 1
    assert await bench.effects() == ["note rival"]
    await bench.run("UPDATE psa.tenant SET status = 'active' WHERE id = $1", bench.acme)
    await drain(bench.kernel)
    rows = await bench.run("SELECT note FROM bench.effect WHERE handler = 'count' ORDER BY created_at")
    assert [row["note"] for row in rows] == ["1", "2"]


async def test_a_switched_off_module_gets_no_events_and_keeps_its_jobs(new_bench):
    """SET-02"""
    clock = FixedClock(NOON)
    bench = await new_bench(clock=clock)
    await bench.run("INSERT INTO psa.disabled_module (tenant_id, plugin) VALUES ($1, 'bench')", bench.acme)
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.emit(bench.plugin.Rang(number=1))
        await ctx.send(bench.plugin.note, text="later")
    await drain(bench.kernel)
    assert await bench.effects() == []
    assert await bench.states() == {"count": "skipped", "echo": "skipped", "note": "pending"}
    await bench.run("DELETE FROM psa.disabled_module")
    bench.kernel.directory.forget(bench.acme)
    clock.advance(datetime.timedelta(minutes=2))
    await drain(bench.kernel)
    assert await bench.effects() == ["note later"]
    (row,) = await bench.run("SELECT attempts FROM psa.delivery WHERE kind = 'job'")
    assert row["attempts"] == 1, "waiting is no try"


async def test_what_an_automation_causes_carries_its_name(bench):
    """AUD-04, AUT-01: rows know the beginning of their chain and the automations on the way."""
    rule, other = new_id(), new_id()
    async with bench.kernel.unit(bench.acme) as ctx:
        assert (ctx.root_id, tuple(ctx.trail)) == (None, ())
        acting = ctx.as_automation(rule, "Ring twice").as_automation(other, "Ring again")
        assert (acting.principal.kind, acting.principal.id, acting.principal.label) == (
            "automation",
            other,
            "Ring again",
        )
        await acting.emit(bench.plugin.Rang(number=1))
        await ctx.emit(bench.plugin.Unheard())
    await drain(bench.kernel)
    rows = await bench.run(
        "SELECT id, kind, name, actor_kind, actor_id, cause::text AS cause FROM psa.outbox"
    )
    found = {"job" if row["kind"] == "job" else row["name"]: row for row in rows}
    rang, job = found["bench.rang"], found["job"]
    assert (rang["actor_kind"], rang["actor_id"]) == ("automation", other)
    caused = msgspec.json.decode(job["cause"], type=outbox.Cause)
    assert (caused.event, caused.root, caused.trail) == (rang["id"], rang["id"], (rule, other))
    assert found["bench.unheard"]["cause"] is None, "only what the automation writes is marked"
