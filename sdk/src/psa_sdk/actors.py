"""Background work: actors, sent with the commit, and schedules."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

Queue = Literal["critical", "default", "bulk"]
CatchUp = Literal["one", "all", "none"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A declared background function; `time_limit` is in seconds."""

    name: str
    run: Callable[..., Awaitable[None]]
    queue: Queue = "default"
    max_attempts: int = 8
    time_limit: float = 300.0


def actor(
    *, queue: Queue = "default", max_attempts: int = 8, time_limit: float = 300.0
) -> Callable[[Callable[..., Awaitable[None]]], Actor]:
    """Declare background work: `async def run(ctx, *, invoice_id: UUID)`, sent by `ctx.send(run, invoice_id=…)`.

    It runs at least once in a unit of work of its own, at most `max_attempts` times with growing pauses;
    whoever fails for good stays visible in the job list and can be sent again. Arguments are keyword-only,
    typed and JSON-encodable by msgspec.

    Example:
        >>> @actor(queue="bulk")
        ... async def recount(ctx, *, company_id: str) -> None:
        ...     '''Recount a company's open tickets.'''
        >>> recount.queue
        'bulk'
    """

    def declare(run: Callable[..., Awaitable[None]]) -> Actor:
        return Actor(
            name=f"{run.__module__}.{run.__qualname__}",
            run=run,
            queue=queue,
            max_attempts=max_attempts,
            time_limit=time_limit,
        )

    return declare


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """An actor that runs by the clock.

    `cron` has five fields in the tenant's zone (UTC for `per_tenant=False`, where the actor runs once for
    the platform). `catch_up` says what happens with slots missed while nothing ran.
    """

    actor: Actor
    cron: str
    catch_up: CatchUp = "one"
    per_tenant: bool = True
    arguments: dict[str, Any] = {}


def every(cron: str, actor: Actor, *, catch_up: CatchUp = "one", per_tenant: bool = True) -> Schedule:
    """Run an actor by the clock: `every("0 6 * * 1-5", send_digest)`."""
    return Schedule(actor=actor, cron=cron, catch_up=catch_up, per_tenant=per_tenant)
