"""Payment gateways: which are there, their sealed configs, attempts to be paid, refunds through them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import ledger, lifecycle
from psa_billing.api import INVOICES
from psa_billing.api_gateways import PaymentAnswer, PaymentGateway, PaymentOrder
from psa_billing.engine.money import total
from psa_billing.gateway_configs import config_of, installed_gateways
from psa_billing.gateway_ledger import StoredGatewayLedger
from psa_billing.profiles import client
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid
from psa_sdk.tables import new_id

ACTIVE = "SELECT provider FROM billing.gateway_config WHERE is_active ORDER BY provider"
ATTEMPT = """
INSERT INTO billing.attempt (id, provider, company, invoices, amount, currency, automatic)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7)"""
ANSWERED = """
UPDATE billing.attempt SET reference = $2, state = $3, failure = $4, is_hard = $5, redirect = $6,
    updated_at = $7, version = version + 1 WHERE id = $1"""
UNDER_WAY = """
SELECT 1 FROM billing.attempt WHERE state = 'processing' AND invoices ?| $1::text[] LIMIT 1"""


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt after the gateway has answered."""

    attempt_id: UUID
    state: str
    amount: Decimal
    currency: str
    redirect: str = ""
    client_secret: str = ""
    failure: str = ""


async def _chosen(ctx: Context, provider: str | None) -> tuple[PaymentGateway, Mapping[str, str]]:
    installed = installed_gateways(ctx)
    names = [provider] if provider else [row["provider"] for row in await ctx.db.fetch(ACTIVE)]
    for name in names:
        config = await config_of(ctx, name) if name in installed else None
        if config is not None:
            return installed[name], config
    raise Conflict("No payment gateway is set up; see the settings of billing.", code="no_gateway")


async def begin(
    ctx: Context,
    invoice_ids: Sequence[UUID],
    *,
    provider: str | None = None,
    saved_method: str = "",
    expected: Decimal | None = None,
    success_url: str = "",
    cancel_url: str = "",
    automatic: bool = False,
) -> Started:
    """Have invoices of one company paid: what is open now is asked for, an outdated amount refused (BILL-34)."""
    invoices, amount, currency = await _open(ctx, invoice_ids, expected)
    gateway, config = await _chosen(ctx, provider)
    who = await client(ctx, invoices[0]["company"])
    attempt_id = new_id()
    ids = [str(invoice["id"]) for invoice in invoices]
    await ctx.db.execute(
        ATTEMPT,
        attempt_id,
        gateway.name,
        who.id,
        msgspec.json.encode(ids).decode(),
        amount,
        currency,
        automatic,
    )
    order = PaymentOrder(
        attempt_id=attempt_id,
        tenant_id=ctx.tenant_id,
        company_id=who.id,
        company_name=who.name,
        email=who.email,
        invoice_ids=[invoice["id"] for invoice in invoices],
        description=", ".join(lifecycle.shown(invoice) for invoice in invoices)[:200],
        amount=amount,
        currency=currency,
        success_url=success_url,
        cancel_url=cancel_url,
        saved_method=saved_method,
    )
    ask = gateway.charge if saved_method else gateway.start
    answer = await ask(ctx, config, order)
    return await _noted(ctx, gateway.name, order, answer)


async def _open(
    ctx: Context, invoice_ids: Sequence[UUID], expected: Decimal | None
) -> tuple[list[Mapping[str, Any]], Decimal, str]:
    invoices: list[Mapping[str, Any]] = [
        await ctx.records.get(INVOICES, one) for one in sorted(set(invoice_ids))
    ]
    await ledger.lock(ctx, {invoice["company"] for invoice in invoices})
    invoices = [await ctx.as_system().records.get(INVOICES, one["id"], lock=True) for one in invoices]
    if len({(one["company"], one["currency"]) for one in invoices}) != 1:
        raise Invalid("Pay invoices of one company and currency at a time.", code="mixed_invoices")
    for invoice in invoices:
        if invoice["kind"] != "invoice" or invoice["status"] not in lifecycle.OPEN:
            raise Conflict(
                f"{lifecycle.shown(invoice)} is {invoice['status'].replace('_', ' ')}; nothing of it is open.",
                code="not_open",
            )
        if invoice["is_processing"]:
            raise Conflict(
                f"A payment of {lifecycle.shown(invoice)} is under way.", code="payment_processing"
            )
    if await ctx.db.fetch_value(UNDER_WAY, [str(one["id"]) for one in invoices]):
        raise Conflict("A payment of these invoices is under way.", code="payment_processing")
    amount = total(one["balance_due"] for one in invoices)
    if expected is not None and expected != amount:
        raise Conflict(
            f"{amount} is open now, not {expected}; look again.",
            code="stale_amount",
            meta={"amount": str(amount)},
        )
    return invoices, amount, invoices[0]["currency"]


async def _noted(ctx: Context, provider: str, order: PaymentOrder, answer: PaymentAnswer) -> Started:
    await ctx.db.execute(
        ANSWERED,
        order.attempt_id,
        answer.reference,
        "failed" if answer.status == "failed" else "pending",
        answer.failure,
        answer.hard,
        answer.redirect,
        ctx.now,
    )
    reported = StoredGatewayLedger(ctx)
    if answer.status == "processing":
        await reported.processing(provider, answer.reference)
    if answer.status == "succeeded":
        await reported.succeeded(
            provider,
            answer.reference,
            amount=order.amount,
            currency=order.currency,
            at=ctx.now,
            method=answer.method,
            fee=answer.fee,
            company_id=order.company_id,
            invoice_ids=order.invoice_ids,
        )
    return Started(
        attempt_id=order.attempt_id,
        state=answer.status,
        amount=order.amount,
        currency=order.currency,
        redirect=answer.redirect,
        client_secret=answer.client_secret,
        failure=answer.failure,
    )


async def refund(ctx: Context, payment: Mapping[str, Any], amount: Decimal) -> str:
    """Give money back through the gateway that it came by; returns the refund's reference there."""
    gateway, config = await _chosen(ctx, payment["gateway"])
    return await gateway.refund(
        ctx,
        config,
        payment["gateway_transaction_id"],
        amount,
        payment["currency"],
        f"{payment['id']}:{payment['amount_refunded']}:{amount}",
    )
