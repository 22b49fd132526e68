"""Writing a queued mail at the moment it leaves: its notes, its words, its thread (MAIL-06, TIC-64)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from psa_comments.api import COMMENTS, render
from psa_contacts.api import ContactBook
from psa_mail import identity, message_ids, reply_tokens, templates, threads
from psa_mail.addresses import Person, people
from psa_mail.api import TEMPLATES
from psa_mail.composing import Draft, Enclosure, composed, plain
from psa_mail.settings import MIB, MailSettings
from psa_sdk import Context
from psa_sdk.errors import NotFound, Problem
from psa_sdk.identity import Directory
from psa_sdk.network import Network
from psa_sdk.signing import Signer
from psa_ticketing.api import ServiceDesk, SurveyLinks, TicketFacts

MOST_ENCLOSED = 18 * MIB
"""Bytes of files in one mail; base64 makes them a third more, and many servers take 25 MiB."""
RESET = {"staff": "/ui/reset", "portal": "/portal/reset"}
SURVEY = "/portal/survey/"


class Nothing(Exception):
    """There is nothing to send any more: notes were deleted, a password request is over."""


class Written(msgspec.Struct, kw_only=True):
    """A mail, ready to be handed over; `sent` notes on the records it is about that it left."""

    content: bytes
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    transport: Mapping[str, Any] | None
    values: dict[str, Any]
    sent: Callable[[Context], Awaitable[None]]


class Text(msgspec.Struct, kw_only=True):
    """A mail's words, before it has headers."""

    title: str
    text: str
    html: str
    calendar: str = ""
    notes: list[UUID] = []
    enclosures: list[Enclosure] = []


async def draft_of(ctx: Context, row: Mapping[str, Any]) -> Written:
    """Write a queued mail; raises `Nothing`."""
    facts: TicketFacts | None = None
    if row["ticket"] is not None:
        desk = ctx.service(ServiceDesk)
        ticket_id = await desk.surviving(row["ticket"])
        facts = (await desk.tickets([ticket_id])).get(ticket_id)
        if facts is None:
            raise Nothing("The ticket is gone.")
    voice = await identity.voice_of(ctx, row["mailbox"])
    if not voice.address:
        raise Nothing("There is neither a mailbox nor a transport to send from.")
    if row["kind"] == "letter":
        text = Text(
            title=row["title"], text=row["body_text"], html=row["body_html"], calendar=row["body_calendar"]
        )
        text.enclosures = await _enclosed(ctx, [UUID(one) for one in row["files"]])
    elif row["kind"] in {"password_reset", "invitation"}:
        text = await _password(ctx, row)
    elif facts is not None:
        text = await _about(ctx, row, facts)
    else:
        raise Nothing("The mail is about no ticket.")
    return await _written(ctx, row, facts, voice, text)


async def _written(
    ctx: Context, row: Mapping[str, Any], facts: TicketFacts | None, voice: identity.Voice, text: Text
) -> Written:
    domain = voice.address.rpartition("@")[2]
    part = str(text.notes[-1]) if text.notes else str(row["id"])
    suffix = f"-{str(row['account'])[-12:]}" if row["account"] and facts else ""
    message_id = row["message_id"] or (
        message_ids.made(facts.id, f"{part}{suffix}", domain) if facts else f"{row['id']}@{domain}"
    )
    chain = await threads.thread(ctx, facts.id) if facts else threads.Thread()
    reply_to = row["reply_to"]
    if facts is not None and voice.mailbox is not None and voice.mailbox["plus_addressing"] and not reply_to:
        number = int(facts.number.lstrip("T"))
        reply_to = reply_tokens.address_for(
            ctx.service(Signer), voice.mailbox["address"], number, row["account"]
        )
    to, cc = people(row["to_addresses"]), people(row["cc_addresses"])
    content = composed(
        Draft(
            sender=Person(voice.address, voice.name),
            to=to,
            cc=cc,
            subject=text.title,
            text=text.text,
            html=text.html,
            calendar=text.calendar,
            message_id=message_id,
            date=ctx.now,
            reply_to=reply_to if reply_to != voice.address else "",
            in_reply_to=chain.last,
            references=message_ids.references(chain.root, list(chain.ids), chain.last),
            automatic=row["is_automatic"],
            origin=identity.origin_of(ctx),
            enclosures=text.enclosures,
        )
    )

    async def sent(ctx: Context) -> None:
        if facts is not None:
            await threads.remember(ctx, message_id, facts.id, direction="out")
        for note in text.notes:
            if not row["account"]:
                await ctx.as_system().records.update(COMMENTS, note, {"is_email_sent": True})

    return Written(
        content=content,
        sender=voice.address,
        recipients=tuple(one.email for one in [*to, *cc]),
        message_id=message_id,
        transport=voice.transport,
        values={"title": text.title, "transport": voice.transport["id"] if voice.transport else None},
        sent=sent,
    )


