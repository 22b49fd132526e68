"""Providers that ring when mail arrives: Microsoft Graph at an address of ours, Gmail through Pub/Sub.

A ring only has the mailbox read: what it says is never believed, and one that is lost costs a poll's pause.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from psa_mail import collecting
from psa_mail.addresses import comparable
from psa_mail.api import MAILBOXES
from psa_mail.gmail import Gmail
from psa_mail.graph import Graph
from psa_mail.peers import LoginRefused, PeerTrouble, peer_of
from psa_sdk import PUBLIC, Context, actor, every, post
from psa_sdk.errors import Invalid, NotFound, Problem
from psa_sdk.network import Network
from psa_sdk.signing import Signer, read_token, write_token
from psa_sdk.web import WebRequest

LASTS = timedelta(minutes=4200)
"""Graph gives Outlook messages at most 4,230."""
RENEW = timedelta(hours=24)
"""Before its end; Gmail wants to be asked daily."""
PURPOSE = "mail.subscription"
DUE = """
SELECT m.id FROM mail.mailbox m JOIN mail.mailbox_health h ON h.mailbox = m.id
WHERE NOT m.is_paused AND h.state = 'working' AND (m.kind = 'graph' OR (m.kind = 'gmail' AND m.pubsub_topic <> ''))
    AND (h.subscribed_until IS NULL OR h.subscribed_until < $1) ORDER BY m.id"""
STORE = """
UPDATE mail.mailbox_health SET subscription = $2, subscribed_until = $3, subscription_error = $4 WHERE mailbox = $1"""


class _Change(msgspec.Struct):
    client_state: str = msgspec.field(default="", name="clientState")


class _Message(msgspec.Struct):
    data: str = ""


class _Ring(msgspec.Struct):
    """What Graph posts (`value`), and what Pub/Sub does (`message`)."""

    value: list[_Change] = []
    message: _Message = msgspec.field(default_factory=_Message)


class _Told(msgspec.Struct):
    address: str = msgspec.field(default="", name="emailAddress")


@actor(queue="bulk", time_limit=300)
async def subscribe(ctx: Context) -> None:
    """Subscribe to mailboxes that nobody rings for, and renew what ends within a day."""
    for row in await ctx.db.fetch(DUE, ctx.now + RENEW):
        await ctx.send(subscribe_one, mailbox_id=row["id"])


@actor(queue="bulk", time_limit=300)
async def subscribe_one(ctx: Context, *, mailbox_id: UUID) -> None:
    """Subscribe to one mailbox; what goes wrong is told on its page, and reading goes on without."""
    mailbox = await ctx.records.get(MAILBOXES, mailbox_id)
    held = await ctx.db.fetch_value(
        "SELECT subscription FROM mail.mailbox_health WHERE mailbox = $1", mailbox_id
    )
    try:
        name, until = await _subscribed(ctx, mailbox, held or "")
    except (LoginRefused, PeerTrouble, Problem) as error:
        await ctx.db.execute(STORE, mailbox_id, "", ctx.now + RENEW + timedelta(hours=1), str(error)[:1000])
        return
    await ctx.db.execute(STORE, mailbox_id, name, until, "")


async def _subscribed(ctx: Context, mailbox: Mapping[str, Any], held: str) -> tuple[str, datetime]:
    url = url_of(ctx, mailbox["id"])
    if mailbox["kind"] == "graph" and not url.startswith("https://"):
        raise PeerTrouble("Microsoft Graph rings at public HTTPS addresses only; the mailbox is polled.")
    peer = await peer_of(ctx, MAILBOXES, mailbox)
    token = await collecting.token_for(ctx, peer)
    until = ctx.now + LASTS
    if mailbox["kind"] == "gmail":
        ends = await Gmail(ctx, peer, token).watch(mailbox["folder"], mailbox["pubsub_topic"])
        # Asked for daily, however long Gmail would go on.
        return mailbox["pubsub_topic"], min(datetime.fromtimestamp(ends / 1000, UTC), ctx.now + 2 * RENEW)
    graph = Graph(ctx, peer, token)
    if held and await graph.renew(held, until):
        return held, until
    return await graph.subscribe(mailbox["folder"], url, token_of(ctx, mailbox["id"]), until), until


def token_of(ctx: Context, mailbox_id: UUID) -> str:
    """Return what names a mailbox and proves that we gave it away."""
    return write_token(ctx.service(Signer), PURPOSE, mailbox_id.hex)


def url_of(ctx: Context, mailbox_id: UUID) -> str:
    """Return where a provider rings for a mailbox."""
    return f"{ctx.service(Network).home}/api/v1/public/email-subscriptions/{token_of(ctx, mailbox_id)}"


@post(
    "/public/email-subscriptions/{token:str}",
    permission=PUBLIC,
    audience="both",
    status=202,
    body_types=("application/json", "text/plain"),
    media_type="text/plain",
    max_body=1 << 18,
    idempotent=False,
    # Pub/Sub may send a token of Google's; what counts is ours, in the address.
    own_authorization=True,
)
async def ring(ctx: Context, token: str, request: WebRequest) -> Response[str]:  # pyright: ignore[reportMissingTypeArgument]
    """Have a mailbox read, since its provider says that mail arrived."""
    mailbox = await _named(ctx, token)
    asked = request.query_params.get("validationToken", "")
    if asked:
        # Graph asks whether we are there, and waits for its own words.
        return Response(asked[:1000], media_type="text/plain", status_code=200)
    try:
        told = msgspec.json.decode(await request.body(), type=_Ring)
        address = _address(told.message.data)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise Invalid(f"The body is no notification: {error}", code="no_notification") from error
    known = any(one.client_state == token for one in told.value)
    if known or (address and comparable(address) == comparable(mailbox["username"] or mailbox["address"])):
        await ctx.as_system().send(collecting.collect, mailbox_id=mailbox["id"])
    return Response("", media_type="text/plain", status_code=202)


def _address(data: str) -> str:
    if not data:
        return ""
    padded = data + "=" * (-len(data) % 4)
    return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_"), type=_Told).address


async def _named(ctx: Context, token: str) -> Mapping[str, Any]:
    try:
        mailbox_id = UUID(hex=read_token(ctx.service(Signer), PURPOSE, token))
    except ValueError:
        raise NotFound("There is no such subscription.") from None
    return await ctx.as_system().records.get(MAILBOXES, mailbox_id)


SCHEDULES = (every("*/10 * * * *", subscribe),)
