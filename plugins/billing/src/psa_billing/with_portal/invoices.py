"""A client's invoices: what was finalised for their company, its documents, and paying."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Response

from psa_billing import documents, gateways
from psa_billing.api import INVOICES
from psa_billing.api_gateways import StoringGateway
from psa_billing.computing import LINES
from psa_billing.formats import Formats
from psa_billing.gateway_configs import offered
from psa_billing.gateway_methods import METHODS, choose_autopay
from psa_billing.invoice_actions import pdf_answer
from psa_billing.lifecycle import OPEN
from psa_billing.method_actions import open_page, remove_method
from psa_billing.paper import sheet
from psa_portal.api import PREFIX
from psa_sdk import Answer, Context
from psa_sdk.documents import Documents, Item
from psa_sdk.errors import Forbidden
from psa_sdk.network import Network
from psa_sdk.ui import Done, Go

NUMBER = "SELECT invoice_number FROM billing.invoice WHERE id = $1"


class StoredClientInvoices:
    """Implements `psa_portal.api.ClientInvoices`; the resource's portal scope says what there is."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def all(self) -> Sequence[Answer]:
        """Return the company's invoices, the latest first."""
        found = await self._ctx.service(Documents).find(
            INVOICES, {"sort": "-invoice_date", "page[size]": "100"}
        )
        return [_answer(item) for item in found.items]

    async def one(self, id: UUID) -> Answer:
        """Return an invoice; raises `NotFound`."""
        return _answer((await self._ctx.service(Documents).one(INVOICES, id)).items[0])

    async def pdf(self, id: UUID) -> Response[Any]:
        """Return an invoice's document; raises `NotFound`."""
        invoice = await self._ctx.records.get(INVOICES, id)
        return pdf_answer(invoice, await documents.pdf(self._ctx, invoice))

    async def pay(self, id: UUID, provider: str | None = None) -> Answer:
        """Begin to pay what is open; a second payment while one is under way is refused (BILL-33)."""
        started = await _begin(self._ctx, id, provider)
        return Answer(
            type="payment-attempts",
            id=str(started.attempt_id),
            attributes={
                "state": started.state,
                "amount": str(started.amount),
                "currency": started.currency,
                "redirect": started.redirect,
            },
        )


def _answer(item: Item) -> Answer:
    return Answer(type="invoices", id=str(item.id), attributes=item.attributes)


async def _begin(ctx: Context, id: UUID, provider: str | None) -> gateways.Started:
    await ctx.records.get(INVOICES, id)
    back = f"{ctx.service(Network).home}{PREFIX}/invoices/{id}"
    started = await gateways.begin(ctx, [id], provider=provider, success_url=back, cancel_url=back)
    return await gateways.settled(ctx, started)


async def listed(ctx: Context) -> Mapping[str, Any]:
    """Load the list and the balance."""
    found = await ctx.service(Documents).find(INVOICES, {"sort": "-invoice_date", "page[size]": "100"})
    rows: list[dict[str, Any]] = [
        {**item.attributes, "id": item.id, "open": Decimal(str(item.attributes["balance_due"]))}
        for item in found.items
    ]
    owed: dict[str, Decimal] = {}
    for row in rows:
        sign = 1 if row["kind"] == "invoice" else -1
        owed[row["currency"]] = owed.get(row["currency"], Decimal(0)) + sign * row["open"]
    stores = await _stores(ctx)
    return {"formats": Formats, "decimal": Decimal, "rows": rows, "owed": owed, "stores": stores}


async def _stores(ctx: Context) -> bool:
    """Tell whether cards and accounts can be stored at a gateway."""
    return any(isinstance(one, StoringGateway) for one in await offered(ctx))


async def shown(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load an invoice as its paper says it."""
    invoice = await ctx.records.get(INVOICES, id)
    credited = invoice["credits"]
    number = await ctx.db.fetch_value(NUMBER, credited) if credited else ""
    return {
        "formats": Formats,
        "invoice": invoice,
        "sheet": sheet(invoice, await ctx.db.fetch(LINES, id), credits=number or ""),
        "is_open": invoice["kind"] == "invoice" and invoice["status"] in OPEN,
        "ways": [] if invoice["is_processing"] else await offered(ctx),
    }


async def pdf(ctx: Context, id: UUID) -> Response[Any]:
    """Show the PDF."""
    return await StoredClientInvoices(ctx).pdf(id)


async def pay(ctx: Context, id: UUID, provider: str) -> Go:
    """Go on to a gateway's page."""
    started = await _begin(ctx, id, provider)
    return Go(url=started.redirect, away=True) if started.redirect else Go(url=f"/invoices/{id}")


async def methods(ctx: Context) -> Mapping[str, Any]:
    """Load the company's stored cards and accounts."""
    found = await ctx.service(Documents).find(METHODS, {"sort": "created_at"})
    return {"items": found.items, "stores": await _stores(ctx)}


async def save_method(ctx: Context) -> Go:
    """Go on to the gateway's page to store a card or account."""
    back = f"{ctx.service(Network).home}{PREFIX}/payment-methods"
    return Go(url=await open_page(ctx, _company(ctx), success_url=back, cancel_url=back), away=True)


async def autopay(ctx: Context, id: UUID, on: str) -> Done:
    """Let due invoices be charged to a stored method by themselves, or not any more (BILL-37)."""
    await ctx.records.get(METHODS, id)
    await choose_autopay(ctx, id, _company(ctx), on=on == "on")
    return Done(
        toast="Due invoices are charged to it from now on."
        if on == "on"
        else "Nothing is charged to it by itself.",
        refresh=(METHODS,),
    )


async def remove(ctx: Context, id: UUID) -> Done:
    """Drop a stored card or account."""
    await remove_method(ctx, id)
    return Done(toast="Removed", refresh=(METHODS,))


def _company(ctx: Context) -> UUID:
    company = ctx.principal.who.company_id
    if company is None:
        raise Forbidden("This is for a client's people.")
    return company


async def tile(ctx: Context, _: UUID | None) -> Mapping[str, Any] | None:
    """Load what is open, for the home page; nothing hides it."""
    data = await listed(ctx)
    waiting = [row for row in data["rows"] if row["open"] and row["kind"] == "invoice"]
    return {**data, "waiting": waiting[:5]} if waiting else None
