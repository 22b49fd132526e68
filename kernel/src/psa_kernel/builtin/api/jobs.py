"""Housekeeping of the API."""

from psa_sdk import Context, actor


@actor(queue="bulk")
async def forget_expired_keys(ctx: Context) -> None:
    """Delete the answers of idempotency keys that are no longer kept."""
    await ctx.db.execute(
        "DELETE FROM psa.idempotency_key WHERE tenant_id = $1 AND expires_at <= $2", ctx.tenant_id, ctx.now
    )
