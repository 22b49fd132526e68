"""The lock date: what lies on or before it stays as it is (TIME-32)."""

import datetime
from uuid import UUID

from psa_sdk import Context
from psa_sdk.errors import Conflict
from psa_time.api import ENTRIES
from psa_time.settings import TimeSettings

CHANGE_LOCKED = "time.locked.change"


async def require_unlocked(ctx: Context, entry_id: UUID, date: datetime.date) -> None:
    """Refuse to touch a locked date, unless the principal may; that is audited."""
    locked = (await ctx.settings(TimeSettings)).locked_through
    if locked is None or date > locked:
        return
    if not ctx.principal.allows(CHANGE_LOCKED):
        raise Conflict(
            f"Time up to {locked} is locked; ask Finance to change {date}.",
            code="period_locked",
            meta={"locked_through": locked.isoformat()},
        )
    await ctx.audit("locked_time_changed", ENTRIES, entry_id, date=date.isoformat())
