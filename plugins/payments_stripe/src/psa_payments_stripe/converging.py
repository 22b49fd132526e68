"""What is true at Stripe is reported to billing: asked anew each time, so that order and number of events don't matter.

Nothing is taken from an event but whom it is about. A payment's intent, its refunds and its disputes are read together
and reported in the order in which they must have happened (BILL-32, BILL-33).
"""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import structlog

from psa_billing.api import GatewayLedger, Receipt, Refused
from psa_payments_stripe.client import Client, Json
from psa_payments_stripe.minor_units import from_minor
from psa_payments_stripe.refusals import HARD, reason_of, sentence
from psa_payments_stripe.stored import described, method_of
from psa_sdk import Context

STRIPE = "stripe"
_OVER = {"won": True, "lost": False, "prevented": True}
_INQUIRIES = ("warning_needs_response", "warning_under_review", "warning_closed")
_log = structlog.get_logger(__name__)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """All that Stripe says about a payment."""

    intent: Mapping[str, Any]
    charge: Mapping[str, Any]
    refunds: Sequence[Mapping[str, Any]]
    disputes: Sequence[Mapping[str, Any]]
    page_open: bool
    """Whether the payer can still try another card on the page."""


async def intent(ctx: Context, client: Client, intent_id: str) -> None:
    """Report a payment; raises `Refused` where there is none."""
    async with ctx.outside():
        found = await _read(client, intent_id)
    if _is_ours(ctx, found.intent.get("metadata") or {}):
        await _report(ctx, found)


async def session(ctx: Context, client: Client, session_id: str) -> None:
    """Report what became of a page: its payment, what was stored on it, or that it closed unused."""
    async with ctx.outside():
        page = await client.get(f"/checkout/sessions/{session_id}")
        setup: Json = {}
        if page.get("setup_intent"):
            setup = await client.get(f"/setup_intents/{_id(page['setup_intent'])}", expand=["payment_method"])
    marks = page.get("metadata") or {}
    if not _is_ours(ctx, marks):
        return
    if page.get("mode") == "setup":
        method = setup.get("payment_method")
        if setup.get("status") == "succeeded" and isinstance(method, dict):
            await ctx.service(GatewayLedger).method_saved(
                STRIPE, _id(page["customer"]), described(method), company_id=_uuid(marks.get("company_id"))
            )
    elif page.get("payment_intent"):
        await intent(ctx, client, _id(page["payment_intent"]))
    elif page.get("status") == "expired":
        await ctx.service(GatewayLedger).failed(
            STRIPE, session_id, reason="The page was left.", attempt_id=_uuid(marks.get("attempt_id"))
        )


async def method(ctx: Context, client: Client, method_id: str) -> None:
    """Report a stored card or account, or that it is gone."""
    async with ctx.outside():
        try:
            found = await client.get(f"/payment_methods/{method_id}")
        except Refused as problem:
            if not problem.gone:
                raise
            found = {}
    ledger = ctx.service(GatewayLedger)
    if found.get("customer"):
        await ledger.method_saved(STRIPE, _id(found["customer"]), described(found))
    else:
        await ledger.method_gone(STRIPE, method_id)


async def _read(client: Client, intent_id: str) -> Found:
    found = await client.get(f"/payment_intents/{intent_id}", expand=["latest_charge.balance_transaction"])
    charge = found.get("latest_charge") or {}
    if isinstance(charge, str):
        charge = await client.get(f"/charges/{charge}", expand=["balance_transaction"])
    refunds = (
        [one async for one in client.all("/refunds", payment_intent=intent_id)]
        if charge  # also where nothing is refunded: a refund may have failed since
        else []
    )
    disputes = (
        [one async for one in client.all("/disputes", payment_intent=intent_id)]
        if charge.get("disputed")
        else []
    )
    page_open = False
    if _kind(found) == "page" and found.get("status") in {"requires_payment_method", "requires_action"}:
        pages = await client.get("/checkout/sessions", payment_intent=intent_id, limit=1)
        page_open = any(page.get("status") == "open" for page in pages["data"])
    return Found(intent=found, charge=charge, refunds=refunds, disputes=disputes, page_open=page_open)


