"""What happens when a payment is recorded: defaults, the oldest invoices, the event."""

from collections.abc import Mapping
from typing import Any

from psa_billing import ledger
from psa_billing.amounts import positive
from psa_billing.api import INVOICES, PAYMENTS, PaymentReceived
from psa_billing.closing import check_open
from psa_billing.engine.money import ZERO, rounded
from psa_billing.lifecycle import DRAFTS
from psa_billing.profiles import client
from psa_billing.settings import BillingSettings
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Invalid

OURS = frozenset(("unapplied", "amount_disputed", "status"))
EDITABLE = frozenset(("reference_number", "notes", "payment_method", "needs_attention", "fee"))


async def write_new(ctx: Context, change: Change) -> None:
    """Fill in date and currency; refuse amounts that can't be, and dates in closed books."""
    if change.value("currency") is None:
        invoice_id = change.value("invoice")
        invoice = await ctx.as_system().records.get(INVOICES, invoice_id) if invoice_id else None
        change.new["currency"] = (
            invoice["currency"] if invoice else (await client(ctx, change.value("company"))).currency
        )
    currency = change.value("currency")
    change.new["amount"] = positive(change.value("amount"), currency, "/data/attributes/amount")
    change.new["payment_date"] = change.value("payment_date") or ctx.today
    await check_open(ctx, change.value("payment_date"))
    zero = rounded(ZERO, currency)
    change.new.update(
        {
            "unapplied": change.value("amount"),
            "amount_applied": zero,
            "amount_refunded": zero,
            "amount_disputed": zero,
        }
    )


async def write_edit(_: Context, change: Change) -> None:
    """Let words change; what was received stays."""
    if OURS & change.new.keys():
        return
    changed = {name for name in change.new if change.changes(name)} - EDITABLE - {"updated_at"}
    if changed:
        raise Conflict(
            "Amount, date, company and currency of a payment stay; mark it as failed and record another.",
            code="payment_is_fixed",
            meta={"attributes": sorted(changed)},
        )


async def after_payment(ctx: Context, change: Change) -> None:
    """Apply a new payment to what it was meant for, or to what is due first; a draft's waits unapplied."""
    if change.verb != "create":
        return
    own = await ctx.settings(BillingSettings)
    system = ctx.as_system()
    await ledger.lock(ctx, [change.value("company")])
    payment: dict[str, Any] = dict(await system.records.get(PAYMENTS, change.id, lock=True))
    invoice: Mapping[str, Any] = {}
    if payment["invoice"] is not None:
        invoice = await system.records.get(INVOICES, payment["invoice"])
        await ledger.lock(ctx, [invoice["company"]])
        invoice = await system.records.get(INVOICES, payment["invoice"], lock=True)
        if invoice["company"] not in await ledger.payers(ctx, payment["company"]):
            raise Invalid(
                "The invoice is another company's.",
                code="other_company",
                pointer="/data/relationships/invoice",
            )
    if payment["invoice"] is not None and invoice["status"] not in DRAFTS:
        part = min(payment["unapplied"], invoice["balance_due"]) or payment["unapplied"]
        await ledger.apply(
            ctx,
            "payment",
            payment,
            [(invoice["id"], part)],
            max(payment["payment_date"], invoice["invoice_date"]),
        )
    elif payment["gateway"] is not None:
        return  # the gateway's ledger applies it and tells
    elif own.auto_apply and payment["invoice"] is None:
        await ledger.apply_oldest_first(ctx, "payment", payment)
    payment = dict(await system.records.get(PAYMENTS, change.id))
    await ctx.emit(
        PaymentReceived(
            payment_id=change.id,
            company_id=payment["company"],
            amount=payment["amount"],
            currency=payment["currency"],
            unapplied=payment["unapplied"],
            needs_attention=payment["needs_attention"],
        )
    )