async def _about(ctx: Context, row: Mapping[str, Any], facts: TicketFacts) -> Text:
    """Return the words of a mail about a ticket, in the language of whom it is for."""
    notes = await _notes(ctx, row, facts)
    if row["notes"] and not notes:
        raise Nothing("The notes were deleted or made internal before the mail left.")
    values, reader = await _values(ctx, facts)
    settings = await ctx.settings(MailSettings)
    values |= {
        "note": "\n\n---\n\n".join(note["content"] for note in notes),
        "signature": settings.signature or None,
        "me.name": notes[-1]["author_name"] if notes else None,
    }
    if row["kind"] == "survey":
        values |= _survey(ctx, row["request"])
    words = templates.chosen(
        row["kind"], await identity.language_of(ctx, row["account"] or reader), await _own_words(ctx)
    )
    used = {name: values.get(name) for name in templates.KNOWN[row["kind"]]}
    filled = templates.filled(words, used)
    html = render(filled.content)
    files = [file.id for note in notes for file in await ctx.as_system().files.attached(COMMENTS, note["id"])]
    title = filled.title if facts.number in filled.title else f"[#{facts.number}] {filled.title}"
    return Text(
        title=title,
        text=plain(html),
        html=html,
        notes=[note["id"] for note in notes],
        enclosures=await _enclosed(ctx, files) if row["kind"] == "reply" else [],
    )


async def _notes(ctx: Context, row: Mapping[str, Any], facts: TicketFacts) -> list[Mapping[str, Any]]:
    """Return the notes that a mail carries; internal ones go to staff only."""
    found: list[Mapping[str, Any]] = []
    for note_id in row["notes"]:
        try:
            note = await ctx.as_system().records.get(COMMENTS, UUID(note_id))
        except NotFound:
            continue
        if note["deleted_at"] is None and note["note_type"] != "internal" and note["subject_id"] == facts.id:
            found.append(note)
    return found


async def _values(ctx: Context, facts: TicketFacts) -> tuple[dict[str, str | None], UUID | None]:
    """Return the placeholders of a ticket, and the requester's account, whose language a client's mail is in."""
    book = ctx.service(ContactBook)
    contact = (await book.contacts([facts.contact_id])).get(facts.contact_id) if facts.contact_id else None
    company = (await book.companies([facts.company_id])).get(facts.company_id) if facts.company_id else None
    users = await ctx.service(Directory).users([facts.assigned_to_id] if facts.assigned_to_id else [])
    assignee = users.get(facts.assigned_to_id) if facts.assigned_to_id else None
    values = {
        "ticket.number": facts.number,
        "ticket.title": facts.title,
        "contact.name": contact.name if contact else None,
        "contact.first_name": contact.first_name if contact else None,
        "company.name": company.name if company else None,
        "assignee.name": assignee.name if assignee else None,
        "organisation.name": await identity.organisation(ctx),
    }
    return values, contact.portal_user_id if contact else None


def _survey(ctx: Context, survey_id: UUID) -> dict[str, str | None]:
    """Return the link of a survey, and one for each rating; none of them rates by being followed."""
    link = f"{ctx.service(Network).home}{SURVEY}{ctx.service(SurveyLinks).token(survey_id)}"
    scale = " · ".join(f"[**{rating}**]({link}?rating={rating})" for rating in range(1, 6))
    return {"link": link, "scale": scale}


async def _own_words(ctx: Context) -> Sequence[Mapping[str, Any]]:
    return await ctx.as_system().records.find(TEMPLATES, limit=1000)


async def _password(ctx: Context, row: Mapping[str, Any]) -> Text:
    """Return the mail with the link; the token is made now and stored nowhere in the clear."""
    try:
        minted = await ctx.service(Directory).password_token(row["request"])
    except NotFound as error:
        raise Nothing("The password request is used or over.") from error
    left = minted.expires_at - ctx.now
    link = f"{ctx.service(Network).home}{RESET[minted.account.audience]}?token={minted.token}"
    values = {
        "account.name": minted.account.name,
        "link": link,
        "minutes": str(max(1, round(left / timedelta(minutes=1)))),
        "hours": str(max(1, round(left / timedelta(hours=1)))),
        "organisation.name": await identity.organisation(ctx),
    }
    words = templates.chosen(
        row["kind"], await identity.language_of(ctx, minted.account.id), await _own_words(ctx)
    )
    filled = templates.filled(words, values)
    html = render(filled.content)
    return Text(title=filled.title, text=plain(html), html=html)


async def _enclosed(ctx: Context, ids: Sequence[UUID]) -> list[Enclosure]:
    """Return files that fit into the mail; internal ones and those in quarantine stay here."""
    found: list[Enclosure] = []
    left = MOST_ENCLOSED
    for one in ids:
        try:
            row = await ctx.as_system().records.get("attachments", one)
            if row["is_internal"] or row["file_size"] > left:
                continue
            content = b"".join([chunk async for chunk in ctx.as_system().files.read(one)])
        except (Problem, FileNotFoundError):
            continue
        left -= len(content)
        found.append(
            Enclosure(id=str(one), name=row["file_name"], media_type=row["mime_type"], content=content)
        )
    return found