async def _report(ctx: Context, found: Found) -> None:
    ledger, intent, marks = ctx.service(GatewayLedger), found.intent, found.intent.get("metadata") or {}
    reference, attempt = intent["id"], _uuid(marks.get("attempt_id"))
    status = intent["status"]
    if status == "succeeded":
        await _report_payment(ctx, found)
    elif status == "processing" or _awaits_deposits(intent):
        await ledger.processing(STRIPE, reference, attempt_id=attempt)
    elif status == "canceled" or (status == "requires_payment_method" and not found.page_open):
        error = intent.get("last_payment_error") or {"message": "The payment was called off."}
        await ledger.failed(
            STRIPE, reference, reason=sentence(error), hard=reason_of(error) in HARD, attempt_id=attempt
        )
    elif status == "requires_action" and _kind(intent) == "charge":
        await ledger.failed(
            STRIPE,
            reference,
            reason=sentence({"code": "authentication_required"}),
            hard=True,
            attempt_id=attempt,
        )


async def _report_payment(ctx: Context, found: Found) -> None:
    ledger, intent, marks = ctx.service(GatewayLedger), found.intent, found.intent.get("metadata") or {}
    currency = intent["currency"].upper()
    company = _uuid(marks.get("company_id"))
    if company is None and intent.get("customer"):
        company = await ledger.company_of(STRIPE, _id(intent["customer"]))
    attempt = _uuid(marks.get("attempt_id"))
    if company is None and attempt is None:
        _log.info("a payment of somebody else's", intent=intent["id"])
        return
    receipt = Receipt(
        reference=intent["id"],
        amount=from_minor(intent.get("amount_received") or intent["amount"], currency),
        currency=currency,
        at=datetime.datetime.fromtimestamp(found.charge.get("created") or intent["created"], datetime.UTC),
        method=method_of(found.charge),
        fee=_fee(found.charge, currency),
        company_id=company,
        invoice_ids=[one for one in map(_uuid, marks.get("invoice_ids", "").split(",")) if one],
        attempt_id=attempt,
    )
    await ledger.succeeded(STRIPE, receipt)
    for one in sorted(found.refunds, key=lambda one: one["created"]):
        key = (one.get("metadata") or {}).get("order_id", "")
        if one.get("status") in {"succeeded", "pending"}:
            amount = from_minor(one["amount"], currency)
            final = one["status"] == "succeeded"
            await ledger.refunded(
                STRIPE, intent["id"], refund=one["id"], amount=amount, key=key, is_final=final
            )
        elif one.get("status") in {"failed", "canceled"}:
            reason = sentence({"code": "refund_failed"})
            await ledger.refund_failed(STRIPE, intent["id"], refund=one["id"], reason=reason, key=key)
    for one in sorted(found.disputes, key=lambda one: one["created"]):
        if one["status"] not in _INQUIRIES:
            amount = from_minor(one["amount"], currency)
            await ledger.disputed(STRIPE, intent["id"], dispute=one["id"], amount=amount)
        if one["status"] in _OVER:
            await ledger.dispute_closed(STRIPE, intent["id"], dispute=one["id"], won=_OVER[one["status"]])


def _fee(charge: Mapping[str, Any], currency: str) -> Decimal | None:
    """Return what Stripe kept, where it settled in the payment's currency (BILL-38)."""
    movement = charge.get("balance_transaction")
    if not isinstance(movement, dict) or movement.get("currency", "").upper() != currency:
        return None
    return from_minor(movement["fee"], currency) if "fee" in movement else None


def _awaits_deposits(intent: Mapping[str, Any]) -> bool:
    action = intent.get("next_action") or {}
    return intent["status"] == "requires_action" and action.get("type") == "verify_with_microdeposits"


def _is_ours(ctx: Context, marks: Mapping[str, Any]) -> bool:
    """Tell whether metadata names this tenant, or none: several may share an account (BILL-32)."""
    named = marks.get("tenant_id")
    if named and named != str(ctx.tenant_id):
        _log.info("a payment of another tenant's")
        return False
    return True


def _kind(intent: Mapping[str, Any]) -> str:
    return (intent.get("metadata") or {}).get("kind", "")


def _id(value: str | Mapping[str, Any]) -> str:
    return value if isinstance(value, str) else value["id"]


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
