"""What a mail becomes: dropped, a bounce's note, a reply, a follow-up, or a ticket. The order is MAIL-01's."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from psa_mail import automated_mail, bounces, loop_guard, replying, threads
from psa_mail.api import MAILBOXES, ThreadHeld
from psa_mail.authentication_results import dmarc
from psa_mail.cases import Case, Outcome
from psa_mail.identity import origin_of, own_addresses
from psa_mail.mime_reading import Mail
from psa_mail.opening import open_ticket
from psa_mail.senders import Sender, sender_of
from psa_mail.settings import MailSettings
from psa_sdk import Context
from psa_ticketing.api import TICKETS, TicketFacts

LATELY = """
SELECT count(*) FILTER (WHERE ticket = $1::uuid AND created_at > $3::timestamptz - $4::interval) AS on_ticket,
    count(*) FILTER (WHERE sender = $2::text AND outcome IN ('ticket', 'follow_up') AND created_at > $3::timestamptz - interval '1 hour')
        AS of_sender
FROM mail.incoming WHERE id <> $5 AND state <> 'received' AND (ticket = $1::uuid OR sender = $2::text)
    AND created_at > $3::timestamptz - interval '1 hour'"""
HOLD = """
INSERT INTO mail.ticket_mail AS t (id, ticket, mail_held_at) VALUES (psa.new_id(), $1, $2)
ON CONFLICT (tenant_id, ticket) DO UPDATE SET mail_held_at = $2 WHERE t.mail_held_at IS NULL RETURNING id"""
HELD = "SELECT mail_held_at FROM mail.ticket_mail WHERE ticket = $1"


async def decide(ctx: Context, incoming: Mapping[str, Any], mail: Mail, *, release: bool = False) -> Outcome:
    """Turn a mail into what it is; `release` lets it past the guards against storms."""
    mailbox = await ctx.records.get(MAILBOXES, incoming["mailbox"])
    own = await own_addresses(ctx)
    result = dmarc(mail.authentication, mailbox["trusted_servers"])
    foreign = msgspec.structs.replace(
        mail.signals, origin=mail.signals.origin if mail.signals.origin == origin_of(ctx) else ""
    )
    judgement = automated_mail.judge(foreign, own)
    effects = automated_mail.effects(judgement.verdict)
    if effects.drop:
        return Outcome(became="dropped", verdict=judgement.verdict, because=judgement.because, dmarc=result)
    sender = await sender_of(ctx, mail.sender)
    if result == "fail":
        sender = Sender(person=mail.sender)
    recipients = [*mail.recipients, *([incoming["envelope_to"]] if incoming["envelope_to"] else [])]
    case = Case(
        incoming=incoming,
        mailbox=mailbox,
        mail=mail,
        sender=sender,
        judgement=judgement,
        effects=effects,
        dmarc=result,
        found=await threads.thread_of(ctx, mail, sender, recipients),
        settings=await ctx.settings(MailSettings),
        own=own,
        release=release,
    )
    if judgement.verdict == "bounce":
        return await bounces.take(ctx, case)
    ticket = case.found.ticket
    if ticket is None:
        return await _new(ctx, case)
    if await _is_too_much(ctx, case, ticket):
        return case.outcome(
            "held", ticket=ticket.id, detail="More mail came on this ticket than people write."
        )
    if case.effects.reopen and case.is_trusted and await _is_over(ctx, case, ticket):
        return await open_ticket(ctx, case, follow_up_of=ticket)
    note = await replying.add_note(ctx, case, ticket)
    return case.outcome("reply", ticket=ticket.id, note=note)


async def _new(ctx: Context, case: Case) -> Outcome:
    recent = await _lately(ctx, case, None)
    if not case.release and loop_guard.is_flood(recent):
        return case.outcome("held", detail="This sender opens tickets faster than a person would.")
    return await open_ticket(ctx, case)


async def _is_too_much(ctx: Context, case: Case, ticket: TicketFacts) -> bool:
    """Hold a thread with more mail than people write, and say so once (MAIL-05)."""
    if case.release:
        return False
    if await ctx.db.fetch_value(HELD, ticket.id) is not None:
        return True
    if not loop_guard.is_storm(await _lately(ctx, case, ticket.id)):
        return False
    if await ctx.db.fetch_value(HOLD, ticket.id, ctx.now) is not None:
        await ctx.emit(ThreadHeld(ticket_id=ticket.id))
    return True


async def _lately(ctx: Context, case: Case, ticket: UUID | None) -> loop_guard.Recent:
    row = await ctx.db.fetch_one(
        LATELY, ticket, case.mail.sender.email, ctx.now, loop_guard.STORM_WINDOW, case.incoming["id"]
    )
    return loop_guard.Recent(
        inbound_on_ticket=row["on_ticket"] if row else 0, tickets_of_sender=row["of_sender"] if row else 0
    )


async def _is_over(ctx: Context, case: Case, ticket: TicketFacts) -> bool:
    """Tell whether a reply comes too late to go on with its ticket (MAIL-09)."""
    if ticket.status_category in {"closed", "spam"}:
        return True
    if ticket.status_category != "resolved":
        return False
    row = await ctx.records.get(TICKETS, ticket.id)
    since = row["resolved_at"] or ctx.now
    return ctx.now - since > timedelta(days=case.settings.reopen_days)
