"""Which holidays hours keep can change by their relationship alone: the version follows at once afterwards."""

from psa_sdk import Context, RecordEvent, changes, on
from psa_sla import calendars


@on(changes("business-hours", "updated"))
async def follow_holidays(ctx: Context, event: RecordEvent) -> None:
    """Write a version of business hours whose holiday calendars changed."""
    await calendars.renew(ctx, [event.id])


ALL = (follow_holidays,)
