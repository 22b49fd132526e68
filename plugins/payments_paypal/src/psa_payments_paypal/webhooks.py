"""PayPal's events, and payers who come back: both only say where to look.

Events are checked by PayPal itself (`verify-webhook-signature`), which knows the certificates; each is taken once.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import Response

from psa_billing.api import GatewayLedger, hear, webhook
from psa_payments_paypal import converging
from psa_payments_paypal.client import Client
from psa_payments_paypal.converging import PAYPAL
from psa_payments_paypal.gateway import BACK, EVENTS, PURPOSE, PayPalGateway
from psa_sdk import PUBLIC, Context, actor, get
from psa_sdk.errors import BadRequest, NotFound
from psa_sdk.signing import Signer, read_token
from psa_sdk.web import WebRequest

What = Literal["order", "capture", "dispute"]
SIGNED = {
    "auth_algo": "PayPal-Auth-Algo",
    "cert_url": "PayPal-Cert-Url",
    "transmission_id": "PayPal-Transmission-Id",
    "transmission_sig": "PayPal-Transmission-Sig",
    "transmission_time": "PayPal-Transmission-Time",
}
_ID = re.compile(r"[A-Za-z0-9-]{1,255}")
_ORDER_ID = re.compile(r"[A-Z0-9]{1,36}")


class Told(msgspec.Struct, kw_only=True):
    """What of an event is read: what it is about, not what it says of it."""

    id: str
    event_type: str
    resource: dict[str, Any]


def subject_of(event: Told) -> tuple[What, str] | None:
    """Return what must be looked at after an event; None for events that are nothing to us.

    Example:
        >>> subject_of(Told(id="WH-1", event_type="CHECKOUT.ORDER.APPROVED", resource={"id": "5O19"}))
        ('order', '5O19')
    """
    thing: Mapping[str, Any] = event.resource
    what: What
    if event.event_type.startswith("CHECKOUT.ORDER."):
        what, named = "order", thing.get("id")
    elif event.event_type.startswith("CHECKOUT.PAYMENT-APPROVAL."):
        what, named = "order", thing.get("order_id")
    elif event.event_type.startswith("CUSTOMER.DISPUTE."):
        what, named = "dispute", thing.get("dispute_id")
    elif event.event_type.startswith(("PAYMENT.CAPTURE.", "PAYMENT.REFUND.")):
        what, named = "capture", _refunded(thing) or thing.get("id")
    else:
        return None
    return (what, named) if isinstance(named, str) and _ID.fullmatch(named) else None


def _refunded(thing: Mapping[str, Any]) -> str:
    """Return the payment that a refund came from: where its link `up` leads."""
    links = thing.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, Mapping) and link.get("rel") == "up":
            before, _, last = str(link.get("href")).rpartition("/")
            if before.endswith("/captures"):
                return last
    return ""


@webhook(EVENTS)
async def take_event(ctx: Context, request: WebRequest) -> None:
    """Take an event of PayPal's; it is worked on in the background."""
    event, body, config = await hear(ctx, request, PayPalGateway(), Told)
    signed = {name: request.headers.get(header, "") for name, header in SIGNED.items()}
    if not all(signed.values()) or not config.get("webhook_id"):
        raise BadRequest("The event isn't signed.", code="bad_signature", header=SIGNED["transmission_sig"])
    about = subject_of(event)
    if about is None:
        return
    facts = msgspec.json.encode({**signed, "webhook_id": config["webhook_id"]})
    question = facts[:-1] + b',"webhook_event":' + body + b"}"  # the body as it came: it is what was signed
    async with ctx.outside():
        told = await Client(ctx, config).ask("/v1/notifications/verify-webhook-signature", question)
    if told.get("verification_status") != "SUCCESS":
        raise BadRequest(
            "The event's signature is wrong; enter the webhook's ID anew.",
            code="bad_signature",
            header=SIGNED["transmission_sig"],
        )
    if await ctx.service(GatewayLedger).first_time(PAYPAL, event.id):
        await ctx.send(look, what=about[0], id=about[1])


@get(
    f"{BACK}/{{token:str}}",
    permission=PUBLIC,
    audience="both",
    media_type="*/*",
    writes=True,
)
async def come_back(ctx: Context, token: str, request: WebRequest) -> Response[None]:
    """Take a payer who comes back from PayPal to where they came from; what they agreed to is looked at."""
    try:
        place = read_token(ctx.service(Signer), PURPOSE, token)
    except ValueError:
        raise NotFound("This way back was not made here.") from None
    order_id = request.query_params.get("token", "")
    if _ORDER_ID.fullmatch(order_id) and await ctx.service(GatewayLedger).attempt_for(PAYPAL, order_id):
        await ctx.send(look, what="order", id=order_id)
    address = base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode()
    return Response(None, status_code=303, headers={"Location": address})


@actor(queue="default", max_attempts=12, time_limit=180)
async def look(ctx: Context, *, what: What, id: str) -> None:
    """Ask PayPal about what an event or a payer named, and report it."""
    config = await ctx.service(GatewayLedger).config(PAYPAL)
    if config is None:
        return
    client = Client(ctx, config)
    if what == "order":
        await converging.order(ctx, client, id)
    elif what == "capture":
        await converging.capture(ctx, client, id)
    else:
        await converging.dispute(ctx, client, id)


ROUTES = (take_event, come_back)
ACTORS = (look,)
