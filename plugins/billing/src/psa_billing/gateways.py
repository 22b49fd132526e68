"""Having invoices paid through a gateway: the intent is kept, then the gateway is asked, then its answer is kept.

No transaction is open while a gateway is asked. An answer that never came leaves an attempt whose outcome is looked
up (`gateway_sweep`); the attempt's id is the idempotency key, so that asking again does nothing twice.
"""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from psa_billing import ledger, lifecycle
from psa_billing.api import INVOICES
from psa_billing.api_gateways import PaymentAnswer, PaymentGateway, PaymentOrder, Receipt, StoringGateway
from psa_billing.engine.money import total
from psa_billing.gateway_configs import config_of, offered
from psa_billing.gateway_ledger import StoredGatewayLedger
from psa_billing.gateway_methods import customer_of, note_customer
from psa_billing.paper import decoded
from psa_billing.profiles import client
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid, Problem, Unavailable
from psa_sdk.tables import new_id

ATTEMPT = """
INSERT INTO billing.attempt (id, provider, kind, company, invoices, amount, currency, automatic, day, saved_method,
    created_at, updated_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $11)"""
ANSWERED = """
UPDATE billing.attempt SET reference = $2, redirect = $3, expires_at = $4, updated_at = $5, version = version + 1
WHERE id = $1 AND reference IS NULL"""
OTHERS = """
SELECT * FROM billing.attempt WHERE state IN ('pending', 'processing') AND invoices ?| $1::text[]
ORDER BY id FOR UPDATE"""
CLOSED = """
UPDATE billing.attempt SET state = 'failed', failure = 'The page was closed.', updated_at = $2, version = version + 1
WHERE id = ANY($1) AND state = 'pending'"""
OPENING = datetime.timedelta(minutes=1)
"""How long a page may take to open before another one is opened."""
FRESH = datetime.timedelta(minutes=5)
"""A page that closes sooner than this isn't shown again."""


