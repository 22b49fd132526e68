"""What goes out: a row in the transaction that causes it, handed to a transport after the commit, tried until it is taken."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psa_comments.api import render
from psa_mail import identity, oauth
from psa_mail.addresses import Person, people, written
from psa_mail.api import OUTGOING, TRANSPORTS, MailBounced
from psa_mail.composing import Draft, composed
from psa_mail.drafting import Nothing, draft_of
from psa_mail.gmail import Gmail
from psa_mail.graph import Graph
from psa_mail.peers import LoginRefused, PeerTrouble, peer_of
from psa_mail.smtp import SmtpTransport
from psa_sdk import Context, actor
from psa_sdk.errors import Invalid, Problem
from psa_sdk.hooks import psa_mail_transport
from psa_sdk.mail import Delivery, Envelope, Letter, MailTransport
from psa_sdk.tables import new_id

PAUSES = (1, 5, 15, 60, 120, 240, 480, 720, 720)
"""Minutes between tries; a mail that nobody took in two days has failed."""


class StoredMailer:
    """Implements `psa_sdk.mail.Mailer`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def send(self, letter: Letter) -> UUID:
        """Queue a mail with the commit and return its id."""
        named: dict[str, list[str]] = {}
        for name, given in (("to", letter.to), ("cc", letter.cc)):
            found = [people([address]) for address in given]
            if any(len(one) != 1 for one in found):
                wrong = next(address for address, one in zip(given, found, strict=True) if len(one) != 1)
                raise Invalid(
                    f"{wrong!r} is no e-mail address.",
                    code="invalid_email",
                    pointer=f"/data/attributes/{name}",
                )
            named[name] = [written(one[0].email, one[0].name) for one in found]
        about = letter.subject_of
        return await queue(
            self._ctx,
            {
                "kind": "letter",
                "to_addresses": named["to"],
                "cc_addresses": named["cc"],
                "reply_to": letter.reply_to,
                "title": letter.subject,
                "body_text": letter.text,
                "body_html": letter.html,
                "body_calendar": letter.calendar,
                "files": [str(one) for one in letter.files],
                "is_automatic": letter.automatic,
                "ticket": about[1] if about is not None and about[0] == "tickets" else None,
            },
        )


async def queue(ctx: Context, values: Mapping[str, Any], *, delay: timedelta | None = None) -> UUID:
    """Queue a mail with the commit and return its id."""
    outgoing_id = new_id()
    recipients = people([*values.get("to_addresses", ()), *values.get("cc_addresses", ())])
    first = recipients[0].email if recipients else ""
    await ctx.as_system().records.create(OUTGOING, {"first_recipient": first, **values}, id=outgoing_id)
    await ctx.send(deliver, outgoing_id=outgoing_id, delay=delay)
    return outgoing_id


@actor(queue="critical", time_limit=180, max_attempts=20)
async def deliver(ctx: Context, *, outgoing_id: UUID) -> None:
    """Hand a queued mail to a transport.

    If this process dies after the server took it and before the commit, it is sent again under the same Message-ID.
    """
    row = await ctx.records.get(OUTGOING, outgoing_id, lock=True)
    if row["state"] != "queued":
        return
    try:
        draft = await draft_of(ctx, row)
    except Nothing as nothing:
        await ctx.records.update(OUTGOING, outgoing_id, {"state": "failed", "error": str(nothing)})
        return
    try:
        transport = await _transport(ctx, draft.transport)
        envelope = Envelope(sender=draft.sender, recipients=draft.recipients, content=draft.content)
        delivery = await transport.deliver(envelope)
    except (LoginRefused, PeerTrouble, Problem) as error:
        delivery = Delivery(state="later", detail=str(error))
    await _settle(ctx, row, delivery, {**draft.values, "message_id": draft.message_id})
    if delivery.state == "accepted":
        await draft.sent(ctx)


async def _settle(ctx: Context, row: Mapping[str, Any], delivery: Delivery, values: dict[str, Any]) -> None:
    tries = row["attempts"]
    values |= {"attempts": tries + 1, "error": delivery.detail[:1000]}
    if delivery.state == "accepted":
        values |= {"state": "sent", "sent_at": ctx.now}
        values["error"] = "; ".join(f"{address}: {words}" for address, words in delivery.refused)[:2000]
    elif delivery.state == "refused" or tries >= len(PAUSES):
        values["state"] = "failed"
    else:
        await ctx.send(deliver, outgoing_id=row["id"], delay=timedelta(minutes=PAUSES[tries]))
    await ctx.records.update(OUTGOING, row["id"], values)
    if values.get("state") == "failed":
        await ctx.emit(MailBounced(outgoing_id=row["id"], detail=delivery.detail[:500]))


async def _transport(ctx: Context, row: Mapping[str, Any] | None) -> MailTransport:
    """Return what carries a mail."""
    given = ctx.ask(psa_mail_transport)
    if given:
        chosen = given[0]
        assert chosen is not None
        return chosen
    if row is None:
        raise PeerTrouble("There is no mail transport; set one up and make it the default.")
    peer = await peer_of(ctx, TRANSPORTS, row)
    token = await oauth.access_token(ctx, peer) if peer.authentication not in {"password", "none"} else ""
    if row["kind"] == "graph":
        return Graph(ctx, peer, token)
    if row["kind"] == "gmail":
        return Gmail(ctx, peer, token)
    return SmtpTransport(peer, token)


async def send_test(ctx: Context, transport: Mapping[str, Any], to: str) -> Delivery:
    """Send a short mail through a transport and tell what the server says."""
    text = "This is a test of the transport. Nothing needs to be done."
    domain = transport["from_address"].rpartition("@")[2]
    content = composed(
        Draft(
            sender=Person(transport["from_address"], transport["from_name"]),
            to=[Person(to)],
            subject="Test",
            text=text,
            html=render(text),
            message_id=f"{new_id()}@{domain}",
            date=ctx.now,
            automatic=True,
            origin=identity.origin_of(ctx),
        )
    )
    carrier = await _transport(ctx, transport)
    envelope = Envelope(sender=transport["from_address"], recipients=(to,), content=content)
    return await carrier.deliver(envelope)
