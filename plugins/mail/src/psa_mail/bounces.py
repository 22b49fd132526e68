"""Mail of ours that came back: told on the ticket, never answered (MAIL-04)."""

from typing import Any
from uuid import UUID

from psa_comments.api import COMMENTS
from psa_contacts.api import ContactBook
from psa_mail import keeping
from psa_mail.api import OUTGOING, MailBounced
from psa_mail.bodies import body_of
from psa_mail.cases import Case, Outcome
from psa_mail.html_reading import plain_as_markdown
from psa_mail.message_ids import ids_in
from psa_sdk import Context
from psa_sdk.tables import new_id
from psa_ticketing.api import TICKETS, ServiceDesk

SENT = "SELECT id, ticket, to_addresses::text AS tos FROM mail.outgoing WHERE message_id = ANY ($1::text[]) LIMIT 1"
FLAG = """
INSERT INTO mail.ticket_mail AS t (id, ticket, mail_bounced_at) VALUES (psa.new_id(), $1, $2)
ON CONFLICT (tenant_id, ticket) DO UPDATE SET mail_bounced_at = $2"""


async def take(ctx: Context, case: Case) -> Outcome:
    """Note a bounce on the mail that it is about, on its ticket, and on the address."""
    mail = case.mail
    # Some servers send back plain text only: any id of ours in it will do.
    ids = [*mail.reported_ids, *mail.in_reply_to, *mail.references, *ids_in(mail.text[:50_000])]
    sent = await ctx.db.fetch_one(SENT, list(dict.fromkeys(ids))) if ids else None
    detail = (mail.report or mail.text).strip()
    if sent is not None:
        values = {"state": "bounced", "error": detail[:2000]}
        await ctx.as_system().records.update(OUTGOING, sent["id"], values)
        await ctx.emit(MailBounced(outgoing_id=sent["id"], detail=detail[:500]))
        for address in mail.reported_recipients:
            await ctx.service(ContactBook).note_bounce(address)
    ticket_id: UUID | None = case.found.ticket.id if case.found.ticket else None
    if ticket_id is None and sent is not None and sent["ticket"] is not None:
        ticket_id = await ctx.service(ServiceDesk).surviving(sent["ticket"])
    if ticket_id is None:
        return case.outcome("bounce", detail="It is about no mail of a ticket.")
    note = await _note(ctx, case, ticket_id, detail)
    await ctx.db.execute(FLAG, ticket_id, ctx.now)
    return case.outcome("bounce", ticket=ticket_id, note=note)


async def _note(ctx: Context, case: Case, ticket_id: UUID, detail: str) -> UUID:
    mail, note_id = case.mail, new_id()
    whom = ", ".join(mail.reported_recipients) or "the recipient"
    text = detail or body_of(mail, strip_quotes=False).content
    values: dict[str, Any] = {
        "subject_kind": TICKETS,
        "subject_id": ticket_id,
        "note_type": "internal",
        "content": f"**Mail to {plain_as_markdown(whom)} did not arrive.**\n\n{plain_as_markdown(text[:4000])}",
        "is_automated": True,
        "author_kind": "system",
        "author_name": mail.sender.name or mail.sender.email,
    }
    await ctx.as_system().records.create(COMMENTS, values, id=note_id)
    kept = await keeping.choose(ctx, mail, ())
    await keeping.store(ctx, kept, (COMMENTS, note_id), internal=True)
    return note_id
