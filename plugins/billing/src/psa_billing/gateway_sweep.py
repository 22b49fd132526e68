"""What became of payments and refunds whose webhook never came, or whose answer was lost: asked again, now and then."""

import datetime
from uuid import UUID

from psa_billing.api import InvoicePaid, InvoiceVoided
from psa_billing.api_gateways import PaymentOrder
from psa_billing.gateway_ledger import StoredGatewayLedger
from psa_billing.gateway_methods import customer_of
from psa_billing.gateways import chosen, close_pages
from psa_billing.paper import decoded
from psa_sdk import Context, actor, every, on
from psa_sdk.errors import Conflict

SOON, SLOW = datetime.timedelta(minutes=15), datetime.timedelta(hours=6)
WAITING = """
SELECT id FROM billing.attempt
WHERE state = 'pending' AND updated_at <= $1 OR state = 'processing' AND updated_at <= $2 ORDER BY id"""
ORDERED = """
SELECT id FROM billing.gateway_refund
WHERE state = 'pending' AND updated_at <= $1 OR state = 'accepted' AND updated_at <= $2 ORDER BY id"""
ATTEMPT = "SELECT * FROM billing.attempt WHERE id = $1 AND state IN ('pending', 'processing')"
LOOKED_AT = "UPDATE billing.attempt SET updated_at = $2 WHERE id = $1"
LOST = "SELECT state = 'pending' AND reference IS NULL FROM billing.attempt WHERE id = $1"
REFUND = """
SELECT p.gateway, p.gateway_transaction_id AS reference FROM billing.gateway_refund r
JOIN billing.payment p ON p.tenant_id = r.tenant_id AND p.id = r.payment WHERE r.id = $1 AND r.state IN ('pending', 'accepted')"""
REFUND_LOOKED_AT = "UPDATE billing.gateway_refund SET updated_at = $2 WHERE id = $1"
PAGES = """
SELECT * FROM billing.attempt WHERE state = 'pending' AND kind = 'page' AND reference IS NOT NULL AND invoices ? $1"""
UNKNOWN = """
UPDATE billing.gateway_refund SET state = 'failed', failure = 'The gateway knows nothing of it.', updated_at = $2,
    version = version + 1 WHERE id = $1 AND state = 'pending'"""


@actor(queue="bulk")
async def look_around(ctx: Context) -> None:
    """Find what has waited too long."""
    for row in await ctx.db.fetch(WAITING, ctx.now - SOON, ctx.now - SLOW):
        await ctx.send(look_at_attempt, attempt_id=row["id"])
    for row in await ctx.db.fetch(ORDERED, ctx.now - SOON, ctx.now - SLOW):
        await ctx.send(look_at_refund, refund_id=row["id"])


@actor(queue="bulk", max_attempts=3, time_limit=120)
async def look_at_attempt(ctx: Context, *, attempt_id: UUID) -> None:
    """Ask the gateway what became of an attempt; one that it knows nothing of has failed."""
    row = await ctx.db.fetch_one(ATTEMPT, attempt_id)
    if row is None:
        return
    try:
        gateway, config = await chosen(ctx, row["provider"])
    except Conflict:
        return  # switched off: nobody to ask
    order = PaymentOrder(
        attempt_id=attempt_id,
        tenant_id=ctx.tenant_id,
        company_id=row["company"],
        company_name="",
        email="",
        invoice_ids=[UUID(one) for one in decoded(row["invoices"])],
        description="",
        amount=row["amount"],
        currency=row["currency"],
        saved_method=row["saved_method"],
        customer=await customer_of(ctx, row["provider"], row["company"]),
    )
    await ctx.db.execute(LOOKED_AT, attempt_id, ctx.now)
    await gateway.look(ctx, config, row["reference"] or "", order)
    if await ctx.db.fetch_value(LOST, attempt_id):
        await StoredGatewayLedger(ctx).failed(
            row["provider"], "", reason="The gateway knows nothing of it.", attempt_id=attempt_id
        )


@actor(queue="bulk", max_attempts=3, time_limit=120)
async def look_at_refund(ctx: Context, *, refund_id: UUID) -> None:
    """Ask the gateway what became of a refund whose answer was lost, or that may still fail."""
    row = await ctx.db.fetch_one(REFUND, refund_id)
    if row is None:
        return
    try:
        gateway, config = await chosen(ctx, row["gateway"])
    except Conflict:
        return
    await ctx.db.execute(REFUND_LOOKED_AT, refund_id, ctx.now)
    await gateway.look(ctx, config, row["reference"])
    await ctx.db.execute(UNKNOWN, refund_id, ctx.now)


@on(InvoicePaid)
async def close_paid(ctx: Context, event: InvoicePaid) -> None:
    """Close what is still open to pay an invoice that was paid otherwise."""
    await _close(ctx, event.invoice_id)


@on(InvoiceVoided)
async def close_void(ctx: Context, event: InvoiceVoided) -> None:
    """Close what is still open to pay an invoice that is void."""
    await _close(ctx, event.invoice_id)


async def _close(ctx: Context, invoice_id: UUID) -> None:
    pages = [dict(row) for row in await ctx.db.fetch(PAGES, str(invoice_id))]
    if not pages:
        return
    try:
        await close_pages(ctx, pages)
    except Conflict:
        return  # its gateway was switched off: nobody to ask


SUBSCRIBERS = (close_paid, close_void)
ACTORS = (look_around, look_at_attempt, look_at_refund)
SCHEDULES = (every("*/15 * * * *", look_around),)
