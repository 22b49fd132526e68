"""What happens on tickets, as mail to those who take part: acknowledgements, notes, the end (MAIL-05, MAIL-06)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_contacts.api import ContactBook, ContactFacts
from psa_mail import loop_guard
from psa_mail.addresses import comparable, people, written
from psa_mail.api import OUTGOING
from psa_mail.identity import own_addresses
from psa_mail.sending import queue
from psa_mail.settings import MailSettings
from psa_mail.tables import Outgoing
from psa_sdk import Context, on
from psa_sdk.identity import Directory
from psa_ticketing.api import ServiceDesk, TicketFacts, TicketOpened, TicketReplied, TicketStatusChanged

BORN = "SELECT verdict, dmarc, sender, mailbox FROM mail.incoming WHERE ticket = $1 AND outcome IN ('ticket', 'follow_up') LIMIT 1"
BY_MAIL = "SELECT sender FROM mail.incoming WHERE note = $1 LIMIT 1"
KNOWN = (
    "SELECT mailbox, outside_copies, mail_held_at, unverified_sender FROM mail.ticket_mail WHERE ticket = $1"
)
ACKS = """
SELECT count(*) FILTER (WHERE ticket = $1) AS on_ticket, count(*) FILTER (WHERE first_recipient = $2) AS to_sender
FROM mail.outgoing WHERE kind IN ('created', 'resolved') AND created_at > $3 AND (ticket = $1 OR first_recipient = $2)"""
GATHERING = """
SELECT id, notes::text AS notes FROM mail.outgoing WHERE ticket = $1 AND kind = $2 AND state = 'queued' AND attempts = 0
    AND account IS NOT DISTINCT FROM $3 AND created_at > $4 FOR UPDATE SKIP LOCKED"""
NOTE = "SELECT author, author_kind, note_type, is_automated FROM comments.comment WHERE id = $1"


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a mail about a ticket may go to, as header texts; `mailbox` speaks."""

    mailbox: UUID | None
    requester: str
    copies: tuple[str, ...]
    staff: tuple[tuple[UUID, str], ...]


@on(TicketOpened)
async def acknowledge(ctx: Context, event: TicketOpened) -> None:
    """Tell the requester that the ticket is there, unless a machine wrote, or too much was told already."""
    settings = await ctx.settings(MailSettings)
    if event.source not in settings.acknowledged_sources:
        return
    born = await ctx.db.fetch_one(BORN, event.ticket_id)
    if event.source == "email":
        if born is None or born["verdict"] != "human" or born["dmarc"] == "fail":
            return
        mailbox = await ctx.records.get("email-mailboxes", born["mailbox"]) if born["mailbox"] else None
        if mailbox is None or not mailbox["acknowledges"]:
            return
    await _automatic(ctx, event.ticket_id, "created", sender=born["sender"] if born else "")


@on(TicketStatusChanged)
async def tell_resolved(ctx: Context, event: TicketStatusChanged) -> None:
    """Tell the requester that the ticket is solved."""
    if event.after == "resolved" and (await ctx.settings(MailSettings)).tells_when_resolved:
        await _automatic(ctx, event.ticket_id, "resolved")


async def ask_for_rating(ctx: Context, ticket_id: UUID, survey_id: UUID) -> None:
    """Ask the requester how they found the help, once for a survey."""
    if not await ctx.as_system().records.count(OUTGOING, Outgoing.request == survey_id):
        await _automatic(ctx, ticket_id, "survey", request=survey_id)


@on(TicketReplied)
async def pass_on(ctx: Context, event: TicketReplied) -> None:
    """Mail a note that the client may see to those who take part, its author left out."""
    if event.note_type == "internal":
        return
    note = await ctx.db.fetch_one(NOTE, event.comment_id)
    if note is None or note["note_type"] == "internal":
        return
    by_mail = await ctx.db.fetch_value(BY_MAIL, event.comment_id)
    desk = ctx.service(ServiceDesk)
    facts = (await desk.tickets([event.ticket_id])).get(event.ticket_id)
    if facts is None or (note["is_automated"] and by_mail):
        return
    audience = await audience_of(ctx, facts, author=note["author"], address=by_mail or "")
    settings = await ctx.settings(MailSettings)
    gather = timedelta(seconds=settings.gather_seconds)
    # A client's mail has reached those in copy already.
    clients = audience if by_mail is None or event.by == "staff" else None
    if clients is not None:
        to = [clients.requester] if clients.requester else list(clients.copies[:1])
        cc = [one for one in clients.copies if one not in to]
        if to:
            values = {"to_addresses": to, "cc_addresses": cc, "is_automatic": event.by == "system"}
            await _gather(ctx, facts, "reply", event.comment_id, audience.mailbox, values, gather)
    if settings.mails_watchers:
        for account, address in audience.staff:
            values = {"to_addresses": [address], "account": account, "is_automatic": True}
            await _gather(ctx, facts, "notice", event.comment_id, audience.mailbox, values, gather)


