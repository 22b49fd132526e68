"""Starting, pausing, resuming and stopping timers over HTTP."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_sdk import Answer, Context, Record, get, post
from psa_time import timekeeping
from psa_time.timekeeping import TIMERS, Stopped

RUN = "time.timers.run"
Notes = Annotated[str, Meta(max_length=20_000)]


class StartTimer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is being worked on; all of it can be told when the timer is stopped. `switch` stops the running one."""

    ticket: UUID | None = None
    project: UUID | None = None
    task: UUID | None = None
    company: UUID | None = None
    work_type: UUID | None = None
    notes: Notes | None = None
    switch: bool = False


class StopTimer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which timer, unless the active one, and what is still to be said about the work."""

    timer: UUID | None = None
    ticket: UUID | None = None
    project: UUID | None = None
    task: UUID | None = None
    company: UUID | None = None
    work_type: UUID | None = None
    notes: Notes | None = None
    is_billable: bool | None = None


class PauseTimer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which timer, unless the active one."""

    timer: UUID | None = None


class ResumeTimer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which timer, unless the one paused last; `switch` stops the running one."""

    timer: UUID | None = None
    switch: bool = False


@post("/time-entries/timer/start", permission=RUN, returns=TIMERS, status=201)
async def start_timer(ctx: Context, body: StartTimer) -> Record:
    """Start a timer."""
    work = {name: getattr(body, name) for name in timekeeping.WORK}
    return Record(TIMERS, await timekeeping.start(ctx, work, switch=body.switch), status=201)


@post("/time-entries/timer/stop", permission=RUN, returns=Stopped, answer_type="stopped-timers")
async def stop_timer(ctx: Context, body: StopTimer) -> Answer:
    """Stop a timer; its stretches become entries."""
    work: dict[str, Any] = {name: getattr(body, name) for name in (*timekeeping.WORK, "is_billable")}
    stopped = await timekeeping.stop(ctx, await _chosen(ctx, body.timer), work)
    return Answer(type="stopped-timers", id=str(stopped.timer), attributes=stopped)


@post("/time-entries/timer/pause", permission=RUN, returns=TIMERS)
async def pause_timer(ctx: Context, body: PauseTimer) -> Record:
    """Pause a timer."""
    timer = await _chosen(ctx, body.timer)
    await timekeeping.pause(ctx, timer)
    return Record(TIMERS, timer["id"])


@post("/time-entries/timer/resume", permission=RUN, returns=TIMERS)
async def resume_timer(ctx: Context, body: ResumeTimer) -> Record:
    """Go on with a paused timer."""
    timer = await _chosen(ctx, body.timer)
    await timekeeping.resume(ctx, timer, switch=body.switch)
    return Record(TIMERS, timer["id"])


@get("/time-entries/timer/active", permission=RUN, returns=TIMERS)
async def active_timer(ctx: Context) -> Record:
    """Return one's running timer, or the one paused last; 404 when there is none."""
    return Record(TIMERS, await timekeeping.active(ctx, ctx.principal.id))


async def _chosen(ctx: Context, timer_id: UUID | None) -> Any:
    await ctx.db.lock("time.timer", ctx.principal.id)
    return await timekeeping.held(ctx, timer_id or await timekeeping.active(ctx, ctx.principal.id))


ALL = (start_timer, stop_timer, pause_timer, resume_timer, active_timer)
