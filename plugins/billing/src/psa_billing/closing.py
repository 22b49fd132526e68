"""The lock date of the books (BILL-43)."""

import datetime

from psa_billing.settings import BillingSettings
from psa_sdk import Context
from psa_sdk.errors import Conflict


async def check_open(ctx: Context, date: datetime.date) -> None:
    """Raise `Conflict` for a date on which the books are closed."""
    closed = (await ctx.settings(BillingSettings)).locked_through
    if closed is not None and date <= closed:
        raise Conflict(
            f"The books are closed up to {closed}; choose a later date.",
            code="books_closed",
            meta={"date": str(date), "locked_through": str(closed)},
        )
