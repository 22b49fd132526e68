"""Demonstration data: business hours, holidays and two policies."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sla.shapes import OpenHours, Week, office_week

DAYS_OFF = (
    ("01-01", "New Year's Day", None),
    ("05-01", "Labour Day", None),
    ("12-24", "Christmas Eve", OpenHours("08:00", "12:00")),
    ("12-25", "Christmas Day", None),
    ("12-26", "Boxing Day", None),
    ("12-31", "New Year's Eve", OpenHours("08:00", "12:00")),
)
POLICIES: tuple[tuple[str, str, tuple[str, str], bool], ...] = (
    ("Standard", "What every client is promised", ("4", "24"), True),
    ("Gold", "For clients with a full contract", ("1", "8"), False),
)


async def fill(ctx: Context) -> None:
    """Create hours, a holiday calendar and the policies, each once."""
    year = ctx.today.year
    holidays = [
        {
            "date": f"{year}-{day}",
            "name": name,
            "yearly": True,
            "windows": [] if window is None else [msgspec.to_builtins(window)],
        }
        for day, name, window in DAYS_OFF
    ]
    calendar = await ctx.records.create(
        "holiday-calendars", {"name": "Public holidays", "holidays": holidays}
    )
    zone = str(ctx.timezone)
    day = [OpenHours("08:00", "18:00")]
    long_week = Week(monday=day, tuesday=day, wednesday=day, thursday=day, friday=day)
    office = await _hours(ctx, "Office hours", zone, office_week(), calendar)
    extended = await _hours(ctx, "Extended hours", zone, long_week, calendar)
    for (name, text, (response, resolution), is_default), hours in zip(
        POLICIES, (office, extended), strict=True
    ):
        values: dict[str, Any] = {
            "name": name,
            "description": text,
            "is_default": is_default,
            "business_hours": hours,
            "pause_scheduled": True,
            "warnings": ["80%", "60m"],
        }
        policy = await ctx.records.create("sla-policies", values)
        await ctx.records.create(
            "sla-targets",
            {
                "sla_policy": policy,
                "first_response_hours": Decimal(response),
                "resolution_hours": Decimal(resolution),
            },
        )


async def _hours(ctx: Context, name: str, zone: str, week: Week, calendar: UUID) -> UUID:
    values = {"name": name, "timezone": zone, "schedule": msgspec.to_builtins(week)}
    hours = await ctx.records.create("business-hours", values)
    await ctx.records.link("business-hours", hours, "holidays", [calendar])
    return hours
