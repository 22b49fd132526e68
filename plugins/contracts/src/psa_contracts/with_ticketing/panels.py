"""The contract beside a ticket: which it is, what it pays for, how many hours are left."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_contracts.screens.panels import READ, remaining
from psa_sdk import Context
from psa_sdk.ui import Panel, Ui

HELD = """
SELECT c.id, c.number, c.name, c.labour, c.end_date, c.status FROM contracts.ticket_contract t
JOIN contracts.contract c ON (c.tenant_id, c.id) = (t.tenant_id, t.contract) WHERE t.ticket = $1"""


async def contract(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load a ticket's contract and the hours that are left."""
    if id is None:
        return None
    row = await ctx.db.fetch_one(HELD, id)
    hours = (await remaining(ctx, [row["id"]])).get(row["id"]) if row else None
    return {"row": row, "hours": hours, "ticket": id}


UI = Ui(
    panels=(
        Panel(
            slot="ticket.side",
            id="contracts.ticket",
            title="Contract",
            template="contracts.ticketing/contract.html",
            load=contract,
            permission=READ,
            icon="file-signature",
            order=60,
        ),
    ),
)
