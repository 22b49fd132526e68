"""What the staff who look after money are told at the bell: payments in doubt, refunds that never left, autopay's end."""

from uuid import UUID

from psa_billing.api import INVOICES, PAYMENTS, AutopayStopped, PaymentReceived, RefundFailed
from psa_console.api import Inbox
from psa_sdk import Context, on
from psa_sdk.identity import Directory

KEEPERS = "billing.payments.allocate"


@on(AutopayStopped)
async def tell_of_autopay(ctx: Context, event: AutopayStopped) -> None:
    """Tell that an invoice isn't charged by itself any more (BILL-37)."""
    invoice = await ctx.records.get(INVOICES, event.invoice_id)
    await _tell(ctx, "autopay_stopped", (INVOICES, event.invoice_id), invoice["invoice_number"], event.reason)


@on(PaymentReceived)
async def tell_of_doubt(ctx: Context, event: PaymentReceived) -> None:
    """Tell of a payment that somebody should look at (BILL-32)."""
    if event.needs_attention:
        title = f"{event.amount} {event.currency}"
        await _tell(ctx, "payment_in_doubt", (PAYMENTS, event.payment_id), title, event.needs_attention)


@on(RefundFailed)
async def tell_of_refund(ctx: Context, event: RefundFailed) -> None:
    """Tell of money that was to go back and didn't."""
    title = f"{event.amount} {event.currency}"
    await _tell(ctx, "refund_failed", (PAYMENTS, event.payment_id), title, event.reason)


async def _tell(ctx: Context, kind: str, subject: tuple[str, UUID], title: str, detail: str) -> None:
    for account in await ctx.service(Directory).holders(KEEPERS):
        await ctx.service(Inbox).tell(account.id, kind, subject, title, detail=detail)


SUBSCRIBERS = (tell_of_autopay, tell_of_doubt, tell_of_refund)
