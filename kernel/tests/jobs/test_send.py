"""Sending jobs: typed arguments, delays, limits of time and tries."""

import datetime
from uuid import UUID

import pytest

from psa_kernel.clock import FixedClock
from psa_kernel.events import outbox
from psa_kernel.events.deliveries import pause_after
from psa_kernel.testing.drain import drain
from psa_sdk import actor

NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
SOME = UUID("0193d000-0000-7000-8000-000000000001")


async def test_arguments_arrive_as_they_are_annotated(bench):
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.send(bench.plugin.typed, id=SOME, day=datetime.date(2026, 2, 28), mark={"a": 1})
    await drain(bench.kernel)
    assert await bench.effects() == [f"typed {SOME} 2026-02-28 [] {{'a': 1}}"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"id": SOME}, "day"),
        ({"id": SOME, "day": "not a day"}, "day"),
        ({"id": SOME, "day": datetime.date(2026, 1, 1), "extra": 1}, "extra"),
        ({"id": object(), "day": datetime.date(2026, 1, 1)}, "id"),
    ],
)
async def test_arguments_that_dont_fit_are_refused_when_sent(bench, arguments, complaint):
    async with bench.kernel.unit(bench.acme) as ctx:
        with pytest.raises(TypeError, match=f"typed can't be sent: .*{complaint}"):
            await ctx.send(bench.plugin.typed, **arguments)


async def test_an_actor_that_nobody_declares_is_refused(bench):
    @actor()
    async def stray(ctx) -> None:
        """Listed nowhere."""

    async with bench.kernel.unit(bench.acme) as ctx:
        with pytest.raises(LookupError, match="declare it"):
            await ctx.send(stray)


async def test_a_delayed_job_waits_for_its_time(new_bench):
    clock = FixedClock(NOON)
    bench = await new_bench(clock=clock)
    async with bench.kernel.unit(bench.acme) as ctx:
        job = await ctx.send(bench.plugin.note, delay=datetime.timedelta(hours=1), text="later")
    assert await drain(bench.kernel) == 0
    (row,) = await bench.run("SELECT id, state, due_at FROM psa.delivery")
    assert (row["id"], row["state"], row["due_at"]) == (job, "pending", NOON + datetime.timedelta(hours=1))
    clock.advance(datetime.timedelta(hours=1))
    assert await drain(bench.kernel) == 1
    assert await bench.effects() == ["note later"]


async def test_stored_arguments_that_cant_be_read_go_to_the_dead_letters_at_once(bench):
    """R3"""
    async with bench.kernel.unit(bench.acme) as ctx:
        await outbox.append(ctx, "job", bench.plugin.note.name, '{"text": [1, 2]}')
        await outbox.append(ctx, "job", bench.plugin.typed.name, '"garbage"')
        await ctx.send(bench.plugin.note, text="fine")
    await drain(bench.kernel)
    assert await bench.effects() == ["note fine"]
    rows = await bench.run("SELECT attempts, last_error FROM psa.delivery WHERE state = 'dead'")
    assert [row["attempts"] for row in rows] == [1, 1]
    assert all("can't be read" in row["last_error"] for row in rows)


async def test_a_job_that_hangs_is_cut_at_its_time_limit(new_bench):
    """R3"""
    clock = FixedClock(NOON)
    bench = await new_bench(clock=clock)
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.send(bench.plugin.hangs)
    await drain(bench.kernel)
    clock.advance(datetime.timedelta(minutes=1))
    await drain(bench.kernel)
    (row,) = await bench.run("SELECT state, attempts, last_error FROM psa.delivery")
    assert (row["state"], row["attempts"]) == ("dead", 2)
    assert "longer than its time limit" in row["last_error"]


@pytest.mark.parametrize(("name", "complaint"), [("exits", "SystemExit: 3"), ("cancels", "CancelledError")])
async def test_a_job_that_exits_or_cancels_ends_itself_and_not_the_process(bench, name, complaint):
    """R16"""
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.send(getattr(bench.plugin, name))
    await drain(bench.kernel)
    (row,) = await bench.run("SELECT state, attempts, last_error FROM psa.delivery")
    assert (row["state"], row["attempts"]) == ("pending", 1)
    assert row["last_error"].startswith(complaint)


async def test_a_job_whose_plugin_is_gone_is_kept(bench):
    async with bench.kernel.unit(bench.acme) as ctx:
        await outbox.append(ctx, "job", "gone.plugin.work", "{}")
    await drain(bench.kernel)
    (row,) = await bench.run("SELECT state, attempts, handler FROM psa.delivery")
    assert (row["state"], row["attempts"], row["handler"]) == ("pending", 0, "gone.plugin.work")


def test_pauses_grow_from_a_second_to_a_quarter_of_an_hour():
    """R3"""
    bounds = [(0.8, 1.2), (2.4, 3.6), (7.2, 10.8), (21, 33), (64, 98), (194, 292), (583, 875), (900, 900)]
    for attempts, (least, most) in enumerate(bounds, start=1):
        assert all(least <= pause_after(attempts) <= most for _ in range(200))


async def test_long_work_goes_on_in_parts_for_as_long_as_it_takes(bench):
    """A job that sends its own next part is no loop, however many parts there are."""
    async with bench.kernel.unit(bench.acme) as ctx:
        await ctx.send(bench.plugin.parts, left=3 * outbox.DEEPEST)
    assert await drain(bench.kernel) == 3 * outbox.DEEPEST + 2
    assert await bench.effects() == ["note all parts done"]
