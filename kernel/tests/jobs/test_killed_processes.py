"""R2, R7, X-10: processes die at any moment; every event is handled, its effects happen once."""

import asyncio
import os
import shutil
import signal
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import redis

from psa_kernel.embedded.valkey import EmbeddedValkey
from psa_kernel.testing.processes import Forked
from psa_sdk.errors import Unavailable

from .restarting import restart

WORKER = Path(__file__).parents[1] / "events" / "bench" / "worker.py"
RUN = f"import runpy; runpy.run_path({str(WORKER)!r}, run_name='__main__')"


@asynccontextmanager
async def processes(bench, count: int, *, lease: float = 2.0, task: str = "work"):
    """Start worker processes and stop those that are left; yields them with `start` to replace one."""
    config = bench.kernel.config
    running: list[Forked] = []

    async def start() -> Forked:
        words = [config.data_dir, config.database_url, config.redis_url, lease, task]
        output = config.data_dir / f"worker {len(running)}.log"
        process = Forked(RUN, *map(str, words), output=output, environment={})
        running.append(process)
        while "ready\n" not in output.read_text():
            assert process.poll() is None, output.read_text()
            await asyncio.sleep(0.01)
        return process

    await asyncio.gather(*(start() for _ in range(count)))
    yield running, start
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        await asyncio.to_thread(process.wait, 60)


TURNS, EACH = 3, 12


@pytest.mark.slow
async def test_every_event_is_handled_once_while_workers_are_killed(new_bench, valkey):
    """R2: 0 lost, 0 double effects."""
    bench = await new_bench(redis_url=valkey)
    turns, taken_over = 0, []
    # A tenant has one such job at work at a time, two have one for each worker.
    tenants = bench.acme, bench.rival
    async with processes(bench, 2) as (running, start):
        # Who is killed may have had nothing in hand, and the other one all of it.
        while not taken_over:
            assert turns < 5 * TURNS, "the workers died with nothing in hand: that proves nothing"
            for turn in range(turns, turns + TURNS):
                for number in range(EACH):
                    async with bench.kernel.unit(tenants[number % 2]) as ctx:
                        await ctx.emit(bench.plugin.Rang(number=turn * EACH + number))
                        await ctx.send(bench.plugin.slow, seconds=0.02, text=str(turn * EACH + number))
                # Long enough for either worker to have some in hand, however quickly the others are done.
                for number in range(4):
                    async with bench.kernel.unit(tenants[number % 2]) as ctx:
                        await ctx.send(bench.plugin.slow, seconds=0.2, text=f"long {turn}.{number}")
                async with asyncio.timeout(60):
                    while not await bench.run("SELECT FROM psa.delivery WHERE state = 'running'"):
                        await asyncio.sleep(0.01)
                victim = running[-1]
                victim.kill()
                victim.wait(60)
                await start()
            turns += TURNS
            async with asyncio.timeout(60):
                while await bench.run("SELECT FROM psa.outbox WHERE done_at IS NULL LIMIT 1"):
                    await asyncio.sleep(0.1)
            taken_over = await bench.run("SELECT FROM psa.delivery WHERE token > 1")
    effects = Counter(await bench.effects())
    assert set(effects.values()) == {1}, "nothing twice"
    assert len(effects) == turns * (EACH * 4 + 4), "count, echo, the echo's note, and slow"
    assert not await bench.run("SELECT FROM psa.delivery WHERE state <> 'done'")


@pytest.mark.slow
async def test_a_killed_workers_job_starts_elsewhere_after_its_lease(new_bench, valkey):
    """R7"""
    bench = await new_bench(redis_url=valkey)
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.send(bench.plugin.slow, seconds=0.7, text="x")
    async with processes(bench, 1) as (running, start):
        async with asyncio.timeout(20):
            while not await bench.run("SELECT FROM psa.delivery WHERE state = 'running'"):
                await asyncio.sleep(0.02)
        running[0].kill()
        running[0].wait(60)
        await start()
        async with asyncio.timeout(2 + 2 + 10):
            while not await bench.effects("slow"):
                await asyncio.sleep(0.05)
    (row,) = await bench.run("SELECT attempts, state FROM psa.delivery")
    assert (row["attempts"], row["state"]) == (2, "done")


