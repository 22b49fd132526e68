"""What a contract costs per period of its cycle, as of its present items."""

import datetime
from decimal import Decimal
from uuid import UUID

from psa_contracts.api import CONTRACTS
from psa_contracts.charging import in_force
from psa_contracts.periods import MONTHS
from psa_contracts.records import RAISED, Agreement, agreement
from psa_sdk import Context, Money


def amount_of(found: Agreement, day: datetime.date) -> Decimal:
    """Return the recurring amount of one period, rounded once."""
    whole = Decimal(0)
    months = MONTHS[found.row["billing_cycle"]]
    for item in found.items:
        ends = item.row["ends_on"]
        step = in_force(item.revisions, max(day, item.row["starts_on"]))
        if item.row["item_type"] in RAISED and step is not None and (ends is None or ends >= day):
            whole += step.value * months / MONTHS[item.cycle]
    return Money(whole, found.row["currency"]).rounded().amount


async def refresh(ctx: Context, contract_id: UUID) -> None:
    """Bring a contract's `billing_amount` in line with its items."""
    system = ctx.as_system()
    found = await agreement(system, contract_id)
    await system.records.update(CONTRACTS, contract_id, {"billing_amount": amount_of(found, ctx.today)})
