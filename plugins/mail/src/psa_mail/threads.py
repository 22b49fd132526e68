"""The ticket that a mail belongs to, from what is stored (MAIL-01)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_mail import reply_tokens, threading
from psa_mail.mime_reading import Mail
from psa_mail.senders import Sender
from psa_sdk import Context
from psa_sdk.signing import Signer
from psa_ticketing.api import ServiceDesk, TicketFacts

BY_ID = "SELECT message_id, ticket FROM mail.thread_entry WHERE message_id = ANY ($1::text[]) ORDER BY created_at DESC"
OUTSIDE = "SELECT ticket FROM mail.ticket_mail WHERE ticket = ANY ($1::uuid[]) AND $2 = ANY (outside_copies)"
ADD = """
INSERT INTO mail.thread_entry (id, message_id, ticket, direction, is_root)
VALUES (psa.new_id(), $1, $2, $3, $4) ON CONFLICT DO NOTHING"""
ENTRIES = "SELECT message_id, is_root FROM mail.thread_entry WHERE ticket = $1 ORDER BY created_at, id"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket, after merges; whether a token proves that the mail that it answers was sent to this person."""

    match: threading.Match
    ticket: TicketFacts | None = None
    proven: bool = False


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """The Message-IDs of a ticket: the first, the last, and all in order."""

    root: str = ""
    last: str = ""
    ids: Sequence[str] = ()


async def thread_of(ctx: Context, mail: Mail, sender: Sender, recipients: Sequence[str]) -> Found:
    """Find a mail's ticket."""
    desk, signer = ctx.service(ServiceDesk), ctx.service(Signer)
    staff = sender.staff.id if sender.staff else None
    by_token: list[UUID] = []
    proven = False
    for token in reply_tokens.tokens_in(recipients):
        own = staff is not None and reply_tokens.is_genuine(signer, token, staff)
        if own or reply_tokens.is_genuine(signer, token):
            facts = await desk.by_number(str(token.ticket_number))
            if facts is not None:
                by_token.append(facts.id)
                proven = proven or own
    ids = list(dict.fromkeys((*mail.in_reply_to, *mail.references, *mail.reported_ids)))
    by_id = {row["message_id"]: row["ticket"] for row in await ctx.db.fetch(BY_ID, ids)} if ids else {}
    named = [await desk.by_number(str(number)) for number in threading.ticket_numbers(mail.subject)[:5]]
    tickets = [facts for facts in named if facts is not None]
    match = threading.match(
        by_token=by_token,
        by_id=by_id,
        in_reply_to=[*mail.reported_ids, *mail.in_reply_to],
        references=mail.references,
        by_subject=[facts.id for facts in tickets],
        takes_part=await _taking_part(ctx, tickets, sender),
    )
    if match.ticket is None:
        return Found(match=match)
    ticket_id = await desk.surviving(match.ticket)
    return Found(match=match, ticket=(await desk.tickets([ticket_id])).get(ticket_id), proven=proven)


async def _taking_part(ctx: Context, tickets: Sequence[TicketFacts], sender: Sender) -> Mapping[UUID, bool]:
    if not tickets:
        return {}
    ids = [facts.id for facts in tickets]
    contact = sender.contact.id if sender.contact else None
    copied: set[Any] = {row["ticket"] for row in await ctx.db.fetch(OUTSIDE, ids, sender.person.email)}
    if contact is not None:
        desk = ctx.service(ServiceDesk)
        copied |= {ticket for ticket in ids if contact in (await desk.people(ticket)).copied}
    return {
        facts.id: facts.id in copied
        or sender.staff is not None
        or (contact is not None and contact == facts.contact_id)
        or (sender.company_id is not None and sender.company_id == facts.company_id)
        for facts in tickets
    }


async def remember(
    ctx: Context, message_id: str, ticket: UUID, *, direction: str, root: bool = False
) -> None:
    """Let a Message-ID lead to a ticket."""
    await ctx.db.execute(ADD, message_id, ticket, direction, root)


async def thread(ctx: Context, ticket: UUID) -> Thread:
    """Return what a mail about a ticket refers to."""
    rows = await ctx.db.fetch(ENTRIES, ticket)
    ids = [row["message_id"] for row in rows if not row["message_id"].startswith("sha256:")]
    root = next(
        (row["message_id"] for row in rows if row["is_root"] and row["message_id"] in ids),
        ids[0] if ids else "",
    )
    return Thread(root=root, last=ids[-1] if ids else "", ids=ids)
