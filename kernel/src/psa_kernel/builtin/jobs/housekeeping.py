"""Deleting the history of background work that nobody looks at any more."""

import datetime
from typing import Final

from psa_sdk import Context, actor, every

KEEP_DONE: Final = datetime.timedelta(days=14)
KEEP_DEAD: Final = datetime.timedelta(days=90)
_BATCH: Final = 2000


@actor(queue="bulk", max_attempts=3, time_limit=600)
async def purge_history(ctx: Context) -> None:
    """Delete settled events and jobs after 14 days, dead letters after 90; in batches, each its own transaction."""
    gone: int = await ctx.db.fetch_value(
        "SELECT psa.outbox_purge($1, $2, $3)", ctx.now - KEEP_DONE, ctx.now - KEEP_DEAD, _BATCH
    )
    if gone == _BATCH:
        await ctx.send(purge_history)


nightly = every("20 3 * * *", purge_history, per_tenant=False)
