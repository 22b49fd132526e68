"""The hours of a contract as people read them: included, used, left, rolled over, expired (CON-10, CON-18)."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_contracts.hours import GrantKind
from psa_contracts.periods import period_at
from psa_sdk import Context

GRANTS = """
SELECT g.id, g.item, g.kind, g.valid_from, g.expires_on, g.note, g.balance_minutes AS remaining,
    g.minutes AS granted,
    coalesce(-sum(e.minutes) FILTER (WHERE e.kind IN ('burned', 'returned')), 0)::int AS used,
    coalesce(-sum(e.minutes) FILTER (WHERE e.kind = 'rolled'), 0)::int AS rolled,
    coalesce(-sum(e.minutes) FILTER (WHERE e.kind = 'expired'), 0)::int AS expired
FROM contracts.hour_grant g
LEFT JOIN contracts.hour_entry e ON (e.tenant_id, e.hour_grant) = (g.tenant_id, g.id)
WHERE g.contract = $1 GROUP BY g.id, g.item, g.kind, g.valid_from, g.expires_on, g.note, g.balance_minutes, g.minutes
ORDER BY g.valid_from DESC, g.id LIMIT 400"""
MINUTES_PER_HOUR = Decimal(60)


class GrantBalance(msgspec.Struct, kw_only=True):
    """A grant: what was given, used, rolled on, lost, and is left, in minutes."""

    id: UUID
    item: UUID | None
    kind: GrantKind
    valid_from: datetime.date
    expires_on: datetime.date | None
    granted: int
    used: int
    rolled: int
    expired: int
    remaining: int
    note: str


class HourBalance(msgspec.Struct, kw_only=True):
    """The hours that count on a date, in minutes and hours."""

    period_start: datetime.date
    period_end: datetime.date
    minutes_included: int
    minutes_used: int
    minutes_remaining: int
    rollover_minutes: int
    hours_included: Decimal
    hours_used: Decimal
    hours_remaining: Decimal
    rollover_hours: Decimal
    used_percent: int | None
    grants: Sequence[GrantBalance]
    """The ones that count on the date first, then the past ones."""


def hours(minutes: int) -> Decimal:
    """Return minutes as hours with two places, for people only: amounts come from minutes."""
    return (minutes / MINUTES_PER_HOUR).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def counts_on(grant: GrantBalance, day: datetime.date) -> bool:
    """Tell whether work of a day may burn of a grant."""
    return grant.valid_from <= day and (grant.expires_on is None or day <= grant.expires_on)


async def balance(ctx: Context, contract: Mapping[str, Any], day: datetime.date) -> HourBalance:
    """Return a contract's hours on a date."""
    rows = await ctx.as_system().db.fetch(GRANTS, contract["id"])
    grants = [msgspec.convert(dict(row), GrantBalance) for row in rows]
    usable = [grant for grant in grants if counts_on(grant, day)]
    period = period_at(contract["anchor_date"], contract["billing_cycle"], day)
    included = sum(grant.granted for grant in usable)
    used = sum(grant.used for grant in usable)
    rolled = sum(grant.granted for grant in usable if grant.kind == "rollover")
    remaining = included - used - sum(grant.rolled + grant.expired for grant in usable)
    return HourBalance(
        period_start=period.start,
        period_end=period.end,
        minutes_included=included,
        minutes_used=used,
        minutes_remaining=remaining,
        rollover_minutes=rolled,
        hours_included=hours(included),
        hours_used=hours(used),
        hours_remaining=hours(remaining),
        rollover_hours=hours(rolled),
        used_percent=used * 100 // included if included else None,
        grants=sorted(grants, key=lambda grant: not counts_on(grant, day)),
    )
