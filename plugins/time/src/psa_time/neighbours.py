"""What else a user did: other entries at the same time, and all of a day (TIME-14, TIME-15)."""

from uuid import UUID

import msgspec

from psa_sdk import Change, Context
from psa_sdk.errors import Conflict
from psa_sdk.tables import Condition
from psa_time.clock_times import Span, minutes_per_date, zone_of
from psa_time.settings import TimeSettings
from psa_time.tables import TimeEntry

SAME_TIME = """
SELECT id, date, start_time, end_time FROM time.entry
WHERE account = $1 AND id <> $2 AND started_at < $4 AND ended_at > $3 AND started_at IS NOT NULL
ORDER BY started_at LIMIT 20"""
SAME_DAY = (
    "SELECT coalesce(sum(duration_minutes), 0) FROM time.entry WHERE account = $1 AND date = $2 AND id <> $3"
)
RUNNING = "SELECT segments, running_since FROM time.timer WHERE account = $1 AND state <> 'stopped'"


def in_session(session: UUID) -> Condition:
    """Return the condition for entries cut out of one stretch of work."""
    return TimeEntry.session == session


async def check(ctx: Context, change: Change) -> None:
    """Refuse or mark what can't be, by the tenant's policies. A timer's entries are facts: only marked."""
    own = await ctx.settings(TimeSettings)
    from_timer = change.value("timer") is not None and change.verb == "create"
    if change.value("review_reason") in {"overlap", "day_cap"}:
        change.new.update({"needs_review": False, "review_reason": None})
    if own.overlap_policy != "off" and change.value("started_at") is not None:
        others = await ctx.db.fetch(
            SAME_TIME,
            change.value("account"),
            change.id,
            change.value("started_at"),
            change.value("ended_at"),
        )
        if others and own.overlap_policy == "deny" and not from_timer:
            first = others[0]
            raise Conflict(
                f"There is other work from {first['start_time']} to {first['end_time']} on {first['date']};"
                " change one of the two.",
                code="overlap",
                meta={"entries": [str(row["id"]) for row in others]},
            )
        if others:
            change.new.update({"needs_review": True, "review_reason": "overlap"})
    if own.day_cap_minutes:
        worked = await worked_on(ctx, change)
        if worked > own.day_cap_minutes and not from_timer:
            raise Conflict(
                f"That makes {worked} minutes on {change.value('date')}; at most {own.day_cap_minutes} may be logged.",
                code="day_cap_exceeded",
                meta={"minutes": worked, "cap": own.day_cap_minutes},
            )
        if worked > own.day_cap_minutes:
            change.new.update({"needs_review": True, "review_reason": "day_cap"})


async def worked_on(ctx: Context, change: Change) -> int:
    """Return the minutes of an entry's day with it, running timers' share of that date included."""
    account, date = change.value("account"), change.value("date")
    stored: int = await ctx.db.fetch_value(SAME_DAY, account, date, change.id)
    zone = zone_of(change.value("timezone"), ctx.timezone)
    spans: list[Span] = []
    for row in await ctx.db.fetch(RUNNING, account):
        spans += stretches(row["segments"])
        if row["running_since"] is not None:
            spans.append(Span(row["running_since"], ctx.now))
    return stored + change.value("duration_minutes") + minutes_per_date(spans, zone, date, date)


def stretches(stored: object) -> list[Span]:
    """Return a timer's finished stretches."""
    value = msgspec.json.decode(stored) if isinstance(stored, str | bytes) else stored
    return msgspec.convert(value, list[Span])
