"""Business calendars as other plugins use them."""

import datetime
from collections.abc import Mapping, Sequence
from uuid import UUID

from psa_sdk import Context
from psa_sdk.errors import NotFound
from psa_sla import calendars
from psa_sla.business_time import ALWAYS, BusinessTime, Hours

LATEST = """
SELECT v.hours, v.id FROM (SELECT DISTINCT unnest($1::uuid[]) AS hours) h
CROSS JOIN LATERAL (SELECT c.id, c.hours FROM sla.calendar_version c WHERE c.hours = h.hours
    ORDER BY c.effective_at DESC, c.id DESC LIMIT 1) v"""
DEFAULT = "SELECT business_hours FROM sla.policy WHERE is_default"
HELD = """
SELECT c.company, p.business_hours FROM sla.company_policy c JOIN sla.policy p ON p.id = c.sla_policy
WHERE c.company = ANY ($1::uuid[])"""


class StoredBusinessCalendars:
    """Implements `psa_sla.api.BusinessCalendars`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def hours(self, business_hours_id: UUID | None = None) -> BusinessTime:
        """Return how business hours count now."""
        wanted = business_hours_id or await self._ctx.db.fetch_value(DEFAULT)
        if wanted is None:
            return ALWAYS
        found = (await self._latest([wanted])).get(wanted)
        if found is None:
            raise NotFound(f"There are no business hours {wanted}.")
        return found

    async def of_companies(self, company_ids: Sequence[UUID]) -> Mapping[UUID, BusinessTime]:
        """Return each company's business time."""
        held = {
            company: hours for company, hours in (await self._held(company_ids)).items() if hours is not None
        }
        ready = await self._latest(list(held.values()))
        return {
            company: ready.get(held[company], ALWAYS) if company in held else ALWAYS
            for company in company_ids
        }

    async def closed_dates(
        self, company_id: UUID, first: datetime.date, last: datetime.date
    ) -> list[datetime.date]:
        """Return the whole-day holidays that hold for a company."""
        found = (await self.of_companies([company_id]))[company_id]
        if not isinstance(found, Hours):
            return []
        calendar = found.calendar
        every = (first + datetime.timedelta(days=day) for day in range((last - first).days + 1))
        return [
            date
            for date in every
            if (date in calendar.dates or f"{date:%m-%d}" in calendar.yearly) and not calendar.windows(date)
        ]

    async def _latest(self, hours: Sequence[UUID]) -> Mapping[UUID, Hours]:
        versions = {row["hours"]: row["id"] for row in await self._ctx.db.fetch(LATEST, list(hours))}
        ready = await calendars.hours_of(self._ctx, versions.values())
        return {key: ready[version] for key, version in versions.items()}

    async def _held(self, company_ids: Sequence[UUID]) -> Mapping[UUID, UUID | None]:
        """Return the business hours of companies' policies, the default's where they have none."""
        default = await self._ctx.db.fetch_value(DEFAULT)
        rows = await self._ctx.db.fetch(HELD, list(company_ids))
        held = {row["company"]: row["business_hours"] for row in rows}
        return {company: held.get(company, default) for company in company_ids}
