"""What one can do with invoices: submit, approve, finalise, send, void, write off, credit, print."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from msgspec import Meta

from psa_billing import annulling, crediting, documents, ledger, lifecycle, sending
from psa_billing.api import INVOICES
from psa_billing.crediting import CreditLine
from psa_billing.finalising import finalise
from psa_billing.settings import BillingSettings
from psa_sdk import Context, Record, get, post
from psa_sdk.errors import Conflict

APPROVE = "billing.invoices.approve"
FINALISE = "billing.invoices.finalise"
SEND = "billing.invoices.send"
VOID = "billing.invoices.void"
WRITE_OFF = "billing.invoices.write_off"
CREDIT = "billing.invoices.credit"
READ = "billing.invoices.read"
UPDATE = "billing.invoices.update"
Reason = Annotated[str, Meta(min_length=3, max_length=2000)]


class Because(msgspec.Struct, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class SendInvoice(msgspec.Struct, forbid_unknown_fields=True):
    """To whom, if not to the billing contact; a draft is finalised first. `mark_only` sends nothing."""

    to: Annotated[list[Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")]], Meta(max_length=20)] = []
    message: Annotated[str, Meta(max_length=10_000)] = ""
    mark_only: bool = False


class WriteOff(msgspec.Struct, forbid_unknown_fields=True):
    """Why, and how much: all that is open without an amount."""

    reason: Reason
    amount: Decimal | None = None


class CreditInvoice(msgspec.Struct, forbid_unknown_fields=True):
    """Why, and which lines: all that is left without any. `finalise` issues the credit memo at once."""

    reason: Reason
    lines: Annotated[list[CreditLine], Meta(max_length=1000)] | None = None
    finalise: bool = True


class ApplyCredit(msgspec.Struct, forbid_unknown_fields=True):
    """Which invoices a credit memo goes to: those due first without any."""

    allocations: Annotated[list["Share"], Meta(max_length=500)] | None = None


class Share(msgspec.Struct, forbid_unknown_fields=True):
    """A part of a payment or credit, for an invoice."""

    invoice: UUID
    amount: Decimal


async def _locked(ctx: Context, id: UUID) -> dict[str, Any]:
    return dict(await ctx.records.get(INVOICES, id, lock=True))


async def _become(ctx: Context, id: UUID, status: str, **columns: Any) -> None:
    invoice = await _locked(ctx, id)
    lifecycle.check(invoice, status)
    await ctx.as_system().records.update(INVOICES, id, {"status": status, **columns})


@post("/invoices/{id:uuid}/submit", permission=UPDATE, returns=INVOICES)
async def submit(ctx: Context, id: UUID) -> Record:
    """Ask for an invoice's approval."""
    await _become(ctx, id, "pending")
    return Record(INVOICES, id)


@post("/invoices/{id:uuid}/approve", permission=APPROVE, returns=INVOICES)
async def approve(ctx: Context, id: UUID) -> Record:
    """Approve an invoice."""
    person = ctx.principal.id if ctx.principal.kind == "user" else None
    await _become(ctx, id, "approved", approved_by=person, approved_at=ctx.now)
    return Record(INVOICES, id)


@post("/invoices/{id:uuid}/reject", permission=APPROVE, returns=INVOICES)
async def reject(ctx: Context, id: UUID, body: Because) -> Record:
    """Make an invoice that waits, or is approved, a draft again."""
    await _become(ctx, id, "draft", approved_by=None, approved_at=None)
    await ctx.audit("rejected", INVOICES, id, reason=body.reason)
    return Record(INVOICES, id)


@post("/invoices/{id:uuid}/finalise", permission=FINALISE, returns=INVOICES)
async def finalise_invoice(ctx: Context, id: UUID) -> Record:
    """Give an invoice or credit memo its number; from then on it doesn't change."""
    await ctx.records.get(INVOICES, id)
    await finalise(ctx, id)
    return Record(INVOICES, id)


