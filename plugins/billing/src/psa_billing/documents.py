"""Invoices on paper: made from the stored invoice, kept as a file once it is finalised."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import snapshots
from psa_billing.api import INVOICES
from psa_billing.computing import LINES
from psa_billing.einvoice import xml_of
from psa_billing.lifecycle import shown
from psa_billing.paper import decoded, sheet
from psa_billing.profiles import client
from psa_billing.rendering import Look, framed, pdf_of
from psa_sdk import Context, StoredFile, actor
from psa_sdk.errors import NotFound

PICTURES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
LARGEST = 2_000_000
CREDITED = "SELECT invoice_number FROM billing.invoice WHERE id = $1"


def name_of(invoice: Mapping[str, Any]) -> str:
    """Return the name of an invoice's file."""
    return "".join(char if char.isalnum() or char in "-_" else "-" for char in shown(invoice)) + ".pdf"


async def composed(ctx: Context, invoice: Mapping[str, Any]) -> bytes:
    """Make an invoice's PDF; a draft shows the parties as they are now, and that it is one."""
    lines = await ctx.db.fetch(LINES, invoice["id"])
    corrected = ""
    if invoice["credits"] is not None:
        corrected = await ctx.db.fetch_value(CREDITED, invoice["credits"]) or ""
    if invoice["finalised_at"] is None:
        who = await client(ctx, invoice["company"])
        invoice = {**invoice, **await snapshots.of_parties(ctx, who, invoice)}
        xml = b""
    else:
        xml = xml_of(invoice, lines, credits=corrected)
    look = await _look(ctx, invoice)
    return await pdf_of(sheet(invoice, lines, credits=corrected), xml, invoice["invoice_date"], look)


async def _look(ctx: Context, invoice: Mapping[str, Any]) -> Look:
    """Return the look that was noted down with the seller; a logo that was deleted since is left out."""
    seller = decoded(invoice["seller"])
    look = Look(variant=invoice["template"] or "classic", hue=seller.get("hue", Look().hue))
    if not seller.get("logo"):
        return look
    files = ctx.as_system().files
    try:
        logo = await files.get(UUID(seller["logo"]))
    except NotFound:
        return look
    if logo.media_type not in PICTURES or logo.size > LARGEST:
        return look
    content = b"".join([chunk async for chunk in files.read(logo.id)])
    return msgspec.structs.replace(look, logo=framed(content, logo.media_type))


@actor(queue="critical")
async def keep_document(ctx: Context, *, invoice_id: UUID) -> None:
    """Make a finalised invoice's PDF and keep it with the invoice, as a new version where it changed."""
    invoice = await ctx.as_system().records.get(INVOICES, invoice_id)
    await stored(ctx, invoice, anew=True)


async def stored(ctx: Context, invoice: Mapping[str, Any], *, anew: bool = False) -> StoredFile:
    """Return the kept PDF of a finalised invoice, made now where it isn't there yet."""
    kept = None if anew else await _kept(ctx, invoice)
    if kept is not None:
        return kept
    content = await composed(ctx, invoice)
    return await ctx.as_system().files.save(content, name=name_of(invoice), subject=(INVOICES, invoice["id"]))


async def _kept(ctx: Context, invoice: Mapping[str, Any]) -> StoredFile | None:
    found = await ctx.as_system().files.attached(INVOICES, invoice["id"])
    return next((one for one in found if one.name == name_of(invoice)), None)


async def pdf(ctx: Context, invoice: Mapping[str, Any]) -> bytes:
    """Return an invoice's PDF: the kept one, or the same made now."""
    kept = await _kept(ctx, invoice) if invoice["finalised_at"] is not None else None
    if kept is None:
        return await composed(ctx, invoice)
    return b"".join([chunk async for chunk in ctx.as_system().files.read(kept.id)])


ACTORS = (keep_document,)
