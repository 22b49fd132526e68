"""Warnings while hours run out, and buying more by agreement (CON-16)."""

import datetime
from collections.abc import Sequence

from psa_contracts.api import ITEMS, HoursRunningLow, HoursToppedUp
from psa_contracts.hours import Allocation, Grant, Work
from psa_contracts.periods import period_at
from psa_contracts.records import Agreement
from psa_sdk import Context

THRESHOLDS = (80, 95, 100)
NOTE = """
INSERT INTO contracts.alert (contract, kind, occasion, threshold)
SELECT $1, 'hours', $2, t FROM unnest($3::int[]) AS r(t)
ON CONFLICT (tenant_id, contract, kind, occasion, threshold) DO NOTHING RETURNING threshold"""


def used_percent(
    grants: Sequence[Grant], allocation: Allocation, today: datetime.date
) -> tuple[int, int] | None:
    """Return how much of the hours in force is used, in whole percent, and the minutes left; None without any."""
    usable = [
        grant
        for grant in grants
        if grant.valid_from <= today and (grant.expires_on is None or today <= grant.expires_on)
    ]
    granted = sum(allocation.granted[grant.key] for grant in usable)
    if not granted:
        return None
    left = sum(allocation.left(grant.key) for grant in usable)
    return (granted - left) * 100 // granted, left


async def tell(
    ctx: Context,
    agreement: Agreement,
    grants: Sequence[Grant],
    work: Sequence[Work],
    allocation: Allocation,
) -> bool:
    """Warn once a period of each threshold that is reached; at the last one buy more, if so agreed: then True.

    What is bought covers the work that was over already.
    """
    contract = agreement.row
    found = used_percent(grants, allocation, ctx.today)
    if found is None or contract["status"] != "active":
        return False
    percent, left = found
    reached = [threshold for threshold in THRESHOLDS if threshold <= percent]
    if not reached:
        return False
    occasion = str(period_at(contract["anchor_date"], contract["billing_cycle"], ctx.today).start)
    fresh = [row["threshold"] for row in await ctx.db.fetch(NOTE, agreement.id, occasion, reached)]
    if not fresh:
        return False
    await ctx.emit(
        HoursRunningLow(
            contract_id=agreement.id, company_id=contract["company"], percent=max(fresh), left_minutes=left
        )
    )
    if max(fresh) < 100 or not contract["top_up_minutes"]:
        return False
    over = [one.date for one in work if not one.locked and allocation.covered[one.id] < one.minutes]
    item = await ctx.records.create(
        ITEMS,
        {
            "contract": agreement.id,
            "name": f"Top-up {ctx.today}",
            "item_type": "block_hours",
            "included_minutes": contract["top_up_minutes"],
            "unit_price": contract["top_up_price"],
            "starts_on": min([ctx.today, *over]),
            "sort_order": 1000,
        },
    )
    await ctx.emit(HoursToppedUp(contract_id=agreement.id, company_id=contract["company"], item_id=item))
    return True
