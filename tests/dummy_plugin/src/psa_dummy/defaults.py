"""A tenant's first labels, and a demonstration's gadgets."""

from psa_dummy.api import GADGETS
from psa_sdk import Context


async def seed(ctx: Context) -> None:
    """Make the first labels, unless they exist."""
    if await ctx.records.count("dummy-labels") == 0:
        await ctx.records.create_many("dummy-labels", [{"name": "Fragile"}, {"name": "New"}])


async def demo(ctx: Context) -> None:
    """Fill the depot."""
    rows = [{"name": f"Laptop {number}", "number": number} for number in range(1, 21)]
    await ctx.records.create_many(GADGETS, rows, history=True)
