"""The table of schedules."""

from psa_sdk.tables import Choice, Instant, TenantTable, Text


class ScheduledActor(TenantTable, schema="psa", tablename="schedule"):
    """When an actor runs next in a tenant; `next_at` is empty until the first computation.

    `last_slot` is the latest slot that was fired or passed over; a slot never fires twice. Schedules of the
    platform have the platform's tenant id.
    """

    name = Text()
    cron = Text()
    timezone = Text(default="UTC")
    catch_up = Choice("one", "all", "none", default="one")
    next_at = Instant(null=True)
    last_slot = Instant(null=True)


ALL = (ScheduledActor,)
