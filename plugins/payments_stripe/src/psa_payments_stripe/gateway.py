"""Stripe as a payment gateway of billing."""

import datetime
from collections.abc import Mapping
from typing import Any

from psa_billing.api import PaymentAnswer, PaymentOrder, RefundAnswer, RefundOrder, Refused
from psa_payments_stripe import converging, orders
from psa_payments_stripe.client import TITLE, Client, Json
from psa_payments_stripe.config import StripeConfig
from psa_payments_stripe.converging import STRIPE
from psa_payments_stripe.minor_units import to_minor
from psa_payments_stripe.refusals import HARD, reason_of, refusal, sentence
from psa_payments_stripe.stored import method_of
from psa_sdk import Context
from psa_sdk.errors import Invalid
from psa_sdk.network import Network

EVENTS = "/payments-stripe/events"
OPEN = datetime.timedelta(hours=23)
"""How long a page to pay on is open; Stripe allows a day."""


class StripeGateway:
    """Implements `psa_billing.api.StoringGateway`: hosted pages, stored methods, refunds."""

    name = STRIPE
    title = TITLE
    offer = "Card or bank debit"
    settings = StripeConfig

    def webhook(self, ctx: Context) -> str:
        """Return the address to enter under Developers, Webhooks."""
        return f"{ctx.service(Network).home}/api/v1{EVENTS}"

    async def check(self, ctx: Context, config: Mapping[str, str]) -> str:
        """Ask whose key it is; raises `Invalid` for a wrong one, or one of the other mode."""
        live, test_mode = "_live_" in config["secret_key"], config.get("is_test_mode") == "true"
        if live == test_mode:
            raise Invalid(
                f"The key is for {'real payments' if live else 'tests'}; change the key or the mode.",
                code="wrong_mode",
            )
        client = Client(ctx, config)
        try:
            return _named(await client.get("/account"))
        except (Refused, Invalid) as problem:
            if problem.code == "bad_credentials":
                raise
            await client.get("/balance")  # restricted keys may not see the account
            return TITLE

    async def start(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Open a page of Stripe's to pay on."""
        client = Client(ctx, config)
        expires = ctx.now + OPEN
        customer = await _customer(client, order)
        body = orders.page(order, config, customer, int(expires.timestamp()))
        page = await client.post("/checkout/sessions", f"page-{order.attempt_id}", **body)
        return PaymentAnswer(
            reference=page["id"],
            status="pending",
            redirect=page["url"],
            customer=customer,
            expires_at=datetime.datetime.fromtimestamp(page["expires_at"], datetime.UTC),
        )

    async def charge(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Charge a stored card or account."""
        client = Client(ctx, config)
        try:
            made = await client.post(
                "/payment_intents", f"charge-{order.attempt_id}", **orders.charge(order, config)
            )
        except Refused as problem:
            return PaymentAnswer(reference="", status="failed", failure=str(problem), hard=problem.hard)
        if made["status"] in {"succeeded", "processing"}:
            charge = made.get("latest_charge")
            return PaymentAnswer(
                reference=made["id"],
                status=made["status"],
                method=method_of(charge if isinstance(charge, dict) else {}),
            )
        error = made.get("last_payment_error") or {"code": "authentication_required"}
        return PaymentAnswer(
            reference=made["id"], status="failed", failure=sentence(error), hard=reason_of(error) in HARD
        )

    async def refund(self, ctx: Context, config: Mapping[str, str], order: RefundOrder) -> RefundAnswer:
        """Give back a part of a payment."""
        made = await Client(ctx, config).post(
            "/refunds",
            f"refund-{order.key}",
            payment_intent=order.reference,
            amount=to_minor(order.amount, order.currency),
            metadata={"order_id": str(order.key), "tenant_id": str(ctx.tenant_id)},
        )
        if made.get("status") in {"failed", "canceled"}:
            error = {"code": "refund_failed"}
            raise refusal(error, sentence(error))
        return RefundAnswer(reference=made["id"], is_final=made.get("status") == "succeeded")

    async def close(self, ctx: Context, config: Mapping[str, str], reference: str) -> bool:
        """Close a page; False where somebody paid on it."""
        if not orders.is_session(reference):
            return False
        client = Client(ctx, config)
        try:
            await client.post(f"/checkout/sessions/{reference}/expire", f"close-{reference}")
        except Refused:
            return (await client.get(f"/checkout/sessions/{reference}"))["status"] == "expired"
        return True

    async def save(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Open a page of Stripe's to store a card or account on."""
        client = Client(ctx, config)
        customer = await _customer(client, order)
        page = await client.post(
            "/checkout/sessions", f"save-{order.attempt_id}", **orders.saving(order, config, customer)
        )
        return PaymentAnswer(reference=page["id"], status="pending", redirect=page["url"], customer=customer)

    async def forget(self, ctx: Context, config: Mapping[str, str], saved_method: str) -> None:
        """Take a stored card or account off its customer."""
        try:
            await Client(ctx, config).post(
                f"/payment_methods/{saved_method}/detach", f"forget-{saved_method}"
            )
        except Refused as problem:
            if not problem.gone:
                raise

    async def look(
        self, ctx: Context, config: Mapping[str, str], reference: str, order: PaymentOrder | None = None
    ) -> None:
        """Report what became of an order or payment."""
        client = Client(ctx, config)
        if not reference and order is not None and order.customer:
            async with ctx.outside():
                reference = await _lost(client, order)
        if orders.is_session(reference):
            await converging.session(ctx, client, reference)
        elif reference:
            await converging.intent(ctx, client, reference)


async def _customer(client: Client, order: PaymentOrder) -> str:
    if order.customer:
        return order.customer
    key, body = orders.customer(order)
    return (await client.post("/customers", key, **body))["id"]


async def _lost(client: Client, order: PaymentOrder) -> str:
    """Return the payment that was made for an order although its answer never came; empty where none was."""
    async for one in client.all("/payment_intents", customer=order.customer):
        if (one.get("metadata") or {}).get("attempt_id") == str(order.attempt_id):
            return one["id"]
    return ""


def _named(account: Json) -> str:
    shown: Any = ((account.get("settings") or {}).get("dashboard") or {}).get("display_name")
    business: Any = (account.get("business_profile") or {}).get("name")
    return shown or business or account.get("email") or account["id"]
