"""What every tenant starts with: work types and a rounding rule."""

from decimal import Decimal
from typing import Any

from psa_sdk import Context

WORK_TYPES: tuple[tuple[str, bool, str], ...] = (
    ("Remote support", True, "1"),
    ("On-site support", True, "1"),
    ("Emergency", True, "2"),
    ("Travel", True, "1"),
    ("Project work", True, "1"),
    ("Internal", False, "1"),
)
RULES: tuple[tuple[str, int, int, bool], ...] = (
    ("Quarter hours", 15, 15, True),
    ("To the minute", 1, 0, False),
)


async def seed(ctx: Context) -> None:
    """Give a new tenant its lists; what exists is left as it is."""
    if await ctx.records.count("rounding-rules") == 0:
        rules: list[dict[str, Any]] = [
            {"name": name, "increment_minutes": step, "minimum_minutes": least, "is_default": default}
            for name, step, least, default in RULES
        ]
        await ctx.records.create_many("rounding-rules", rules)
    if await ctx.records.count("work-types") == 0:
        types: list[dict[str, Any]] = [
            {
                "name": name,
                "default_billable": billable,
                "rate_multiplier": Decimal(factor),
                "sort_order": order,
            }
            for order, (name, billable, factor) in enumerate(WORK_TYPES)
        ]
        await ctx.records.create_many("work-types", types)
