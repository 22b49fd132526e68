"""Letters to clients: invoices, reminders, statements, through whoever sends mail."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_billing import documents
from psa_billing.api import INVOICES, InvoiceSent
from psa_billing.formats import Formats
from psa_billing.gateway_configs import offered
from psa_billing.lifecycle import shown
from psa_billing.paper import decoded
from psa_billing.profiles import Client, client
from psa_billing.public_links import link_of
from psa_billing.settings import PLACE, BillingSettings
from psa_billing.wording import words
from psa_sdk import Context
from psa_sdk.errors import Conflict, Problem
from psa_sdk.mail import Letter, Mailer

DELIVERIES = "invoice-deliveries"


async def mark_sent(ctx: Context, invoice: Mapping[str, Any], recipients: Sequence[str]) -> None:
    """Note when an invoice first went out."""
    if invoice["sent_at"] is None:
        await ctx.as_system().records.update(INVOICES, invoice["id"], {"sent_at": ctx.now})
    await ctx.emit(
        InvoiceSent(invoice_id=invoice["id"], company_id=invoice["company"], recipients=list(recipients))
    )


async def send_invoice(
    ctx: Context, invoice: Mapping[str, Any], to: Sequence[str] = (), message: str = ""
) -> UUID:
    """Send an invoice or credit memo with its PDF; returns the delivery. Raises `Conflict` without mail or address."""
    who = await client(ctx, invoice["company"])
    recipients = list(to) or [who.email]
    file = await documents.stored(ctx, invoice)
    kind = "mail" if invoice["kind"] == "invoice" else "credit"
    facts = await facts_of(ctx, invoice, who)
    say = words(invoice["language"])
    own = await ctx.settings(BillingSettings)
    mine = (own.invoice_mail_subject, own.invoice_mail_text) if kind == "mail" else ("", "")
    subject, text = (
        filled(chosen, facts) or say[f"{kind}_{part}"].format(**facts)
        for chosen, part in zip(mine, ("subject", "text"), strict=True)
    )
    if message:
        text = f"{message}\n{facts['link']}"
    delivery = await _deliver(
        ctx,
        recipients,
        subject=subject,
        text=text,
        files=(file.id,),
        columns={"kind": "invoice", "company": invoice["company"], "invoice": invoice["id"]},
    )
    await mark_sent(ctx, invoice, recipients)
    return delivery


async def facts_of(ctx: Context, invoice: Mapping[str, Any], who: Client) -> dict[str, str]:
    """Return what letters about an invoice name, written in its language."""
    formats = Formats(invoice["language"])
    link = await link_of(ctx, invoice["id"])
    return {
        "number": shown(invoice),
        "date": formats.date(invoice["invoice_date"]),
        "due": formats.date(invoice["due_date"]),
        "total": formats.amount(invoice["total"], invoice["currency"]),
        "balance": formats.amount(invoice["balance_due"], invoice["currency"]),
        "contact": who.contact_name or who.name,
        "seller": decoded(invoice["seller"]).get("name", ""),
        "link": await _links(ctx, invoice, link) if link else "",
    }


def filled(text: str, facts: Mapping[str, str]) -> str:
    """Return a tenant's own text with its places filled in."""
    return PLACE.sub(lambda found: facts[found[1]], text)


async def _links(ctx: Context, invoice: Mapping[str, Any], link: str) -> str:
    say, payable = words(invoice["language"]), invoice["kind"] == "invoice" and invoice["balance_due"] > 0
    ways = await offered(ctx) if payable else []
    at = f"{link}/pay"
    if len(ways) == 1:
        return say["mail_link"].format(link=link) + say["mail_pay"].format(link=at)
    pages = [say["mail_pay_by"].format(way=way.title, link=f"{at}?provider={way.name}") for way in ways]
    return say["mail_link"].format(link=link) + "".join(pages)


async def send_reminder(ctx: Context, invoice: Mapping[str, Any], days: int) -> UUID:
    """Remind of an open invoice; `days` after the due date, negative before."""
    who = await client(ctx, invoice["company"])
    facts = await facts_of(ctx, invoice, who)
    say = words(invoice["language"])
    file = await documents.stored(ctx, invoice)
    return await _deliver(
        ctx,
        [who.email],
        subject=say["reminder_subject"].format(**facts),
        text=filled((await ctx.settings(BillingSettings)).reminder_mail_text, facts)
        or say["reminder_before" if days < 0 else "reminder_after"].format(**facts),
        files=(file.id,),
        columns={
            "kind": "reminder",
            "company": invoice["company"],
            "invoice": invoice["id"],
            "step": days,
        },
    )


async def send_autopay_stopped(ctx: Context, invoice: Mapping[str, Any]) -> UUID:
    """Tell a client that an invoice isn't charged to what they stored any more (BILL-37)."""
    who = await client(ctx, invoice["company"])
    facts = await facts_of(ctx, invoice, who)
    say = words(invoice["language"])
    return await _deliver(
        ctx,
        [who.email],
        subject=say["autopay_subject"].format(**facts),
        text=say["autopay_text"].format(**facts),
        files=(),
        columns={"kind": "autopay", "company": invoice["company"], "invoice": invoice["id"]},
    )


async def send_statement(
    ctx: Context, who: Client, lines: Sequence[str], balance: str, date: str, seller: str
) -> UUID:
    """Send a company what it owes."""
    say = words(who.language)
    facts = {
        "contact": who.contact_name or who.name,
        "seller": seller,
        "date": date,
        "balance": balance,
        "lines": "\n".join(lines),
    }
    return await _deliver(
        ctx,
        [who.email],
        subject=say["statement_subject"].format(**facts),
        text=say["statement_text"].format(**facts),
        files=(),
        columns={"kind": "statement", "company": who.id, "as_of": ctx.today},
    )


async def or_skipped(ctx: Context, letter: Callable[[], Awaitable[UUID]], columns: Mapping[str, Any]) -> None:
    """Send a letter, or keep in the list of deliveries why it can't be."""
    try:
        async with ctx.savepoint():
            await letter()
    except Problem as problem:
        skipped = {**columns, "state": "skipped", "detail": str(problem)[:500]}
        await ctx.as_system().records.create(DELIVERIES, skipped)


async def _deliver(
    ctx: Context,
    recipients: Sequence[str],
    *,
    subject: str,
    text: str,
    files: tuple[UUID, ...],
    columns: Mapping[str, Any],
) -> UUID:
    known = [address for address in recipients if address]
    if not known:
        raise Conflict(
            "The company has no address for invoices; set its billing e-mail or contact.",
            code="no_recipient",
        )
    if not ctx.provides(Mailer):
        raise Conflict(
            "Nothing here sends mail; download the PDF and mark the invoice as sent.", code="no_mail"
        )
    subject_of = (
        (INVOICES, columns["invoice"]) if columns.get("invoice") else ("companies", columns["company"])
    )
    await ctx.service(Mailer).send(
        Letter(to=tuple(known), subject=subject, text=text, files=files, subject_of=subject_of)
    )
    return await ctx.as_system().records.create(
        DELIVERIES,
        {**columns, "recipients": known, "state": "sent", "sent_at": ctx.now},
    )
