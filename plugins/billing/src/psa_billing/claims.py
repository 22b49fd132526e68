"""Claims: what is on which invoice (BILL-25, BILL-28)."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from psa_billing.api_sources import BillableSource, SourceOffer, psa_billing_sources
from psa_sdk import Context
from psa_sdk.errors import Conflict

CLAIMED = "SELECT key, invoice FROM billing.claim WHERE source = $1 AND key = ANY($2)"
OF_INVOICE = "SELECT source, key FROM billing.claim WHERE invoice = $1 ORDER BY source, key"
OF_LINES = "SELECT source, key FROM billing.claim WHERE line = ANY($1) ORDER BY source, key"
INSERT = """
INSERT INTO billing.claim (source, key, invoice, line)
SELECT $1, k.key, $2, k.line FROM unnest($3::text[], $4::uuid[]) AS k(key, line)
ON CONFLICT DO NOTHING RETURNING key"""
DELETE = "DELETE FROM billing.claim WHERE invoice = $1 AND source = $2 AND key = ANY($3)"


def offers(ctx: Context) -> list[SourceOffer]:
    """Return all sources in their order."""
    found = [offer for answer in ctx.ask(psa_billing_sources) for offer in answer]
    return sorted(found, key=lambda offer: (offer.order, offer.name))


def source_of(ctx: Context, name: str) -> BillableSource | None:
    """Open a source by its name; None where its plugin is gone or off, or lines came from elsewhere."""
    offer = next((offer for offer in offers(ctx) if offer.name == name), None)
    return offer.open(ctx) if offer else None


async def claimed(ctx: Context, source: str, keys: Collection[str]) -> Mapping[str, UUID]:
    """Return which keys are on which invoice."""
    if not keys:
        return {}
    return {row["key"]: row["invoice"] for row in await ctx.db.fetch(CLAIMED, source, list(keys))}


async def claim(ctx: Context, source: str, lines: Mapping[str, UUID], invoice_id: UUID) -> None:
    """Note that keys are on an invoice and tell their source; raises `Conflict` if one is on another."""
    if not lines:
        return
    taken = await ctx.db.fetch(INSERT, source, invoice_id, list(lines), list(lines.values()))
    if len(taken) != len(lines):
        raise Conflict("Some of it is on another invoice already.", code="already_billed")
    opened = source_of(ctx, source)
    if opened is not None:
        await opened.claim(lines, invoice_id)


async def release_sources(ctx: Context, invoice_id: UUID) -> None:
    """Give back all that is on an invoice."""
    await _release(ctx, invoice_id, await ctx.db.fetch(OF_INVOICE, invoice_id))


async def release_lines(ctx: Context, invoice_id: UUID, line_ids: Sequence[UUID]) -> None:
    """Give back what is on some lines of an invoice."""
    await _release(ctx, invoice_id, await ctx.db.fetch(OF_LINES, list(line_ids)))


async def _release(ctx: Context, invoice_id: UUID, rows: Sequence[Mapping[str, str]]) -> None:
    by_source: dict[str, list[str]] = {}
    for row in rows:
        by_source.setdefault(row["source"], []).append(row["key"])
    for source, keys in by_source.items():
        await ctx.db.execute(DELETE, invoice_id, source, keys)
        opened = source_of(ctx, source)
        if opened is not None:
            await opened.release(invoice_id, keys)
