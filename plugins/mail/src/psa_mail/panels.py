"""What pages and buttons of mail load and do."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_mail import subscriptions
from psa_mail.api import INCOMING, MAILBOXES, OUTGOING
from psa_mail.tables import Incoming, Outgoing
from psa_sdk import Answer, Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Problem
from psa_sdk.ui import Done

SHOWN = 200_000
"""Characters of an original that its page shows; the download has all."""
KNOWN = "SELECT * FROM mail.ticket_mail WHERE ticket = $1"
FAILED = "SELECT count(*) FROM mail.outgoing WHERE ticket = $1 AND state IN ('failed', 'bounced')"
WAITING = "SELECT count(*) FROM mail.incoming WHERE mailbox = $1 AND state IN ('failed', 'held')"


async def marks(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load what is unusual about a ticket's mail; None where nothing is."""
    row = await ctx.db.fetch_one(KNOWN, id)
    failed = await ctx.db.fetch_value(FAILED, id)
    if row is None and not failed:
        return None
    found = {
        "unverified": row is not None and row["unverified_sender"],
        "held": row is not None and row["mail_held_at"] is not None,
        "bounced": (row is not None and row["mail_bounced_at"] is not None) or failed,
        "possible": row["possible_reply_to"] if row is not None else None,
    }
    return found if any(found.values()) else None


async def messages(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load the last mails of a ticket, in and out."""
    incoming = await ctx.records.find(INCOMING, Incoming.ticket == id, order="-created_at", limit=20)
    outgoing: Sequence[Mapping[str, Any]] = ()
    if ctx.principal.allows("mail.outgoing_emails.read"):
        outgoing = await ctx.records.find(OUTGOING, Outgoing.ticket == id, order="-created_at", limit=20)
    rows = [{**row, "direction": "in"} for row in incoming] + [
        {**row, "direction": "out"} for row in outgoing
    ]
    rows.sort(key=lambda row: row["created_at"], reverse=True)
    return {"rows": rows[:12]} if rows else None


async def health(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load how reading a mailbox goes, and what waits for somebody."""
    if id is None:
        return None
    found = (await ctx.service(Documents).one(MAILBOXES, id)).items[0].attributes
    # Whoever sets up Google's Pub/Sub enters it there; the others are told by ourselves.
    push_url = subscriptions.url_of(ctx, id) if found["kind"] == "gmail" else ""
    waiting = await ctx.db.fetch_value(WAITING, id)
    return {"mailbox": found, "waiting": waiting, "id": id, "push_url": push_url}


async def told(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load why a message became what it is."""
    if id is None:
        return None
    return {"mail": await ctx.records.get(INCOMING, id), "id": id}


async def original(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load a message as it came, as text: nothing in it is run or fetched."""
    row = await ctx.records.get(INCOMING, id)
    raw = b"".join([chunk async for chunk in ctx.as_system().files.read(row["source_file"])])
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return {
        "mail": row,
        "head": head.decode("utf-8", "replace")[:SHOWN],
        "body": body.decode("utf-8", "replace")[:SHOWN],
        "is_cut": len(body) > SHOWN,
    }


async def pause(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Stop looking into mailboxes."""
    await _each(ctx, MAILBOXES, ids, "pause")
    return Done(toast="Paused", refresh=(MAILBOXES,))


async def resume(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Look into mailboxes again."""
    await _each(ctx, MAILBOXES, ids, "resume")
    return Done(toast="Resumed", refresh=(MAILBOXES,))


async def resync(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Read mailboxes from their beginning."""
    await _each(ctx, MAILBOXES, ids, "resync")
    return Done(toast="Being read again", refresh=(MAILBOXES,))


async def check(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Log in to mailboxes and tell the first trouble."""
    for answer in await _each(ctx, MAILBOXES, ids, "check"):
        if isinstance(answer, Answer) and not answer.attributes.works:
            return Done(toast=answer.attributes.detail[:300])
    return Done(toast="The log-in works")


async def retry(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Work on messages again; those that need none are left alone."""
    done = 0
    for one in ids:
        try:
            await ctx.service(Documents).call("POST", f"/{INCOMING}/{one}/retry")
            done += 1
        except Problem as problem:
            if len(ids) == 1:
                return Done(toast=str(problem))
    return Done(toast="Worked on again" if done else "Nothing to do", refresh=(INCOMING, "tickets"))


async def _each(ctx: Context, resource: str, ids: Sequence[UUID], verb: str) -> list[Any]:
    return [await ctx.service(Documents).call("POST", f"/{resource}/{one}/{verb}") for one in ids]
