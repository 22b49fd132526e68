"""Demonstration data: the year's work falls under the contracts, and has burned their hours."""

from psa_contracts import ledger
from psa_sdk import Context

COVER = """
UPDATE time.entry e SET contract = c.id FROM contracts.contract c
WHERE c.tenant_id = e.tenant_id AND c.company = e.company AND c.is_default AND c.status = 'active'
    AND e.date BETWEEN c.start_date AND c.end_date AND e.is_billable"""
BURNING = "SELECT id FROM contracts.contract WHERE labour = 'hours' AND status = 'active' ORDER BY number"


async def fill(ctx: Context) -> None:
    """Put work under contracts in one statement, and bring the hours in line."""
    await ctx.db.execute(COVER)
    for row in await ctx.db.fetch(BURNING):
        await ledger.converge(ctx, row["id"])
