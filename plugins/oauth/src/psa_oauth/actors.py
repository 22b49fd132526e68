"""Housekeeping: what is over goes, signing keys are renewed."""

from psa_oauth import signing
from psa_sdk import Context, actor, every


@actor(queue="bulk")
async def keep_house(ctx: Context) -> None:
    """Remove codes, devices and families that are over, and renew the signing key when it is due."""
    await ctx.db.execute("DELETE FROM oauth.device WHERE expires_at < $1 - interval '1 day'", ctx.now)
    await ctx.db.execute("DELETE FROM oauth.code WHERE expires_at < $1 - interval '1 day'", ctx.now)
    await ctx.db.execute(
        "DELETE FROM oauth.refresh_token t USING oauth.family f"
        " WHERE f.tenant_id = t.tenant_id AND f.id = t.family AND f.expires_at < $1",
        ctx.now,
    )
    await ctx.db.execute("DELETE FROM oauth.family WHERE expires_at < $1", ctx.now)
    await signing.renew(ctx)


ALL = (keep_house,)
SCHEDULES = (every("41 3 * * *", keep_house),)
