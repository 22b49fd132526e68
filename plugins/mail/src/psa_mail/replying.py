"""A mail that becomes a note: whose word it is, who sees it, and what it does to the ticket (MAIL-04, MAIL-12)."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_comments.api import COMMENTS
from psa_mail import keeping, threads
from psa_mail.addresses import Person
from psa_mail.bodies import body_of, shortened, with_images
from psa_mail.cases import Case, is_own
from psa_mail.senders import sender_of
from psa_sdk import Context
from psa_sdk.identity import Directory
from psa_sdk.tables import new_id
from psa_ticketing.api import TICKETS, ServiceDesk, TicketFacts

MOST_PEOPLE = 20
_INTERNAL = re.compile(r"^\s*\\?#internal\b[ \t]*\\?\n?", re.IGNORECASE)
COPY = """
INSERT INTO mail.ticket_mail AS t (id, ticket, outside_copies) VALUES (psa.new_id(), $1, $2::text[])
ON CONFLICT (tenant_id, ticket) DO UPDATE SET outside_copies =
    (SELECT coalesce(array_agg(DISTINCT one), '{}') FROM unnest(t.outside_copies || $2::text[]) AS one)"""
FLAG = """
INSERT INTO mail.ticket_mail AS t (id, ticket, mailbox, unverified_sender) VALUES (psa.new_id(), $1, $2, $3)
ON CONFLICT (tenant_id, ticket) DO UPDATE SET mailbox = coalesce(t.mailbox, $2),
    unverified_sender = t.unverified_sender OR $3"""


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """Whose note it is and how it counts."""

    note_type: str
    automated: bool
    staff: UUID | None = None


def word_of(case: Case, *, marked_internal: bool) -> Word:
    """Return whose word a reply is.

    Staff count as staff only when the token was sent to them, or the trusted server vouches for the sender: anybody
    can write a sender's name. What isn't vouched for stays internal and moves nothing (MAIL-14).
    """
    automated = case.effects.automated
    if not case.is_trusted:
        return Word(note_type="internal", automated=True)
    if case.sender.staff is not None:
        if automated:
            return Word(note_type="internal", automated=True)
        if case.found.proven or case.dmarc == "pass":
            kind = "internal" if marked_internal else "public"
            return Word(note_type=kind, automated=False, staff=case.sender.staff.id)
        return Word(note_type="internal", automated=True)
    return Word(note_type="public", automated=automated)


async def add_note(ctx: Context, case: Case, ticket: TicketFacts) -> UUID:
    """Add a mail to its ticket as a note, with its files."""
    body = body_of(case.mail, strip_quotes=case.settings.strips_quotes)
    marked = case.sender.staff is not None and _INTERNAL.match(body.content) is not None
    word = word_of(case, marked_internal=marked)
    kept = await keeping.choose(ctx, case.mail, body.images)
    content = with_images(
        _INTERNAL.sub("", body.content) if marked else body.content, kept.urls, kept.collapsed
    )
    content = with_notices(content, kept.notices)
    note_id = new_id()
    values: dict[str, Any] = {
        "subject_kind": TICKETS,
        "subject_id": ticket.id,
        "note_type": word.note_type,
        "content": shortened(content or "*(no text)*"),
        "is_automated": word.automated,
    }
    writer = ctx.as_system()
    if word.staff is not None:
        writer = await ctx.service(Directory).as_account(word.staff)
    else:
        contact = case.sender.contact
        name = (contact.name if contact else "") or case.sender.person.name or case.sender.person.email
        values |= {
            "author_kind": "portal",
            "author_name": name[:200],
            "author": contact.portal_user_id if contact else None,
        }
    await threads.remember(ctx, case.mail.message_id, ticket.id, direction="in")
    await ctx.db.execute(FLAG, ticket.id, case.mailbox["id"], not case.is_trusted)
    await writer.records.create(COMMENTS, values, id=note_id)
    refused = await keeping.store(ctx, kept, (COMMENTS, note_id), internal=word.note_type == "internal")
    if refused:
        await ctx.as_system().records.update(
            COMMENTS, note_id, {"content": with_notices(values["content"], refused)}
        )
    if case.is_trusted and not word.automated:
        await add_people(ctx, case, ticket.id, ticket.company_id, ticket.contact_id)
    return note_id


def with_notices(content: str, notices: Sequence[str]) -> str:
    r"""Return a text with what is to be said about the mail itself below it.

    Example:
        >>> with_notices("Hi", ["big.zip was left out."])
        'Hi\\n\\n*big.zip was left out.*'
    """
    return "\n\n".join([content, *(f"*{notice.replace('*', '')}*" for notice in notices)]).strip()


async def add_people(
    ctx: Context, case: Case, ticket_id: UUID, company_id: UUID | None, requester: UUID | None
) -> None:
    """Let others that the mail was sent to take part: contacts of the company, outsiders where wanted (MAIL-13)."""
    present = await ctx.service(ServiceDesk).people(ticket_id)
    contacts: list[UUID] = []
    outside: list[str] = []
    addressed: list[Person] = [case.sender.person, *case.mail.to, *case.mail.cc]
    for person in addressed[:MOST_PEOPLE]:
        if is_own(person.email, case.own):
            continue
        found = case.sender if person is case.sender.person else await sender_of(ctx, person)
        if found.staff is not None:
            continue
        if found.contact is not None and found.contact.company_id == company_id and company_id is not None:
            if found.contact.id != requester and found.contact.id not in present.copied:
                contacts.append(found.contact.id)
        elif case.mailbox["keeps_outside_copies"] and (
            found.contact is None or found.contact.id != requester
        ):
            outside.append(person.email)
    if contacts:
        await ctx.as_system().records.link(TICKETS, ticket_id, "cc_contacts", list(dict.fromkeys(contacts)))
    if outside:
        await ctx.db.execute(COPY, ticket_id, list(dict.fromkeys(outside)))
