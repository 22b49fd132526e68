"""Opening recurring tickets: each occurrence once, missed ones as their schedule says (TIC-61)."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psa_automation import recurrence
from psa_automation.health import MANAGE
from psa_automation.notices import tell_people
from psa_sdk import Change, Context, actor, every
from psa_sdk.errors import Invalid, Problem
from psa_sdk.identity import Directory
from psa_ticketing.api import ServiceDesk

RECURRING = "recurring-tickets"
DUE = """
SELECT id FROM automation.recurring_ticket WHERE is_active AND next_at <= $1
ORDER BY next_at LIMIT 100 FOR UPDATE SKIP LOCKED"""
CLAIM = """
INSERT INTO automation.occurrence (recurring_ticket, occurs_at, created_at, updated_at) VALUES ($1, $2, $3, $3)
ON CONFLICT (tenant_id, recurring_ticket, occurs_at) DO NOTHING RETURNING id"""
TELL = "UPDATE automation.occurrence SET ticket = $2, outcome = $3, detail = $4 WHERE id = $1"
MOVE = "UPDATE automation.recurring_ticket SET next_at = $2, last_at = $3 WHERE id = $1"
COPIED = (
    "title",
    "description",
    "company",
    "contact",
    "queue",
    "priority",
    "ticket_type",
    "assigned_to",
    "team",
)


def zone_of(ctx: Context) -> ZoneInfo:
    """Return the tenant's zone."""
    return ctx.timezone if isinstance(ctx.timezone, ZoneInfo) else ZoneInfo(str(ctx.timezone))


def start_of(row: Mapping[str, Any]) -> datetime.datetime:
    """Return the first local time of a recurring ticket."""
    return datetime.datetime.combine(row["starts_on"], datetime.time.fromisoformat(row["at"]))


async def write_recurring(ctx: Context, change: Change) -> None:
    """Check a recurrence and compute its next occurrence; what was missed before it was switched on stays missed."""
    names = ("recurrence", "starts_on", "at", "is_active")
    if change.verb == "update" and not any(change.changes(name) for name in names):
        return
    try:
        recurrence.check(change.value("recurrence"))
    except ValueError as error:
        raise Invalid(
            f"{str(error)[:1].upper()}{str(error)[1:]}.",
            code="invalid_recurrence",
            pointer="/data/attributes/recurrence",
        ) from error
    row = {name: change.value(name) for name in names}
    change.new["next_at"] = (
        recurrence.first_after(row["recurrence"], start_of(row), zone_of(ctx), ctx.now)
        if row["is_active"]
        else None
    )


@actor(queue="default")
async def open_due(ctx: Context) -> None:
    """Open the tickets whose time has come."""
    rows = await ctx.db.fetch(DUE, ctx.now)
    for row in rows:
        await open_one(ctx, row["id"])
    if len(rows) == 100:
        await ctx.send(open_due)


async def open_one(ctx: Context, id: UUID) -> None:
    """Open what a recurring ticket owes, and set its next time."""
    row = await ctx.records.get(RECURRING, id)
    start, zone = start_of(row), zone_of(ctx)
    # The one that is due is among them: begin just before it.
    since = row["next_at"] - datetime.timedelta(seconds=1)
    owed = recurrence.missed(row["recurrence"], start, zone, since, ctx.now)
    for occurs_at in owed if row["catch_up"] == "all" else owed[-1:]:
        await _open(ctx, row, occurs_at)
    following = recurrence.first_after(row["recurrence"], start, zone, ctx.now)
    await ctx.db.execute(MOVE, id, following, owed[-1] if owed else row["last_at"])


async def _open(ctx: Context, row: Mapping[str, Any], occurs_at: datetime.datetime) -> None:
    claimed = await ctx.db.fetch_value(CLAIM, row["id"], occurs_at, ctx.now)
    if claimed is None:
        return
    values = {name: row[name] for name in COPIED if row[name] is not None and name != "title"}
    try:
        async with ctx.savepoint():
            acting = ctx.as_automation(row["id"], row["name"])
            ticket = await acting.service(ServiceDesk).open(
                title=row["title"], source="api", tags=list(row["tags"]), **values
            )
    except Problem as problem:
        is_archived = problem.code == "company_archived"
        await ctx.db.execute(TELL, claimed, None, "skipped" if is_archived else "failed", str(problem))
        holders = await ctx.service(Directory).holders(MANAGE)
        await tell_people(
            ctx,
            [account.id for account in holders],
            f"The recurring ticket “{row['name']}” was not opened: {problem}",
            record=(RECURRING, row["id"]),
        )
        return
    await ctx.db.execute(TELL, claimed, ticket, "opened", "")


SCHEDULES = (every("*/5 * * * *", open_due),)