Gateway = TypeVar("Gateway", bound=PaymentGateway)


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt after the gateway has answered."""

    attempt_id: UUID
    state: str
    amount: Decimal
    currency: str
    redirect: str = ""
    failure: str = ""
    problem: Problem | None = None
    """What the gateway refused, or why its answer is missing; the attempt is kept. See `settled`."""


async def settled(ctx: Context, started: Started) -> Started:
    """Return what was started, or commit and raise what was refused: for answers to people."""
    if started.problem is not None:
        async with ctx.outside():
            raise started.problem
    return started


async def chosen(ctx: Context, provider: str | None) -> tuple[PaymentGateway, Mapping[str, str]]:
    """Return a gateway and its config, the first that is switched on if none is named; raises `Conflict`."""
    return await _first(ctx, provider, await offered(ctx))


async def storing(ctx: Context, provider: str | None) -> tuple[StoringGateway, Mapping[str, str]]:
    """Return a gateway that keeps cards or accounts, and its config; raises `Conflict`."""
    return await _first(ctx, provider, [one for one in await offered(ctx) if isinstance(one, StoringGateway)])


async def _first(
    ctx: Context, provider: str | None, among: Sequence[Gateway]
) -> tuple[Gateway, Mapping[str, str]]:
    for gateway in among:
        config = await config_of(ctx, gateway.name) if provider in {None, gateway.name} else None
        if config is not None:
            return gateway, config
    raise Conflict("No payment gateway for this is set up; see the settings of billing.", code="no_gateway")


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
    """Have invoices of one company paid: what is open now is asked for, an outdated amount refused (BILL-34).

    A page that is open for the same is shown again, another one is closed first: two windows lead to one charge
    (PRT-04). Commits on the way; see `Context.outside`.
    """
    invoices, amount, currency = await _open(ctx, invoice_ids, expected)
    gateway, config = await (storing if saved_method else chosen)(ctx, provider)
    ids = [str(invoice["id"]) for invoice in invoices]
    stale: list[dict[str, Any]] = []
    for one in [dict(row) for row in await ctx.db.fetch(OTHERS, ids)]:
        _refuse_busy(ctx, one)
        if not saved_method and _is_same(ctx, one, gateway.name, ids, amount, currency):
            return Started(
                attempt_id=one["id"],
                state="pending",
                amount=amount,
                currency=currency,
                redirect=one["redirect"],
            )
        stale.append(one)
    if stale:
        await close_pages(ctx, stale)
        invoices, amount, currency = await _open(ctx, invoice_ids, expected)
        if await ctx.db.fetch_value(OTHERS, ids):
            raise _under_way()
    who = await client(ctx, invoices[0]["company"])
    order = PaymentOrder(
        attempt_id=new_id(),
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
        customer=await customer_of(ctx, gateway.name, who.id),
    )
    await ctx.db.execute(
        ATTEMPT,
        order.attempt_id,
        gateway.name,
        "charge" if saved_method else "page",
        who.id,
        msgspec.json.encode(ids).decode(),
        amount,
        currency,
        automatic,
        ctx.today if automatic else None,
        saved_method,
        ctx.now,
    )
    return await _asked(ctx, gateway, config, order)


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
            raise _under_way()
    amount = total(one["balance_due"] for one in invoices)
    if expected is not None and expected != amount:
        raise Conflict(
            f"{amount} is open now, not {expected}; look again.",
            code="stale_amount",
            meta={"amount": str(amount)},
        )
    return invoices, amount, invoices[0]["currency"]


def _under_way() -> Conflict:
    return Conflict(
        "A payment of this is under way; wait until it is through.",
        code="payment_processing",
    )


def _refuse_busy(ctx: Context, attempt: Mapping[str, Any]) -> None:
    """Raise where money may be moving, or a page is being opened at this moment (BILL-33)."""
    opening = attempt["reference"] is None and attempt["created_at"] > ctx.now - OPENING
    if attempt["state"] == "processing" or attempt["kind"] == "charge" or opening:
        raise _under_way()


def _is_same(
    ctx: Context,
    attempt: Mapping[str, Any],
    provider: str,
    ids: Sequence[str],
    amount: Decimal,
    currency: str,
) -> bool:
    asked = (attempt["provider"], decoded(attempt["invoices"]), attempt["amount"], attempt["currency"])
    lasts = attempt["expires_at"] is None or attempt["expires_at"] > ctx.now + FRESH
    return bool(attempt["redirect"]) and lasts and asked == (provider, list(ids), amount, currency)


async def close_pages(ctx: Context, attempts: Sequence[Mapping[str, Any]]) -> None:
    """Close pages at their gateways; those on which somebody paid meanwhile stay. Commits on the way."""
    known = [(one, *await chosen(ctx, one["provider"])) for one in attempts if one["reference"]]
    closed = [one["id"] for one in attempts if not one["reference"]]
    async with ctx.outside():
        for one, gateway, config in known:
            if await gateway.close(ctx, config, one["reference"]):
                closed.append(one["id"])
    await ctx.db.execute(CLOSED, closed, ctx.now)


async def _asked(
    ctx: Context, gateway: PaymentGateway, config: Mapping[str, str], order: PaymentOrder
) -> Started:
    ask = gateway.charge if order.saved_method and isinstance(gateway, StoringGateway) else gateway.start
    problem: Problem | None = None
    answer = PaymentAnswer(reference="", status="pending")
    async with ctx.outside():
        try:
            answer = await ask(ctx, config, order)
        except Problem as error:
            problem = error
    if problem is None:
        return await _noted(ctx, gateway.name, order, answer)
    if not (isinstance(problem, Unavailable) and order.saved_method):
        # A page whose address nobody has can't be paid on; a charge may have been made all the same.
        await StoredGatewayLedger(ctx).failed(
            gateway.name, "", reason=str(problem)[:500], attempt_id=order.attempt_id
        )
    return _started(order, "failed", failure=str(problem), problem=problem)


async def _noted(ctx: Context, provider: str, order: PaymentOrder, answer: PaymentAnswer) -> Started:
    if answer.customer:
        await note_customer(ctx, provider, order.company_id, answer.customer)
    await ctx.db.execute(
        ANSWERED,
        order.attempt_id,
        answer.reference or None,
        answer.redirect,
        answer.expires_at,
        ctx.now,
    )
    reported = StoredGatewayLedger(ctx)
    if answer.status == "failed":
        await reported.failed(
            provider,
            answer.reference,
            reason=answer.failure,
            hard=answer.hard,
            attempt_id=order.attempt_id,
        )
    if answer.status == "processing":
        await reported.processing(provider, answer.reference, attempt_id=order.attempt_id)
    if answer.status == "succeeded":
        receipt = Receipt(
            reference=answer.reference,
            amount=order.amount,
            currency=order.currency,
            at=ctx.now,
            method=answer.method,
            fee=answer.fee,
            company_id=order.company_id,
            invoice_ids=order.invoice_ids,
            attempt_id=order.attempt_id,
        )
        await reported.succeeded(provider, receipt)
    return _started(order, answer.status, redirect=answer.redirect, failure=answer.failure)


def _started(
    order: PaymentOrder,
    state: str,
    *,
    redirect: str = "",
    failure: str = "",
    problem: Problem | None = None,
) -> Started:
    return Started(
        attempt_id=order.attempt_id,
        state=state,
        amount=order.amount,
        currency=order.currency,
        redirect=redirect,
        failure=failure,
        problem=problem,
    )
