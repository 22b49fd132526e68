"""Customers at gateways, and the cards and accounts that are stored there for them."""

from typing import Any
from uuid import UUID

from psa_billing.api_gateways import MethodDetails
from psa_sdk import Context

METHODS = "saved-payment-methods"
CUSTOMER = "SELECT reference FROM billing.gateway_customer WHERE provider = $1 AND company = $2"
COMPANY = "SELECT company FROM billing.gateway_customer WHERE provider = $1 AND reference = $2"
NOTED = """
INSERT INTO billing.gateway_customer (provider, company, reference) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"""
DROPPED = "DELETE FROM billing.gateway_customer WHERE provider = $1 AND reference = $2 RETURNING company"
KNOWN = "SELECT id FROM billing.saved_method WHERE provider = $1 AND reference = $2"
OF_COMPANY = "SELECT id FROM billing.saved_method WHERE provider = $1 AND company = $2"
AUTOPAY = "SELECT * FROM billing.saved_method WHERE company = $1 AND is_autopay AND failure = ''"
OTHERS = "SELECT id FROM billing.saved_method WHERE company = $1 AND is_autopay AND id <> $2"


async def customer_of(ctx: Context, provider: str, company_id: UUID) -> str:
    """Return what a gateway calls a company; empty where it doesn't know it."""
    return await ctx.db.fetch_value(CUSTOMER, provider, company_id) or ""


async def company_of(ctx: Context, provider: str, customer: str) -> UUID | None:
    """Return the company that a gateway's customer is."""
    return await ctx.db.fetch_value(COMPANY, provider, customer)


async def note_customer(ctx: Context, provider: str, company_id: UUID, customer: str) -> None:
    """Keep what a gateway calls a company; the first one stays."""
    await ctx.db.execute(NOTED, provider, company_id, customer)


async def note_method(ctx: Context, provider: str, company_id: UUID, method: MethodDetails) -> UUID:
    """Keep or renew a stored card or account; returns its id."""
    await ctx.db.lock("billing.saved_method", provider, method.reference)
    values = {"kind": method.kind, "label": method.label, "expires_on": method.expires_on}
    records = ctx.as_system().records
    known: UUID | None = await ctx.db.fetch_value(KNOWN, provider, method.reference)
    if known is not None:
        await records.update(METHODS, known, values)
        return known
    return await records.create(
        METHODS, {**values, "provider": provider, "company": company_id, "reference": method.reference}
    )


async def drop_method(ctx: Context, provider: str, reference: str) -> None:
    """Forget a stored card or account, if it is known."""
    known: UUID | None = await ctx.db.fetch_value(KNOWN, provider, reference)
    if known is not None:
        await ctx.as_system().records.delete(METHODS, known)


async def drop_customer(ctx: Context, provider: str, customer: str) -> None:
    """Forget a customer and what is stored for them."""
    company: UUID | None = await ctx.db.fetch_value(DROPPED, provider, customer)
    if company is not None:
        for row in await ctx.db.fetch(OF_COMPANY, provider, company):
            await ctx.as_system().records.delete(METHODS, row["id"])


async def autopay_method(ctx: Context, company_id: UUID) -> dict[str, Any] | None:
    """Return what a company's invoices are charged to by themselves; None where nothing is, or it was refused."""
    row = await ctx.db.fetch_one(AUTOPAY, company_id)
    return dict(row) if row else None


async def choose_autopay(ctx: Context, method: UUID, company_id: UUID, *, on: bool) -> None:
    """Let a company's invoices be charged to this method by themselves, or not any more."""
    records = ctx.as_system().records
    await ctx.db.lock("billing.autopay_choice", company_id)
    if on:
        for row in await ctx.db.fetch(OTHERS, company_id, method):
            await records.update(METHODS, row["id"], {"is_autopay": False})
    await records.update(METHODS, method, {"is_autopay": on} | ({"failure": ""} if on else {}))


async def refuse_method(ctx: Context, provider: str, reference: str, reason: str) -> None:
    """Note that a method was refused for good; it isn't charged by itself until somebody chooses it again."""
    known: UUID | None = await ctx.db.fetch_value(KNOWN, provider, reference)
    if known is not None:
        await ctx.as_system().records.update(METHODS, known, {"failure": reason[:500]})
