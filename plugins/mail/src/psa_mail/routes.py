"""Actions on mailboxes, transports and messages."""

from uuid import UUID

import msgspec
from litestar import Response

from psa_mail.api import INCOMING, MAILBOXES, TRANSPORTS
from psa_mail.collecting import collect, try_out
from psa_mail.intake import take_in
from psa_mail.peers import LoginRefused, PeerTrouble
from psa_mail.processing import work_off, work_on
from psa_mail.sending import send_test
from psa_mail.shapes import Address
from psa_sdk import Answer, Context, Record, get, post
from psa_sdk.errors import Conflict, Invalid, Unavailable
from psa_sdk.web import WebRequest

PUSH = "mail.messages.push"
OPERATE = "mail.email_mailboxes.operate"
SOURCE = "mail.incoming_emails.source"
RETRY = "mail.incoming_emails.retry"
RESYNC = """
UPDATE mail.mailbox_health SET position = '{}', failures = 0, refused_logins = 0, next_check_at = $2
WHERE mailbox = $1"""
RELEASE = "UPDATE mail.ticket_mail SET mail_held_at = NULL WHERE ticket = $1"


class Taken(msgspec.Struct, kw_only=True):
    """Whether a message is new here; `id` names it."""

    incoming: UUID | None
    is_new: bool


class Checked(msgspec.Struct, kw_only=True):
    """What a trial showed."""

    works: bool
    detail: str


class TestMail(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a test goes."""

    to: Address


@post("/email-mailboxes/{id:uuid}/pause", permission=OPERATE, returns=MAILBOXES)
async def pause(ctx: Context, id: UUID) -> Record:
    """Stop looking into a mailbox; what is in it stays there."""
    await ctx.records.update(
        MAILBOXES, id, {"is_paused": True, "paused_because": f"Paused by {ctx.principal.label}"}
    )
    return Record(MAILBOXES, id)


@post("/email-mailboxes/{id:uuid}/resume", permission=OPERATE, returns=MAILBOXES)
async def resume(ctx: Context, id: UUID) -> Record:
    """Look into a mailbox again, at once."""
    await ctx.records.update(MAILBOXES, id, {"is_paused": False})
    return Record(MAILBOXES, id)


@post("/email-mailboxes/{id:uuid}/resync", permission=OPERATE, returns=MAILBOXES)
async def resync(ctx: Context, id: UUID) -> Record:
    """Read a mailbox from its beginning; what is known is recognised and left alone (MAIL-15)."""
    await ctx.records.get(MAILBOXES, id)
    await ctx.db.execute(RESYNC, id, ctx.now)
    await ctx.audit("resync", MAILBOXES, id)
    await ctx.send(collect, mailbox_id=id)
    return Record(MAILBOXES, id)


@post(
    "/email-mailboxes/{id:uuid}/check",
    permission=OPERATE,
    returns=Checked,
    answer_type="mail-checks",
    idempotent=False,
)
async def check(ctx: Context, id: UUID) -> Answer:
    """Log in to a mailbox and open its folder."""
    mailbox = await ctx.records.get(MAILBOXES, id)
    try:
        await try_out(ctx, mailbox)
    except (LoginRefused, PeerTrouble) as error:
        return Answer(type="mail-checks", id=str(id), attributes=Checked(works=False, detail=str(error)))
    return Answer(type="mail-checks", id=str(id), attributes=Checked(works=True, detail=""))


@post(
    "/email-transports/{id:uuid}/test",
    permission="mail.email_transports.update",
    returns=Checked,
    answer_type="mail-checks",
    idempotent=False,
)
async def test_transport(ctx: Context, id: UUID, body: TestMail) -> Answer:
    """Send a short mail through a transport and tell what the server says."""
    transport = await ctx.records.get(TRANSPORTS, id)
    try:
        found = await send_test(ctx, transport, body.to)
    except (LoginRefused, PeerTrouble, Unavailable) as error:
        return Answer(type="mail-checks", id=str(id), attributes=Checked(works=False, detail=str(error)))
    checked = Checked(works=found.state == "accepted", detail=found.detail)
    return Answer(type="mail-checks", id=str(id), attributes=checked)


@post(
    "/email-mailboxes/{id:uuid}/messages",
    permission=PUSH,
    returns=Taken,
    answer_type="taken-messages",
    status=202,
    body_types=("message/rfc822",),
    max_body=64 << 20,
    idempotent=False,
)
async def push(ctx: Context, id: UUID, request: WebRequest) -> Answer:  # pyright: ignore[reportMissingTypeArgument]
    """Take in a message as it came, from a mail server that delivers over HTTP; safe to repeat."""
    mailbox = await ctx.records.get(MAILBOXES, id)
    raw = await request.body()
    if not raw.strip():
        raise Invalid("The body is the message (RFC 5322); it is empty.", code="empty_message")
    incoming = await take_in(ctx, mailbox, raw, envelope_to=request.headers.get("x-envelope-to", "")[:254])
    if incoming is not None:
        await ctx.send(work_off)
    attributes = Taken(incoming=incoming, is_new=incoming is not None)
    return Answer(type="taken-messages", id=str(incoming or id), attributes=attributes, status=202)


@post("/incoming-emails/{id:uuid}/retry", permission=RETRY, returns=INCOMING)
async def retry(ctx: Context, id: UUID) -> Record:
    """Work on a message again that failed or was held back; a held thread is let go on."""
    row = await ctx.records.get(INCOMING, id, lock=True)
    if row["state"] not in {"failed", "held"}:
        raise Conflict(
            "Only a message that failed or is held can be worked on again.", code="already_processed"
        )
    if row["ticket"] is not None:
        await ctx.db.execute(RELEASE, row["ticket"])
    await work_on(ctx.as_system(), row, release=True)
    return Record(INCOMING, id)


@get("/incoming-emails/{id:uuid}/source", permission=SOURCE, media_type="message/rfc822", writes=True)
async def source(ctx: Context, id: UUID) -> Response[bytes]:
    """Download a message as it came; audited."""
    row = await ctx.records.get(INCOMING, id)
    content = b"".join([chunk async for chunk in ctx.as_system().files.read(row["source_file"])])
    await ctx.audit("source", INCOMING, id)
    return Response(
        content,
        media_type="message/rfc822",
        headers={
            "Content-Disposition": f'attachment; filename="{id}.eml"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


ALL = (pause, resume, resync, check, test_transport, push, retry, source)
