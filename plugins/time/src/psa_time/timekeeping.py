"""Timers: one runs per user, stretches survive pauses, stopping makes entries (TIME-06, 11, 12, 13)."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.errors import Conflict, Forbidden, NotFound
from psa_sdk.tables import new_id
from psa_time.api import ENTRIES
from psa_time.clock_times import DayPart, Span, day_parts, snapped
from psa_time.entry_times import user_zone
from psa_time.neighbours import stretches
from psa_time.rounding import shared_minutes
from psa_time.settings import TimeSettings

TIMERS = "timers"
STOP_OTHERS = "time.timers.stop_others"
ACTIVE = """
SELECT id FROM time.timer WHERE account = $1 AND state <> 'stopped'
ORDER BY state = 'running' DESC, updated_at DESC, id DESC LIMIT 1"""
RUNNING = "SELECT id FROM time.timer WHERE account = $1 AND state = 'running'"
WORK = ("ticket", "project", "task", "company", "work_type", "notes")


class Stopped(msgspec.Struct):
    """What a stopped timer became."""

    timer: UUID
    entries: list[UUID]
    worked_minutes: int


def _moment(ctx: Context) -> datetime.datetime:
    """Return the present second: stretches are whole seconds, so that cutting them loses nothing."""
    return ctx.now.replace(microsecond=0)


async def start(ctx: Context, work: Mapping[str, Any], *, switch: bool) -> UUID:
    """Start a timer of the principal; `switch` stops the running one at the same instant."""
    me = ctx.principal.id
    await make_room(ctx, me, switch=switch)
    return await ctx.as_system().records.create(
        TIMERS,
        {
            **{name: value for name, value in work.items() if value is not None},
            "account": me,
            "state": "running",
            "running_since": _moment(ctx),
            "first_started_at": _moment(ctx),
        },
    )


async def make_room(ctx: Context, account_id: UUID, *, switch: bool) -> None:
    """Stop what runs, or refuse; the next one of the same user waits until this one is settled."""
    await ctx.db.lock("time.timer", account_id)
    running = await ctx.db.fetch_value(RUNNING, account_id)
    if running is None:
        return
    if not switch:
        raise Conflict(
            "A timer is running already; stop it, or send switch=true to stop it now.",
            code="timer_running",
            meta={"timer": str(running)},
        )
    await stop(ctx, await held(ctx, running), {})


async def active(ctx: Context, account_id: UUID) -> UUID:
    """Return the running timer of a user, or the one paused last."""
    found = await ctx.db.fetch_value(ACTIVE, account_id)
    if found is None:
        raise NotFound("No timer is running or paused; start one.", code="no_timer")
    return found


async def held(ctx: Context, timer_id: UUID) -> Mapping[str, Any]:
    """Lock a timer that the principal may handle; those of others look as if they weren't there."""
    timer = await ctx.as_system().records.get(TIMERS, timer_id, lock=True)
    if timer["account"] != ctx.principal.id and not ctx.principal.allows(STOP_OTHERS):
        raise NotFound("There is no such timer.")
    if timer["state"] == "stopped":
        raise Conflict("The timer is stopped already; its entries can be edited.", code="timer_stopped")
    return timer


async def pause(ctx: Context, timer: Mapping[str, Any]) -> None:
    """Close the present stretch."""
    if timer["state"] == "paused":
        raise Conflict(
            "The timer is paused already.",
            code="illegal_transition",
            meta={"allowed": ["running", "stopped"]},
        )
    await ctx.as_system().records.update(
        TIMERS,
        timer["id"],
        {"state": "paused", "running_since": None, "segments": _until(timer, _moment(ctx))},
    )


async def resume(ctx: Context, timer: Mapping[str, Any], *, switch: bool) -> None:
    """Begin another stretch."""
    if timer["account"] != ctx.principal.id:
        raise Forbidden("Only its owner resumes a timer.", code="not_own_timer")
    if timer["state"] == "running":
        raise Conflict(
            "The timer is running.", code="illegal_transition", meta={"allowed": ["paused", "stopped"]}
        )
    await make_room(ctx, timer["account"], switch=switch)
    await ctx.as_system().records.update(
        TIMERS, timer["id"], {"state": "running", "running_since": _moment(ctx)}
    )


async def stop(ctx: Context, timer: Mapping[str, Any], work: Mapping[str, Any]) -> Stopped:
    """Stop a timer and make its entries: one per stretch and local date, of one session."""
    system = ctx.as_system()
    own = await ctx.settings(TimeSettings)
    segments = _until(timer, _moment(ctx))
    merged = {name: work.get(name) if work.get(name) is not None else timer[name] for name in WORK}
    zone, _ = await user_zone(ctx, timer["account"])
    spans = [_snap(span, own.timer_snap_minutes, zone) for span in stretches(segments)]
    elapsed = sum(span.seconds for span in spans)
    forgotten = timer["needs_review"] or elapsed >= own.timer_review_hours * 3600
    await system.records.update(
        TIMERS,
        timer["id"],
        {
            "state": "stopped",
            "running_since": None,
            "stopped_at": _moment(ctx),
            "segments": segments,
            "needs_review": forgotten,
        },
    )
    parts = [part for span in spans for part in day_parts(span, zone)]
    minutes = shared_minutes([part.span.seconds for part in parts])
    rows = _entries(parts, minutes)
    if merged["work_type"] is None and rows:
        merged["work_type"] = await default_work_type(ctx)
    given = {name: value for name, value in merged.items() if value is not None}
    given |= {"account": timer["account"], "timer": timer["id"]}
    if forgotten:
        given |= {"needs_review": True, "review_reason": "forgotten_timer"}
    if work.get("is_billable") is not None:
        given["is_billable"] = work["is_billable"]
    records = ctx.records if timer["account"] == ctx.principal.id else system.records
    ids = [await records.create(ENTRIES, {**given, **row}) for row in rows]
    return Stopped(timer["id"], ids, sum(minutes))


async def default_work_type(ctx: Context) -> UUID:
    """Return the first active work type."""
    found = await ctx.db.fetch_value(
        "SELECT id FROM time.work_type WHERE is_active ORDER BY sort_order, name, id LIMIT 1"
    )
    if found is None:
        raise Conflict("There is no active work type; make one first.", code="no_work_type")
    return found


def _until(timer: Mapping[str, Any], now: datetime.datetime) -> list[Any]:
    """Return the stretches with the present one closed, as stored."""
    spans = stretches(timer["segments"])
    if timer["running_since"] is not None:
        spans.append(Span(timer["running_since"], now))
    return msgspec.to_builtins(spans)


def _snap(span: Span, minutes: int, zone: datetime.tzinfo) -> Span:
    if not minutes:
        return span
    moved = Span(snapped(span.start, minutes, zone, "nearest"), snapped(span.end, minutes, zone, "nearest"))
    return moved if moved.end > moved.start else span


def _entries(parts: Sequence[DayPart], minutes: Sequence[int]) -> list[dict[str, Any]]:
    kept = [(part, worked) for part, worked in zip(parts, minutes, strict=True) if worked]
    session = new_id() if len(kept) > 1 else None
    return [
        {
            "date": part.date,
            "started_at": part.span.start,
            "ended_at": part.span.end,
            "duration_minutes": worked,
            "session": session,
        }
        for part, worked in kept
    ]
