"""Sending a dead letter again."""

from typing import TYPE_CHECKING, cast
from uuid import UUID

from psa_sdk import Context
from psa_sdk.errors import Conflict, NotFound

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

_RETRY = """
UPDATE psa.delivery SET state = 'pending', attempts = 0, due_at = NULL, updated_at = $3, version = version + 1
WHERE id = $1 AND (kind = 'job') = $2 AND state IN ('dead', 'skipped')
"""


async def retry(ctx: Context, id: UUID, *, job: bool) -> None:
    """Let a dead or skipped delivery start over.

    Raises `NotFound` for what isn't there, `Conflict` for what is done or still being tried.
    """
    resource = "jobs" if job else "event-deliveries"
    if (await ctx.db.execute(_RETRY, id, job, ctx.now)).endswith(" 0"):
        state: str | None = await ctx.db.fetch_value(
            "SELECT state FROM psa.delivery WHERE id = $1 AND (kind = 'job') = $2", id, job
        )
        if state is None:
            raise NotFound(f"There is no {resource} {id}.")
        raise Conflict(
            f"It is {state}; only what is dead or skipped can be sent again.",
            code="not_dead",
            meta={"state": state},
        )
    await ctx.audit("retry", resource, id)
    unit = cast("Unit", ctx)
    unit.after_commit(unit.kernel.wakeup.committed)
