"""Links that show an invoice to whoever has them: signed by the tenant, good for a while."""

import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from msgspec import Meta

from psa_billing import documents
from psa_billing.api import INVOICES
from psa_billing.gateways import begin, settled
from psa_billing.invoice_actions import pdf_answer
from psa_billing.lifecycle import OPEN
from psa_billing.settings import BillingSettings
from psa_sdk import PUBLIC, Answer, Context, get
from psa_sdk.errors import Conflict, NotFound
from psa_sdk.network import Network
from psa_sdk.signing import Signer, read_token, write_token

PURPOSE = "billing.invoice_link"
EPOCH = datetime.date(2020, 1, 1)


class PayWith(msgspec.Struct, forbid_unknown_fields=True):
    """By which gateway; the one that was set up first if none is named."""

    provider: Annotated[str, Meta(max_length=40)] | None = None


def link_token(ctx: Context, invoice_id: UUID, days: int) -> str:
    """Return a token for an invoice: its id, the last day, and the tenant's signature of both."""
    last = (ctx.today - EPOCH).days + days
    return write_token(ctx.service(Signer), PURPOSE, f"{invoice_id.hex}{last:05x}")


async def link_of(ctx: Context, invoice_id: UUID) -> str:
    """Return the address of an invoice for its recipients; empty where the tenant has set no public address."""
    own = await ctx.settings(BillingSettings)
    if not own.public_url:
        return ""
    return f"{own.public_url.rstrip('/')}/api/v1/public/invoices/{link_token(ctx, invoice_id, own.link_days)}"


def invoice_in(ctx: Context, token: str) -> UUID:
    """Return the invoice that a token is for; raises `NotFound` for one that is not ours or is over."""
    try:
        text = read_token(ctx.service(Signer), PURPOSE, token)
        invoice_id, last = UUID(hex=text[:32]), EPOCH + datetime.timedelta(days=int(text[32:], 16))
    except (ValueError, OverflowError):
        raise NotFound("There is no such invoice, or the link is too old.") from None
    if last < ctx.today:
        raise NotFound("There is no such invoice, or the link is too old.")
    return invoice_id


@get(
    "/public/invoices/{token:str}",
    permission=PUBLIC,
    audience="both",
    media_type="application/pdf",
    returns=bytes,
)
async def show_public(ctx: Context, token: str) -> Response[bytes]:
    """Show an invoice to whoever has its link."""
    invoice = await ctx.as_system().records.get(INVOICES, invoice_in(ctx, token))
    if invoice["finalised_at"] is None:
        raise NotFound("There is no such invoice, or the link is too old.")
    return pdf_answer(invoice, await documents.pdf(ctx.as_system(), invoice))


@get(
    "/public/invoices/{token:str}/pay",
    permission=PUBLIC,
    audience="both",
    media_type="*/*",
    writes=True,
)
async def pay_public(ctx: Context, token: str, query: PayWith) -> Response[None]:
    """Lead whoever has an invoice's link to the gateway's page; opening it again leads to the same page."""
    invoice_id = invoice_in(ctx, token)
    shown = f"{ctx.service(Network).home}/api/v1/public/invoices/{token}"
    system = ctx.as_system()
    invoice = await system.records.get(INVOICES, invoice_id)
    if invoice["status"] not in OPEN or invoice["is_processing"]:
        return Response(None, status_code=303, headers={"Location": shown})
    started = await settled(
        system,
        await begin(system, [invoice_id], provider=query.provider, success_url=shown, cancel_url=shown),
    )
    return Response(None, status_code=303, headers={"Location": started.redirect})


@get("/invoices/{id:uuid}/link", permission="billing.invoices.send", answer_type="invoice-links")
async def show_link(ctx: Context, id: UUID) -> Answer:
    """Return the signed link of a finalised invoice."""
    invoice = await ctx.records.get(INVOICES, id)
    if invoice["finalised_at"] is None:
        raise Conflict("Drafts have no link; finalise the invoice.", code="not_finalised")
    own = await ctx.settings(BillingSettings)
    token = link_token(ctx, id, own.link_days)
    path = f"/api/v1/public/invoices/{token}"
    return Answer(
        type="invoice-links",
        id=str(id),
        attributes={"path": path, "url": await link_of(ctx, id), "days": own.link_days},
    )


ALL = (show_public, pay_public, show_link)
