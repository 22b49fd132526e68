"""What is checked when policies, hours and holidays change, and what follows."""

from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Invalid
from psa_sdk.resources import Pairs
from psa_sla import calendars
from psa_sla.shapes import Week
from psa_sla.tables import SlaPolicy


async def write_hours(_ctx: Context, change: Change) -> None:
    """Put windows in order; refuse unknown zones and weeks that never open (SLA-32)."""
    if "timezone" in change.new:
        calendars.check_zone(change.new["timezone"])
    if "schedule" in change.new:
        week = msgspec.convert(change.new["schedule"], Week)
        change.new["schedule"] = msgspec.to_builtins(calendars.tidy_week(week, "/data/attributes/schedule"))


async def version_hours(ctx: Context, change: Change) -> None:
    """Give changed business hours a version at once, so that what is written next counts by it."""
    if change.verb != "delete":
        await calendars.renew(ctx, [change.id])


async def write_holidays(_ctx: Context, change: Change) -> None:
    """Put holidays in order."""
    if "holidays" in change.new:
        change.new["holidays"] = msgspec.to_builtins(
            calendars.entered_holidays(change.new["holidays"], "/data/attributes/holidays")
        )


async def version_holidays(ctx: Context, change: Change) -> None:
    """Give the business hours that keep a changed calendar a version."""
    if change.verb == "update":
        rows = await ctx.db.fetch("SELECT hours FROM sla.hours_holidays WHERE calendar = $1", change.id)
        await calendars.renew(ctx, [row["hours"] for row in rows])


async def keep_used_calendar(ctx: Context, change: Change) -> None:
    """A calendar that business hours keep stays (SLA-32)."""
    used = await ctx.db.fetch_value("SELECT count(*) FROM sla.hours_holidays WHERE calendar = $1", change.id)
    if used:
        raise Conflict(
            f"{used} business hours keep this calendar; take it off them first.", code="calendar_in_use"
        )


async def keep_used_hours(ctx: Context, change: Change) -> None:
    """Business hours that a policy counts by stay (SLA-32)."""
    used = await ctx.db.fetch_value("SELECT count(*) FROM sla.policy WHERE business_hours = $1", change.id)
    if used:
        raise Conflict(
            f"{used} policies count by these business hours; give them others first.", code="hours_in_use"
        )


async def lock_hours(ctx: Context, added: Pairs, removed: Pairs) -> None:
    """Let changes of which holidays hours keep wait for each other."""
    for hours in sorted({pair[0] for pair in (*added, *removed)}, key=UUID.__str__):
        await ctx.db.lock("sla.hours", hours)


async def write_policy(ctx: Context, change: Change) -> None:
    """A new default takes the place of the old one."""
    if not change.value("is_default") or not change.changes("is_default"):
        return
    await ctx.db.lock("sla.default_policy")
    for row in await ctx.as_system().records.find("sla-policies", SlaPolicy.is_default.eq(True)):
        if row["id"] != change.id:
            await ctx.as_system().records.update("sla-policies", row["id"], {"is_default": False})


async def write_target(_ctx: Context, change: Change) -> None:
    """A response is promised no later than the solution, and something is promised at all (SLA-07)."""
    values: dict[str, Any] = {
        name: change.value(name) for name in ("first_response_hours", "resolution_hours")
    }
    for name, hours in values.items():
        if hours is not None and hours <= 0:
            raise Invalid(
                "The hours must be above 0.", code="not_positive", pointer=f"/data/attributes/{name}"
            )
    response, resolution = values.values()
    if response is not None and resolution is not None and response > resolution:
        raise Invalid(
            "The first response is promised later than the solution; shorten it.",
            code="response_after_resolution",
            pointer="/data/attributes/first_response_hours",
        )
