"""Background work: inspections, by demand and by the clock."""

from uuid import UUID

from psa_dummy.api import GADGETS
from psa_sdk import Actor, Context, Schedule, actor, every


@actor(queue="bulk", max_attempts=3, time_limit=60.0)
async def inspect(ctx: Context, *, gadget_id: UUID, finding: str = "all well") -> None:
    """Write down a look at a gadget."""
    await ctx.records.create("dummy-inspections", {"gadget": gadget_id, "finding": finding})


@actor()
async def inspect_all(ctx: Context) -> None:
    """Have every gadget that is here inspected."""
    for row in await ctx.records.find(GADGETS):
        await ctx.send(inspect, gadget_id=row["id"])


ALL: tuple[Actor, ...] = (inspect, inspect_all)
SCHEDULES: tuple[Schedule, ...] = (every("0 6 * * 1-5", inspect_all, catch_up="none"),)
