"""A client administrator's own agreements and hours, in the portal."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_contracts.api import CONTRACTS
from psa_contracts.balances import balance
from psa_contracts.screens.panels import remaining
from psa_sdk import Context
from psa_sdk.documents import Documents


async def agreements(ctx: Context) -> Mapping[str, Any]:
    """Load the contracts that the client sees, with the hours that are left."""
    found = await ctx.service(Documents).find(CONTRACTS, {"page[size]": "100", "sort": "-start_date"})
    return {
        "contracts": found.items,
        "left": await remaining(ctx.as_system(), [one.id for one in found.items]),
    }


async def agreement(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load a contract with its items and hours."""
    documents = ctx.service(Documents)
    contract = (await documents.one(CONTRACTS, id)).items[0]
    items = await documents.related(CONTRACTS, id, "items", {"page[size]": "100", "sort": "sort_order"})
    row = await ctx.records.get(CONTRACTS, id)
    return {"contract": contract, "items": items.items, "hours": await balance(ctx, row, ctx.today)}
