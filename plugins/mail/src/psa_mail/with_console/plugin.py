"""The bridge between mail and the console: who is told of mail that needs somebody (MAIL-05, MAIL-15)."""

from collections.abc import Sequence
from uuid import UUID

from psa_console.api import Inbox
from psa_mail import routes
from psa_mail.api import (
    INCOMING,
    MAILBOXES,
    OUTGOING,
    MailBounced,
    MailboxTroubled,
    MailSetAside,
    ThreadHeld,
)
from psa_sdk import Context, Manifest, hookimpl, on
from psa_sdk.errors import NotFound
from psa_sdk.identity import Directory
from psa_ticketing.api import TICKETS, ServiceDesk, TicketFacts


@on(ThreadHeld)
async def tell_of_thread(ctx: Context, event: ThreadHeld) -> None:
    """Tell the assignee, else who looks after mailboxes, that a thread is held."""
    ticket = await _ticket(ctx, event.ticket_id)
    if ticket is not None:
        assigned = [ticket.assigned_to_id] if ticket.assigned_to_id is not None else await _keepers(ctx)
        await _tell(ctx, assigned, "thread_held", (TICKETS, ticket.id), ticket.title, ticket.number)


@on(MailboxTroubled)
async def tell_of_mailbox(ctx: Context, event: MailboxTroubled) -> None:
    """Tell who looks after mailboxes that one can't be read, or was paused."""
    kind = "mailbox_paused" if event.paused else "mailbox_troubled"
    await _tell_of_mailbox(ctx, event.mailbox_id, kind, event.detail)


@on(MailSetAside)
async def tell_of_waiting_mail(ctx: Context, event: MailSetAside) -> None:
    """Tell who looks after mailboxes that mail waits for somebody; once until they have looked."""
    if event.mailbox_id is not None:
        detail = f"{event.sender}: {event.detail}" if event.sender else event.detail
        await _tell_of_mailbox(ctx, event.mailbox_id, f"mail_{event.state}", detail)
    else:
        subject = (INCOMING, event.incoming_id)
        await _tell(ctx, await _keepers(ctx), f"mail_{event.state}", subject, event.sender, event.detail)


@on(MailBounced)
async def tell_of_bounce(ctx: Context, event: MailBounced) -> None:
    """Tell the ticket's assignee that a mail of ours did not arrive."""
    mail = await ctx.records.get(OUTGOING, event.outgoing_id)
    ticket = await _ticket(ctx, mail["ticket"]) if mail["ticket"] is not None else None
    if ticket is not None and ticket.assigned_to_id is not None:
        subject, detail = (TICKETS, ticket.id), f"{ticket.number} · {mail['first_recipient']}"
        await _tell(ctx, [ticket.assigned_to_id], "mail_not_delivered", subject, ticket.title, detail)


async def _tell_of_mailbox(ctx: Context, mailbox_id: UUID, kind: str, detail: str) -> None:
    try:
        mailbox = await ctx.records.get(MAILBOXES, mailbox_id)
    except NotFound:
        return
    await _tell(ctx, await _keepers(ctx), kind, (MAILBOXES, mailbox_id), mailbox["name"], detail)


async def _ticket(ctx: Context, ticket_id: UUID) -> TicketFacts | None:
    desk = ctx.service(ServiceDesk)
    surviving = await desk.surviving(ticket_id)
    return (await desk.tickets([surviving])).get(surviving)


async def _keepers(ctx: Context) -> list[UUID]:
    return [account.id for account in await ctx.service(Directory).holders(routes.OPERATE)]


async def _tell(
    ctx: Context, accounts: Sequence[UUID], kind: str, subject: tuple[str, UUID], title: str, detail: str
) -> None:
    # In one order, so that two of these never wait for each other.
    for account in sorted(accounts):
        await ctx.service(Inbox).tell(account, kind, subject, title, detail=detail, own=True)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="mail.console",
        title="Notifications of mail",
        description="Tells people of mailboxes in trouble, threads that are held, and mail that did not arrive.",
        requires=("mail", "console"),
        subscribers=(tell_of_thread, tell_of_mailbox, tell_of_waiting_mail, tell_of_bounce),
    )
