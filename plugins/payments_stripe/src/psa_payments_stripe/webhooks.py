"""Stripe's events: checked against their signature, taken once, and what they are about is asked anew."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from psa_billing.api import GatewayLedger, hear, webhook
from psa_payments_stripe import converging, signatures
from psa_payments_stripe.client import Client
from psa_payments_stripe.converging import STRIPE
from psa_payments_stripe.gateway import EVENTS, StripeGateway
from psa_sdk import Context, actor
from psa_sdk.web import WebRequest

What = Literal["session", "intent", "method", "customer"]


class Told(msgspec.Struct, kw_only=True):
    """What of an event is read: what it is about, not what it says of it."""

    id: str
    type: str
    livemode: bool = False
    data: dict[str, dict[str, Any]]


def subject_of(event: Told) -> tuple[What, str] | None:
    """Return what must be looked at after an event; None for events that are nothing to us.

    Example:
        >>> about = {"object": {"id": "dp_1", "object": "dispute", "payment_intent": "pi_1"}}
        >>> subject_of(Told(id="evt_1", type="charge.dispute.created", data=about))
        ('intent', 'pi_1')
    """
    thing: Mapping[str, Any] = event.data.get("object") or {}
    kind, named = thing.get("object"), thing.get("id")
    if not isinstance(named, str):
        return None
    if event.type.startswith("checkout.session."):
        return "session", named
    if kind == "payment_intent":
        return "intent", named
    if kind in {"charge", "refund", "dispute"}:
        intent = thing.get("payment_intent")
        return ("intent", intent) if isinstance(intent, str) else None
    if kind == "payment_method":
        return "method", named
    if kind == "setup_intent" and event.type == "setup_intent.succeeded":
        method = thing.get("payment_method")
        return ("method", method) if isinstance(method, str) else None
    return ("customer", named) if event.type == "customer.deleted" else None


@webhook(EVENTS)
async def take_event(ctx: Context, request: WebRequest) -> None:
    """Take an event of Stripe's; it is worked on in the background."""
    event, body, config = await hear(ctx, request, StripeGateway(), Told)
    signatures.check(
        config.get("webhook_secret", ""), request.headers.get("Stripe-Signature", ""), body, ctx.now
    )
    about = subject_of(event)
    other_mode = event.livemode == (config.get("is_test_mode") == "true")
    if about is None or other_mode or not await ctx.service(GatewayLedger).first_time(STRIPE, event.id):
        return
    await ctx.send(look, what=about[0], id=about[1])


@actor(queue="default", max_attempts=12, time_limit=180)
async def look(ctx: Context, *, what: What, id: str) -> None:
    """Ask Stripe about what an event named, and report it."""
    config = await ctx.service(GatewayLedger).config(STRIPE)
    if config is None:
        return
    client = Client(ctx, config)
    if what == "session":
        await converging.session(ctx, client, id)
    elif what == "intent":
        await converging.intent(ctx, client, id)
    elif what == "method":
        await converging.method(ctx, client, id)
    else:
        await ctx.service(GatewayLedger).customer_gone(STRIPE, id)


ROUTES = (take_event,)
ACTORS = (look,)