async def _gather(
    ctx: Context,
    facts: TicketFacts,
    kind: Literal["reply", "notice"],
    note: UUID,
    mailbox: UUID | None,
    values: dict[str, Any],
    gather: timedelta,
) -> None:
    """Add a note to a mail that hasn't left yet, or begin one (NTF-03)."""
    await ctx.db.lock("mail.gather", facts.id)
    account = values.get("account")
    waiting = await ctx.db.fetch_one(GATHERING, facts.id, kind, account, ctx.now - gather)
    if waiting is not None:
        notes = msgspec.json.decode(waiting["notes"], type=list[str])
        if str(note) not in notes:
            automatic = {} if values["is_automatic"] else {"is_automatic": False}
            await ctx.as_system().records.update(
                OUTGOING, waiting["id"], {"notes": [*notes, str(note)], **automatic}
            )
        return
    values = {
        **values,
        "kind": kind,
        "ticket": facts.id,
        "notes": [str(note)],
        "mailbox": mailbox,
        "title": facts.title,
    }
    await queue(ctx, values, delay=gather or None)


async def _automatic(
    ctx: Context,
    ticket_id: UUID,
    kind: Literal["created", "resolved", "survey"],
    *,
    sender: str = "",
    request: UUID | None = None,
) -> None:
    """Send the requester a mail that no person wrote, within the bounds of the loop guard."""
    facts = (await ctx.service(ServiceDesk).tickets([ticket_id])).get(ticket_id)
    if facts is None:
        return
    known = await ctx.db.fetch_one(KNOWN, ticket_id)
    if known is not None and (known["mail_held_at"] is not None or known["unverified_sender"]):
        return
    audience = await audience_of(ctx, facts)
    to = audience.requester or sender
    if not to or comparable(people([to])[0].email) in await own_addresses(ctx):
        return
    if kind == "created":
        address = people([to])[0].email
        row = await ctx.db.fetch_one(ACKS, ticket_id, address, ctx.now - loop_guard.ACK_WINDOW)
        recent = loop_guard.Recent(
            acks_on_ticket=row["on_ticket"] if row else 0, acks_to_sender=row["to_sender"] if row else 0
        )
        if not loop_guard.may_acknowledge(recent):
            return
    values = {
        "kind": kind,
        "ticket": ticket_id,
        "mailbox": audience.mailbox,
        "to_addresses": [to],
        "title": facts.title,
        "request": request,
    }
    await queue(ctx, values)


async def audience_of(
    ctx: Context, facts: TicketFacts, *, author: UUID | None = None, address: str = ""
) -> Audience:
    """Return whom mail about a ticket goes to; whoever wrote (an account, an address) is left out."""
    present = await ctx.service(ServiceDesk).people(facts.id)
    known = await ctx.db.fetch_one(KNOWN, facts.id)
    own = await own_addresses(ctx)
    wanted = [one for one in (facts.contact_id, *present.copied) if one is not None]
    contacts = await ctx.service(ContactBook).contacts(wanted)

    def reachable(contact: ContactFacts | None) -> str:
        if contact is None or not contact.email or contact.is_archived:
            return ""
        mine = comparable(contact.email)
        wrote = mine == comparable(address) if address else False
        wrote = wrote or (author is not None and contact.portal_user_id == author)
        return "" if wrote or mine in own else written(contact.email, contact.name)

    requester = reachable(contacts.get(facts.contact_id)) if facts.contact_id else ""
    outside: Sequence[str] = known["outside_copies"] if known else ()
    copies = [reachable(contacts.get(one)) for one in present.copied]
    copies += [one for one in outside if one != comparable(address) and one not in own]
    staff = [one for one in (*present.watching, facts.assigned_to_id) if one is not None and one != author]
    users = await ctx.service(Directory).users(list(dict.fromkeys(staff)))
    return Audience(
        mailbox=known["mailbox"] if known else None,
        requester=requester,
        copies=tuple(dict.fromkeys(one for one in copies if one and one != requester)),
        staff=tuple(
            (one.id, written(one.email, one.name))
            for one in users.values()
            if one.status == "active" and comparable(one.email) != comparable(address or "@")
        ),
    )
