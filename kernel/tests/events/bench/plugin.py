"""A plugin whose handlers leave a row for everything they do."""

import asyncio
import datetime
import os
from typing import Any, ClassVar
from uuid import UUID

import psa_sdk.tables as t
from psa_sdk import Context, Event, Manifest, RecordEvent, actor, changes, every, hookimpl, on


class Effect(t.TenantTable, schema="bench", tablename="effect"):
    handler = t.Text()
    note = t.Text()
    event = t.UUID(null=True)


async def leave(ctx: Context, handler: str, note: Any) -> None:
    await ctx.db.execute(
        "INSERT INTO bench.effect (handler, note, event) VALUES ($1, $2, $3)",
        handler,
        str(note),
        ctx.event_id,
    )


class Rang(Event, frozen=True, kw_only=True):
    """The bell rang."""

    name: ClassVar[str] = "bench.rang"
    number: int = 0


class Broke(Event, frozen=True, kw_only=True):
    """Something broke."""

    name: ClassVar[str] = "bench.broke"


class Looped(Event, frozen=True, kw_only=True):
    """Causes itself again."""

    name: ClassVar[str] = "bench.looped"


class Unheard(Event, frozen=True, kw_only=True):
    """Nobody listens."""

    name: ClassVar[str] = "bench.unheard"


@on(Rang)
async def count(ctx: Context, event: Rang) -> None:
    await leave(ctx, "count", event.number)


@on(Rang)
async def echo(ctx: Context, event: Rang) -> None:
    await leave(ctx, "echo", event.number)
    await ctx.send(note, text=f"echo {event.number}")


@on(Broke, max_attempts=3)
async def fails(ctx: Context, event: Broke) -> None:
    await leave(ctx, "fails", "never seen")
    if repaired:
        return
    raise RuntimeError("the bench is broken")


repaired: list[bool] = []


@on(Broke)
async def works(ctx: Context, event: Broke) -> None:
    await leave(ctx, "works", "")


@on(Looped, max_attempts=1)
async def again(ctx: Context, event: Looped) -> None:
    await ctx.emit(Looped())


@on(changes("*", "updated"))
async def watch(ctx: Context, event: RecordEvent) -> None:
    await leave(ctx, "watch", f"{event.resource} {event.sequence} {event.has('name')}")


@actor()
async def note(ctx: Context, *, text: str) -> None:
    await leave(ctx, "note", text)


@actor()
async def parts(ctx: Context, *, left: int) -> None:
    if left:
        await ctx.send(parts, left=left - 1)
    else:
        await ctx.send(note, text="all parts done")


@actor(queue="bulk")
async def slow(ctx: Context, *, seconds: float, text: str = "") -> None:
    await asyncio.sleep(seconds)
    await leave(ctx, "slow", text)


@actor(time_limit=0.2, max_attempts=2)
async def hangs(ctx: Context) -> None:
    await asyncio.Event().wait()


@actor(max_attempts=2)
async def cancels(ctx: Context) -> None:
    raise asyncio.CancelledError


@actor(max_attempts=2)
async def exits(ctx: Context) -> None:
    raise SystemExit(3)


@actor(max_attempts=2)
async def kills(ctx: Context) -> None:
    os._exit(9)


@actor()
async def typed(
    ctx: Context,
    *,
    id: UUID,
    day: datetime.date,
    tags: list[str] = [],  # noqa: B006 - a default of the declared arguments
    mark: dict[str, int] | None = None,
) -> None:
    assert isinstance(id, UUID)
    assert isinstance(day, datetime.date)
    await leave(ctx, "typed", f"{id} {day} {tags} {mark}")


@actor()
async def whoami(ctx: Context) -> None:
    facts = ctx.actor_facts
    await leave(ctx, "whoami", f"{facts[0]}|{facts[3]}|{ctx.request_id}|{ctx.tenant_id}")


@actor()
async def clocked(ctx: Context, *, slot: datetime.datetime, text: str = "") -> None:
    await leave(ctx, "clocked", slot.astimezone(datetime.UTC).isoformat())


@actor()
async def caught_all(ctx: Context, *, slot: datetime.datetime) -> None:
    await leave(ctx, "caught_all", slot.astimezone(datetime.UTC).isoformat())


@actor()
async def caught_none(ctx: Context, *, slot: datetime.datetime) -> None:
    await leave(ctx, "caught_none", slot.astimezone(datetime.UTC).isoformat())


@actor()
async def once(ctx: Context) -> None:
    await leave(ctx, "once", ctx.tenant_id)


@hookimpl
def psa_manifest() -> Manifest:
    return Manifest(
        name="bench",
        title="Bench",
        tables=(Effect,),
        events=(Rang, Broke, Looped, Unheard),
        subscribers=(count, echo, fails, works, again, watch),
        actors=(
            note,
            parts,
            slow,
            hangs,
            cancels,
            exits,
            kills,
            typed,
            whoami,
            clocked,
            caught_all,
            caught_none,
            once,
        ),
        schedules=(
            every("30 2 * * *", clocked),
            every("0 * * * *", caught_all, catch_up="all"),
            every("0 * * * *", caught_none, catch_up="none"),
            every("15 4 * * *", once, per_tenant=False),
        ),
    )
