"""A plugin that answers what time asks: contracts' terms, clients' holidays, people's absences."""

import datetime
from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from psa_sdk import Context, Manifest, hookimpl, provide
from psa_time.api import Absences, HolidayCalendar, RateSource, Rounding, Terms, WorkFacts

CONTRACT = UUID("00000000-0000-7000-8000-00000000c0de")
HOLIDAY = datetime.date(2026, 5, 1)
AWAY = datetime.date(2026, 5, 8)


class Agreement:
    """Covers all work from May on: 90 an hour, exact to the minute, 1.5 after hours."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    async def terms(self, work: WorkFacts) -> Terms | None:
        if work.date < datetime.date(2026, 5, 1):
            return None
        return Terms(
            contract_id=CONTRACT,
            hourly_rate=Decimal(90),
            after_hours_multiplier=Decimal("1.5"),
            rounding=Rounding(),
        )


class Calendar:
    """The first of May is a holiday."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    async def holidays(
        self, company_id: UUID, first: datetime.date, last: datetime.date
    ) -> Collection[datetime.date]:
        return {HOLIDAY} if first <= HOLIDAY <= last else ()


class Leave:
    """Everybody is away on one Friday."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    async def minutes_away(
        self, account_ids: Collection[UUID], first: datetime.date, last: datetime.date
    ) -> dict[tuple[UUID, datetime.date], int]:
        return {(account, AWAY): 480 for account in account_ids if first <= AWAY <= last}


@hookimpl
def psa_manifest() -> Manifest:
    return Manifest(
        name="neighbour",
        title="Neighbour",
        requires=("time",),
        services=(
            provide(RateSource, Agreement),
            provide(HolidayCalendar, Calendar),
            provide(Absences, Leave),
        ),
    )
