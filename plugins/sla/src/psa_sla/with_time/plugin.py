"""The bridge between service levels and time."""

import datetime
from collections.abc import Collection
from uuid import UUID

from psa_sdk import Context, Manifest, hookimpl, provide
from psa_sla.api import BusinessCalendars
from psa_time.api import HolidayCalendar


class PolicyHolidays:
    """Implements `psa_time.api.HolidayCalendar` with the calendars of clients' policies."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def holidays(
        self, company_id: UUID, first: datetime.date, last: datetime.date
    ) -> Collection[datetime.date]:
        """Return a client's whole-day holidays between two dates, inclusive."""
        return await self._ctx.service(BusinessCalendars).closed_dates(company_id, first, last)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="sla.time",
        title="Holidays for time",
        description="Clients' holidays make work after hours.",
        requires=("sla", "time"),
        services=(provide(HolidayCalendar, PolicyHolidays),),
    )
