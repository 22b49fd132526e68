"""A mail that becomes a ticket: requester, company, rules, and what it follows (MAIL-08, MAIL-09, MAIL-10)."""

from typing import Any
from uuid import UUID

import msgspec

from psa_contacts.api import ContactBook
from psa_mail import forwarded, keeping, parse_rules, threads
from psa_mail.api import RULES
from psa_mail.bodies import body_of, plain_of, with_images
from psa_mail.cases import Case, Outcome
from psa_mail.html_reading import plain_as_markdown
from psa_mail.replying import FLAG, add_people, with_notices
from psa_mail.senders import Sender, contact_for, sender_of
from psa_mail.shapes import RuleActions, RuleConditions
from psa_mail.tables import ParseRule
from psa_mail.threading import bare_subject, is_forward
from psa_sdk import Context
from psa_sdk.errors import Problem
from psa_ticketing.api import TICKETS, ServiceDesk, TicketFacts

POSSIBLE = "UPDATE mail.ticket_mail SET possible_reply_to = $2 WHERE ticket = $1"


class Request(msgspec.Struct, kw_only=True):
    """What a ticket is opened from; `values` are its columns."""

    requester: Sender
    title: str
    content: str
    images: tuple[str, ...]
    values: dict[str, Any]


async def open_ticket(ctx: Context, case: Case, *, follow_up_of: TicketFacts | None = None) -> Outcome:
    """Open the ticket that a mail asks for, unless a rule says not to."""
    request = await _request(ctx, case)
    # Rules are for what is new: they can't swallow or redirect a reply.
    applied = parse_rules.Applied() if follow_up_of else await _by_rules(ctx, case, request)
    if applied.skip:
        return case.outcome("skipped", detail="A parse rule skips this mail.")
    await _for_whom(ctx, case, request)
    kept = await keeping.choose(ctx, case.mail, request.images)
    text = with_notices(with_images(request.content, kept.urls, kept.collapsed), kept.notices)
    values = {
        **_placed(case, request),
        **request.values,
        "description": text,
        "follow_up_of": follow_up_of.id if follow_up_of else None,
        "tags": applied.tags,
    }
    ticket_id = await _opened(ctx, request, values)
    refused = await keeping.store(ctx, kept, (TICKETS, ticket_id), internal=False)
    if refused:
        await ctx.as_system().records.update(TICKETS, ticket_id, {"description": with_notices(text, refused)})
    await threads.remember(ctx, case.mail.message_id, ticket_id, direction="in", root=True)
    await ctx.db.execute(FLAG, ticket_id, case.mailbox["id"], not case.is_trusted)
    if case.found.match.possible is not None:
        await ctx.db.execute(POSSIBLE, ticket_id, case.found.match.possible)
    if case.is_trusted and not case.effects.automated:
        contact = request.values.get("contact")
        await add_people(ctx, case, ticket_id, request.values.get("company"), contact)
    return case.outcome("follow_up" if follow_up_of else "ticket", ticket=ticket_id)


async def _request(ctx: Context, case: Case) -> Request:
    """Return who asks for what; what staff pass on is asked by whom wrote it first."""
    body = body_of(case.mail, strip_quotes=False)
    request = Request(
        requester=case.sender,
        title=bare_subject(case.mail.subject),
        content=body.content,
        images=body.images,
        values={},
    )
    if case.sender.staff is None:
        return request
    found = (
        forwarded.original(plain_of(case.mail))
        if is_forward(case.mail.subject) or not request.title
        else None
    )
    if found is not None:
        request.requester = await sender_of(ctx, found.author)
        request.title = bare_subject(found.subject) or request.title
        request.content = plain_as_markdown(found.text) if not body.images else body.content
        if found.comment:
            request.content = f"{request.content}\n\n---\n\n{plain_as_markdown(found.comment)}"
        request.values["created_by"] = case.sender.staff.id
    return request


async def _by_rules(ctx: Context, case: Case, request: Request) -> parse_rules.Applied:
    where = ParseRule.is_active.eq(True) & (
        (ParseRule.mailbox == case.mailbox["id"]) | ParseRule.mailbox.is_null()
    )
    rows = await ctx.records.find(RULES, where, order="priority", limit=500)
    if not rows:
        return parse_rules.Applied()
    rules = [
        parse_rules.Rule(
            id=row["id"],
            conditions=msgspec.convert(row["conditions"], RuleConditions),
            actions=msgspec.convert(row["actions"], RuleActions),
        )
        for row in sorted(rows, key=lambda row: (row["priority"], row["id"]))
    ]
    text = parse_rules.Text(
        sender=case.mail.sender.email,
        recipients=case.mail.recipients,
        subject=case.mail.subject,
        body=plain_of(case.mail),
    )
    applied = parse_rules.run(rules, text)
    for rule_id, reason in applied.disabled.items():
        await ctx.as_system().records.update(RULES, rule_id, {"is_active": False, "disabled_because": reason})
    request.values |= applied.values
    if applied.company_name and "company" not in request.values:
        company = await ctx.service(ContactBook).company_named(applied.company_name)
        if company is not None:
            request.values["company"] = company
    return applied


async def _for_whom(ctx: Context, case: Case, request: Request) -> None:
    """Settle contact and company: a rule's word wins over the sender's address."""
    values, requester = request.values, request.requester
    if "contact" in values:
        return
    if "company" in values:
        contact = requester.contact
        if contact is not None and contact.company_id == values["company"]:
            values["contact"] = contact.id
        return
    makes = (
        case.mailbox["creates_contacts"]
        and case.is_trusted
        and not case.effects.automated
        and requester.staff is None
    )
    contact = await contact_for(ctx, requester) if makes else requester.contact
    if contact is not None:
        values["contact"] = contact.id
    values["company"] = (
        contact.company_id if contact is not None and contact.company_id else requester.company_id
    )


def _placed(case: Case, request: Request) -> dict[str, Any]:
    """Return where the mailbox puts its tickets; those of nobody's company go to triage."""
    mailbox = case.mailbox
    queue = mailbox["queue"] if request.values.get("company") else mailbox["triage_queue"] or mailbox["queue"]
    given = {"queue": queue, "priority": mailbox["priority"], "ticket_type": mailbox["ticket_type"]}
    return {name: value for name, value in given.items() if value is not None}


async def _opened(ctx: Context, request: Request, values: dict[str, Any]) -> UUID:
    """Open the ticket; where a rule asks for what doesn't go together, without the rule's wishes."""
    desk = ctx.as_system().service(ServiceDesk)
    title = str(values.pop("title", "") or request.title or "(no subject)")[:300]
    given = {name: value for name, value in values.items() if value is not None}
    try:
        async with ctx.savepoint():
            return await desk.open(title=title, source="email", **given)
    except Problem:
        plain = {
            name: given[name] for name in ("description", "tags", "follow_up_of", "queue") if name in given
        }
        return await desk.open(title=title, source="email", **plain)
