"""Housekeeping: tokens that are over and old refusals go."""

from psa_sdk import Context, actor, every


@actor(queue="bulk")
async def keep_house(ctx: Context) -> None:
    """Remove tokens that ended a month ago and refusals older than that."""
    await ctx.db.execute("DELETE FROM scim.token WHERE expires_at < $1 - interval '30 days'", ctx.now)
    await ctx.db.execute("DELETE FROM scim.fault WHERE happened_at < $1 - interval '30 days'", ctx.now)


ALL = (keep_house,)
SCHEDULES = (every("17 4 * * *", keep_house),)