@pytest.mark.slow
async def test_three_schedulers_of_which_one_is_killed_fire_each_slot_once(new_bench, valkey):
    """X-10"""
    bench = await new_bench(redis_url=valkey)
    await bench.run(
        "INSERT INTO psa.tenant (id, slug, name) SELECT psa.new_id(), 't' || n, 't' FROM generate_series(1, 30) n"
    )
    async with processes(bench, 3, task="schedule") as (running, _):
        async with asyncio.timeout(30):
            while await bench.run(
                "SELECT FROM psa.schedule WHERE next_at IS NULL LIMIT 1"
            ) or not await bench.run("SELECT FROM psa.schedule HAVING count(*) > 90"):
                await asyncio.sleep(0.05)
        for turn in range(6):
            # The clock can't be turned for other processes; the slots can: the next one is due now.
            await bench.run(
                "UPDATE psa.schedule SET next_at = date_trunc('minute', now()) - interval '1 hour' * $1,"
                " last_slot = NULL, catch_up = 'one' WHERE name = 'bench.clocked'",
                turn,
            )
            if turn == 2:
                running[0].kill()
            async with asyncio.timeout(20):
                while await bench.run(
                    "SELECT FROM psa.schedule WHERE name = 'bench.clocked' AND next_at <= now() LIMIT 1"
                ):
                    await asyncio.sleep(0.02)
    rows = await bench.run(
        "SELECT tenant_id, count(*) AS fired FROM psa.outbox WHERE name = 'bench.clocked' GROUP BY tenant_id"
    )
    assert len(rows) == 32
    assert {row["fired"] for row in rows} == {6}


@pytest.mark.slow
async def test_every_event_is_handled_once_while_redis_is_killed_and_emptied(new_bench, tmp_path):
    """R2, R8: Redis dies with the messages in it, comes back without them, and is emptied once more."""
    server = EmbeddedValkey(tmp_path)
    bench = await new_bench(redis_url=server.ensure())
    tenants = bench.acme, bench.rival
    async with processes(bench, 2):
        for turn in range(3):
            for number in range(EACH):
                async with bench.kernel.unit(tenants[number % 2]) as ctx:
                    await ctx.emit(bench.plugin.Rang(number=turn * EACH + number))
                    await ctx.send(bench.plugin.slow, seconds=0.02, text=str(turn * EACH + number))
            if turn == 2:
                with redis.Redis.from_url(bench.kernel.config.redis_url) as client:
                    client.flushall()
                continue
            os.kill(int((tmp_path / "valkey" / "valkey.pid").read_text()), signal.SIGKILL)
            # A fork that was rewriting the log may outlive its parent for a moment.
            while (log := tmp_path / "valkey" / "appendonlydir").exists():
                shutil.rmtree(log, ignore_errors=True)
            await restart(server, tmp_path / "valkey")
        async with asyncio.timeout(60):
            while await bench.run("SELECT FROM psa.outbox WHERE done_at IS NULL LIMIT 1"):
                await asyncio.sleep(0.1)
    server.stop()
    effects = Counter(await bench.effects())
    assert set(effects.values()) == {1}
    assert len(effects) == 3 * EACH * 4


@pytest.mark.slow
async def test_a_job_that_kills_its_process_ends_in_the_dead_letters(new_bench, valkey):
    """R3, R16: it takes two workers down, and no other job with it."""
    bench = await new_bench(redis_url=valkey)
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.send(bench.plugin.kills)
        await ctx.send(bench.plugin.slow, seconds=0.1, text="x")
    async with processes(bench, 1, lease=1.0) as (running, start):
        for _ in range(2):
            assert await asyncio.to_thread(running[-1].wait, 20) == 9
            await start()
        async with asyncio.timeout(20):
            while "dead" not in (await bench.states()).values() or not await bench.effects("slow"):
                await asyncio.sleep(0.05)
    assert await bench.states() == {"kills": "dead", "slow": "done"}
    (row,) = await bench.run("SELECT attempts, last_error FROM psa.delivery WHERE state = 'dead'")
    assert (row["attempts"], row["last_error"]) == (2, "The process that ran it ended or stopped answering.")


@pytest.mark.slow
async def test_every_event_is_handled_once_while_postgresql_is_killed(new_bench, own_database, valkey):
    """R1, R2: what was committed is done, once; workers wait for the database and go on by themselves."""
    bench = await new_bench(redis_url=valkey, server=own_database)
    committed = 0
    async with processes(bench, 2):
        for _ in range(2):
            for number in range(20):
                try:
                    async with bench.kernel.unit(bench.acme) as ctx:
                        await ctx.emit(bench.plugin.Rang(number=number))
                except (Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    continue
                committed += 1
                if number == 10:
                    own_database.kill()
                    await asyncio.to_thread(own_database.restart)
        rows = await bench.run("SELECT id FROM psa.outbox WHERE name = 'bench.rang'")
        assert len(rows) >= committed
        async with asyncio.timeout(60):
            while await bench.run("SELECT FROM psa.outbox WHERE done_at IS NULL LIMIT 1"):
                await asyncio.sleep(0.1)
    effects = await bench.run("SELECT handler, event FROM bench.effect WHERE handler IN ('count', 'echo')")
    assert len(effects) == len({(row["handler"], row["event"]) for row in effects}) == 2 * len(rows)
