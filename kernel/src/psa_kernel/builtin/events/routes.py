"""What operators do with deliveries."""

from uuid import UUID

from psa_kernel.builtin.events.retry import retry
from psa_sdk import Context, Record, post


@post(
    "/event-deliveries/{id:uuid}/retry",
    permission="events.event_deliveries.retry",
    status=202,
    returns="event-deliveries",
)
async def retry_delivery(ctx: Context, id: UUID) -> Record:
    """Send a dead event delivery again."""
    await retry(ctx, id, job=False)
    return Record("event-deliveries", id, status=202)


ALL = (retry_delivery,)
