"""Quantities that count themselves (CON-09): the counters there are, and the daily counts."""

import datetime
from collections.abc import Sequence
from uuid import UUID

from psa_contracts import api
from psa_contracts.api import Counter
from psa_contracts.records import Agreement, Item
from psa_sdk import Context
from psa_sdk.errors import Conflict

STORE = """
INSERT INTO contracts.quantity_count (item, counted_on, quantity, counted_ids)
VALUES ($1, $2, $3, to_jsonb($4::uuid[]))
ON CONFLICT (tenant_id, item, counted_on) DO UPDATE SET quantity = excluded.quantity,
    counted_ids = excluded.counted_ids, version = contracts.quantity_count.version + 1"""
COUNTS = "SELECT counted_on, quantity FROM contracts.quantity_count WHERE item = $1 AND counted_on <= $2"


def counters(ctx: Context) -> dict[str, Counter]:
    """Return what can be counted, by name."""
    return {one.name: one for offered in ctx.ask(api.psa_contracts_counters) for one in offered}


async def count(ctx: Context, agreement: Agreement, item: Item) -> Sequence[UUID]:
    """Return what an item's counter counts now; raises `Conflict` where its plugin is gone."""
    counter = counters(ctx).get(item.row["counter"])
    if counter is None:
        raise Conflict(
            f"Nothing counts {item.row['counter']} any more; give {item.row['name']} a fixed quantity.",
            code="unknown_counter",
        )
    return sorted(await counter.count(ctx.as_system(), agreement.row["company"]))


async def note(ctx: Context, agreement: Agreement, item: Item) -> Sequence[UUID]:
    """Count an item now and keep the result as today's."""
    found = await count(ctx, agreement, item)
    await ctx.db.execute(STORE, item.id, ctx.today, len(found), list(found))
    return found


async def counts(ctx: Context, item: Item, through: datetime.date) -> dict[datetime.date, int]:
    """Return the daily counts of an item."""
    return {row["counted_on"]: row["quantity"] for row in await ctx.db.fetch(COUNTS, item.id, through)}
