"""The page of an invoice: what it says, what is missing, what one can do with it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from psa_billing import documents
from psa_billing.api import INVOICES
from psa_billing.computing import LINES
from psa_billing.engine.money import total
from psa_billing.formats import Formats
from psa_billing.invoice_actions import pdf_answer
from psa_billing.lifecycle import ALLOWED, DRAFTS, OPEN
from psa_billing.paper import decoded
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import Done, Go

ALLOCATED = """
SELECT a.id, a.kind, a.amount, a.date, p.payment_method, p.reference_number, m.invoice_number
FROM billing.allocation a LEFT JOIN billing.payment p ON p.tenant_id = a.tenant_id AND p.id = a.payment
    LEFT JOIN billing.invoice m ON m.tenant_id = a.tenant_id AND m.id = a.credit_memo
WHERE a.invoice = $1 AND a.reversed_on IS NULL ORDER BY a.date, a.id"""
LATEST = """
SELECT id, invoice_number, total, currency, status FROM billing.invoice
WHERE company = $1 AND id <> $2 AND finalised_at IS NOT NULL AND kind = 'invoice' ORDER BY invoice_date DESC, id DESC LIMIT 3"""
SENT = "SELECT kind, step, recipients, state, detail, created_at FROM billing.delivery WHERE invoice = $1 ORDER BY created_at"
TONES: Mapping[str, str] = {
    "draft": "gray",
    "pending": "amber",
    "approved": "indigo",
    "sent": "blue",
    "partially_paid": "teal",
    "paid": "green",
    "void": "gray",
    "written_off": "red",
}


async def load(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load an invoice as it is read: parties, lines by group, sums, payments, what stands in the way."""
    found = await ctx.service(Documents).one(INVOICES, id, include="company,billing_contact,credits")
    invoice = await ctx.records.get(INVOICES, id)
    lines = [dict(line) for line in await ctx.db.fetch(LINES, id)]
    return {
        "formats": Formats,
        "found": found,
        "item": found.items[0],
        "invoice": found.items[0].attributes,
        "row": invoice,
        "groups": _groups(lines),
        "taxes": [
            {**tax, "rate": Decimal(tax["rate"]), "amount": Decimal(tax["amount"])}
            for tax in decoded(invoice["taxes"])
        ],
        "raw_balance": f"{invoice['balance_due']:f}",
        "allocations": await ctx.db.fetch(ALLOCATED, id),
        "latest": await ctx.db.fetch(LATEST, invoice["company"], id),
        "letters": [
            {**row, "recipients": decoded(row["recipients"])} for row in await ctx.db.fetch(SENT, id)
        ],
        "is_draft": invoice["status"] in DRAFTS,
        "is_open": invoice["status"] in OPEN,
        "may": ALLOWED[invoice["status"]],
        "tone": "red" if found.items[0].attributes["is_overdue"] else TONES[invoice["status"]],
        "today": ctx.today,
    }


