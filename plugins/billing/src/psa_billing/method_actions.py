"""Stored cards and accounts: opening the gateway's page to store one, choosing what is charged, dropping one."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_billing.api_gateways import PaymentOrder
from psa_billing.gateway_methods import METHODS, choose_autopay, customer_of, drop_method, note_customer
from psa_billing.gateways import storing
from psa_billing.payment_actions import CHARGE
from psa_billing.profiles import client
from psa_sdk import Answer, Context, Record, post
from psa_sdk.tables import new_id

Address = Annotated[str, Meta(max_length=500, pattern="^https?://")]


class SaveMethod(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where the payer goes when the page is done with."""

    provider: str | None = None
    success_url: Address
    cancel_url: Address


class PageOpened(msgspec.Struct):
    """Where the payer goes."""

    redirect: str


class Autopay(msgspec.Struct, forbid_unknown_fields=True):
    """Whether due invoices are charged to it by themselves."""

    on: bool


async def open_page(
    ctx: Context, company_id: UUID, *, provider: str | None = None, success_url: str, cancel_url: str
) -> str:
    """Return the address of a gateway's page on which somebody of a company stores a card or account."""
    gateway, config = await storing(ctx, provider)
    who = await client(ctx, company_id)
    order = PaymentOrder(
        attempt_id=new_id(),
        tenant_id=ctx.tenant_id,
        company_id=company_id,
        company_name=who.name,
        email=who.email,
        invoice_ids=(),
        description="",
        amount=Decimal(0),
        currency=who.currency,
        success_url=success_url,
        cancel_url=cancel_url,
        customer=await customer_of(ctx, gateway.name, company_id),
    )
    async with ctx.outside():
        answer = await gateway.save(ctx, config, order)
    if answer.customer:
        await note_customer(ctx, gateway.name, company_id, answer.customer)
    return answer.redirect


async def remove_method(ctx: Context, id: UUID) -> None:
    """Drop a stored card or account, at the gateway and here; raises `NotFound`."""
    row = await ctx.records.get(METHODS, id)
    gateway, config = await storing(ctx, row["provider"])
    async with ctx.outside():
        await gateway.forget(ctx, config, row["reference"])
    await drop_method(ctx, row["provider"], row["reference"])


@post(
    "/companies/{id:uuid}/saved-payment-methods",
    permission=CHARGE,
    returns=PageOpened,
    answer_type="payment-pages",
    status=201,
)
async def save_method(ctx: Context, id: UUID, body: SaveMethod) -> Answer:
    """Open the gateway's page on which a client stores a card or account."""
    redirect = await open_page(
        ctx, id, provider=body.provider, success_url=body.success_url, cancel_url=body.cancel_url
    )
    return Answer(type="payment-pages", status=201, attributes=PageOpened(redirect=redirect))


@post("/saved-payment-methods/{id:uuid}/autopay", permission=CHARGE, returns=METHODS)
async def set_autopay(ctx: Context, id: UUID, body: Autopay) -> Record:
    """Charge due invoices to this method by themselves, or stop it (BILL-37)."""
    row = await ctx.records.get(METHODS, id)
    await choose_autopay(ctx, id, row["company"], on=body.on)
    return Record(METHODS, id)


@post("/saved-payment-methods/{id:uuid}/remove", permission=CHARGE, status=204)
async def remove(ctx: Context, id: UUID) -> None:
    """Drop a stored card or account, at the gateway too."""
    await remove_method(ctx, id)


ALL = (save_method, set_autopay, remove)
