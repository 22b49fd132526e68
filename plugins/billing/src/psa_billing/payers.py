"""Who is billed for a company: itself, or the company above that its bills go to (CRM-02)."""

from collections.abc import Collection, Mapping
from uuid import UUID

from psa_sdk import Context

PAYERS = """
WITH RECURSIVE up AS (
    SELECT c.id AS company, c.id AS payer, c.parent, 1 AS step FROM contacts.company c WHERE c.id = ANY ($1::uuid[])
    UNION ALL
    SELECT up.company, c.id, c.parent, up.step + 1
    FROM up JOIN billing.profile p ON p.company = up.payer AND p.bill_to_parent
    JOIN contacts.company c ON c.id = up.parent WHERE up.step < 20
)
SELECT DISTINCT ON (company) company, payer FROM up ORDER BY company, step DESC"""
BILLED_FOR = """
WITH RECURSIVE down AS (
    SELECT c.id, c.name, 1 AS step FROM contacts.company c WHERE c.id = $1
    UNION ALL
    SELECT c.id, c.name, down.step + 1
    FROM down JOIN contacts.company c ON c.parent = down.id
    JOIN billing.profile p ON p.company = c.id AND p.bill_to_parent WHERE down.step < 20
)
SELECT id, name FROM down ORDER BY step, name, id"""


async def payers(ctx: Context, companies: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Return who is billed for each of some companies."""
    return {row["company"]: row["payer"] for row in await ctx.db.fetch(PAYERS, list(companies))}


async def billed_for(ctx: Context, company_id: UUID) -> Mapping[UUID, str]:
    """Return the names of what is billed with a company: itself first, then those below that bill to it."""
    return {row["id"]: row["name"] for row in await ctx.db.fetch(BILLED_FOR, company_id)}