def _groups(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        groups.setdefault(line["group_title"], []).append(line)
    return [
        {
            "title": title,
            "sum": total(line["total"] for line in members),
            "lines": [_line(line) for line in members],
        }
        for title, members in groups.items()
    ]


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    first, *rest = line["description"].split("\n")
    return {
        **line,
        "text": first,
        "more": rest,
        "rates": [Decimal(tax["rate"]) for tax in decoded(line["taxes"])],
        "entries": len(decoded(line["time_entry_ids"])),
    }


async def pdf(ctx: Context, id: UUID) -> Response[bytes]:
    """Show the PDF."""
    invoice = await ctx.records.get(INVOICES, id)
    return pdf_answer(invoice, await documents.pdf(ctx, invoice))


class Words(msgspec.Struct):
    """Why."""

    reason: str = ""


class Amount(msgspec.Struct):
    """Why, and how much."""

    reason: str = ""
    amount: str = ""


class NewLine(msgspec.Struct):
    """A line as it is typed."""

    description: str = ""
    quantity: str = "1"
    unit_price: str = ""


class NewPayment(msgspec.Struct):
    """A payment as it is typed."""

    amount: str = ""
    payment_date: str = ""
    payment_method: str = "wire"
    reference_number: str = ""


class Recipients(msgspec.Struct):
    """To whom, by commas; nobody: to the billing contact."""

    to: str = ""
    message: str = ""
    mark_only: str = ""


async def _ask(ctx: Context, id: UUID, verb: str, **body: Any) -> None:
    await ctx.service(Documents).call("POST", f"/invoices/{id}/{verb}", body=body)


def _done(said: str) -> Done:
    return Done(toast=said, refresh=("invoices",))


def decimal_of(text: str, name: str) -> Decimal:
    """Return a number as people type it, with a comma or a point; raises `Invalid` at its field."""
    try:
        return Decimal(text.strip().replace(" ", "").replace(",", "."))
    except InvalidOperation:
        raise Invalid("That is no number.", code="bad_number", pointer=f"/data/attributes/{name}") from None


async def finalise(ctx: Context, id: UUID) -> Done:
    """Give the invoice its number."""
    await _ask(ctx, id, "finalise")
    return _done("Finalised")


async def send(ctx: Context, id: UUID, form: Recipients) -> Done:
    """Send the invoice, finalised first if need be."""
    to = [one.strip() for one in form.to.split(",") if one.strip()]
    await _ask(ctx, id, "send", to=to, message=form.message, mark_only=bool(form.mark_only))
    return _done("Marked as sent" if form.mark_only else "Sent")


async def submit(ctx: Context, id: UUID) -> Done:
    """Ask for approval."""
    await _ask(ctx, id, "submit")
    return _done("Waits for approval")


async def approve(ctx: Context, id: UUID) -> Done:
    """Approve the invoice."""
    await _ask(ctx, id, "approve")
    return _done("Approved")


async def reject(ctx: Context, id: UUID, form: Words) -> Done:
    """Make it a draft again."""
    await _ask(ctx, id, "reject", reason=form.reason)
    return _done("It is a draft again")


async def void(ctx: Context, id: UUID, form: Words) -> Done:
    """Annul the invoice."""
    await _ask(ctx, id, "void", reason=form.reason)
    return _done("Voided")


async def write_off(ctx: Context, id: UUID, form: Words) -> Done:
    """Give up what is open."""
    await _ask(ctx, id, "write-off", reason=form.reason)
    return _done("Written off")


async def credit(ctx: Context, id: UUID, form: Words) -> Go:
    """Write a credit memo for all that is left, as a draft to look over."""
    memo = await ctx.service(Documents).call(
        "POST", f"/invoices/{id}/credit", body={"reason": form.reason, "finalise": False}
    )
    return Go(url=f"/invoices/{memo.id}", toast="Credit memo drafted")


async def add_line(ctx: Context, id: UUID, form: NewLine) -> Done:
    """Add a line to a draft."""
    await ctx.service(Documents).create(
        "invoice-lines",
        {
            "description": form.description,
            "quantity": str(decimal_of(form.quantity or "1", "quantity")),
            "unit_price": str(decimal_of(form.unit_price, "unit_price")),
            "sort_order": 90_000,
        },
        parent=(INVOICES, id, "lines"),
    )
    return Done(toast="Line added", refresh=("invoices",))


async def remove_line(ctx: Context, id: UUID, line: UUID) -> Done:
    """Take a line off a draft; what was on it can be billed again."""
    await ctx.service(Documents).delete("invoice-lines", line)
    return Done(toast="Line removed", refresh=("invoices",))


async def pay(ctx: Context, id: UUID, form: NewPayment) -> Done:
    """Record a payment of the invoice."""
    invoice = await ctx.records.get(INVOICES, id)
    attributes: dict[str, Any] = {
        "amount": str(decimal_of(form.amount, "amount")),
        "payment_method": form.payment_method,
        "reference_number": form.reference_number or None,
        "currency": invoice["currency"],
    }
    if form.payment_date:
        attributes["payment_date"] = form.payment_date
    await ctx.service(Documents).create(
        "payments",
        attributes,
        one={"company": ("companies", invoice["company"]), "invoice": (INVOICES, id)},
    )
    return _done("Payment recorded")