@post("/invoices/{id:uuid}/send", permission=SEND, returns=INVOICES)
async def send(ctx: Context, id: UUID, body: SendInvoice) -> Record:
    """Send an invoice by mail, finalised first if it is a draft; with `mark_only` note that it was handed over."""
    invoice = await _locked(ctx, id)
    if invoice["finalised_at"] is None:
        ctx.require(FINALISE)
        invoice = dict(await finalise(ctx, id))
    if invoice["status"] == "void":
        raise Conflict(f"{lifecycle.shown(invoice)} is void; nobody gets it.", code="invoice_void")
    if body.mark_only:
        await sending.mark_sent(ctx, invoice, ())
    else:
        await sending.send_invoice(ctx, invoice, tuple(body.to), body.message)
    return Record(INVOICES, id)


@post("/invoices/{id:uuid}/void", permission=VOID, returns=INVOICES)
async def void(ctx: Context, id: UUID, body: Because) -> Record:
    """Annul an invoice that nothing was applied to; its number stays, its sources can be billed again."""
    await ctx.records.get(INVOICES, id)
    await annulling.void(ctx, id, body.reason)
    return Record(INVOICES, id)


@post("/invoices/{id:uuid}/write-off", permission=WRITE_OFF, returns=INVOICES)
async def write_off(ctx: Context, id: UUID, body: WriteOff) -> Record:
    """Give up what is open of an invoice."""
    await ctx.records.get(INVOICES, id)
    await annulling.write_off(ctx, id, body.reason, body.amount)
    return Record(INVOICES, id)


@post("/invoices/{id:uuid}/credit", permission=CREDIT, returns=INVOICES, status=201)
async def credit(ctx: Context, id: UUID, body: CreditInvoice) -> Record:
    """Write a credit memo for an invoice's lines; issued at once, it is applied to what is open."""
    await ctx.records.get(INVOICES, id)
    memo = await crediting.credit(ctx, id, body.reason, body.lines)
    own = await ctx.settings(BillingSettings)
    if body.finalise and not own.approval_required:
        await finalise(ctx, memo)
    return Record(INVOICES, memo, status=201)


@post("/invoices/{id:uuid}/apply", permission="billing.payments.allocate", returns=INVOICES)
async def apply_credit(ctx: Context, id: UUID, body: ApplyCredit) -> Record:
    """Apply what is left of a credit memo to open invoices."""
    memo = await ctx.records.get(INVOICES, id)
    await ledger.lock(ctx, await ledger.payers(ctx, memo["company"]))
    memo = await _locked(ctx, id)
    if memo["kind"] != "credit_memo" or memo["status"] not in lifecycle.OPEN:
        raise Conflict("There is no credit left to apply.", code="not_open")
    if body.allocations is None:
        await ledger.apply_oldest_first(ctx, "credit_memo", memo)
    else:
        parts = [(one.invoice, one.amount) for one in body.allocations]
        await ledger.apply(ctx, "credit_memo", memo, ledger.checked(parts, memo["currency"]), ctx.today)
    return Record(INVOICES, id)


@get(
    "/invoices/{id:uuid}/pdf",
    permission=READ,
    audience="both",
    media_type="application/pdf",
    returns=bytes,
)
async def print_invoice(ctx: Context, id: UUID) -> Response[bytes]:
    """Download an invoice as PDF/A-3 with the electronic invoice inside; drafts are marked."""
    invoice = await ctx.records.get(INVOICES, id)
    return pdf_answer(invoice, await documents.pdf(ctx, invoice))


def pdf_answer(invoice: Any, content: bytes) -> Response[bytes]:
    """Answer with a PDF that browsers show beside its name."""
    headers = {"Content-Disposition": f'inline; filename="{documents.name_of(invoice)}"'}
    return Response(content, media_type="application/pdf", headers=headers)


ALL = (
    submit,
    approve,
    reject,
    finalise_invoice,
    send,
    void,
    write_off,
    credit,
    apply_credit,
    print_invoice,
)
