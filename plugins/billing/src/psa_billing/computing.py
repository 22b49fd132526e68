"""An invoice's sums, computed anew from its lines and written where they differ."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing.api import INVOICES
from psa_billing.engine.money import rounded
from psa_billing.engine.tax import Group, Rate
from psa_billing.engine.totals import LineInput, Terms, Totals, totals
from psa_billing.profiles import Client, client
from psa_billing.taxing import TaxBook, open_book
from psa_sdk import Context
from psa_sdk.errors import Invalid

LINES = "SELECT * FROM billing.invoice_line WHERE invoice = $1 ORDER BY sort_order, id"
WRITE_LINES = """
UPDATE billing.invoice_line l SET total = n.total, discount_amount = n.discount, tax_amount = n.tax,
    taxes = n.taxes::jsonb, version = l.version + 1, updated_at = $6
FROM unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::numeric[], $5::text[]) AS n(id, total, discount, tax, taxes)
WHERE l.id = n.id AND l.tenant_id = psa.current_tenant()
    AND (l.total, l.discount_amount, l.tax_amount, l.taxes)
        IS DISTINCT FROM (n.total, n.discount, n.tax, n.taxes::jsonb)"""


def terms_of(invoice: Mapping[str, Any]) -> Terms:
    """Return how an invoice is computed."""
    return Terms(
        currency=invoice["currency"],
        tax_rounding=invoice["tax_rounding"],
        prices_include_tax=invoice["prices_include_tax"],
        discount_percent=invoice["discount_percent"],
        discount_fixed=invoice["discount_fixed"],
        discount_reduces_tax=invoice["discount_reduces_tax"],
    )


def computed(
    invoice: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], book: TaxBook, who: Client
) -> Totals:
    """Compute an invoice given as columns; raises `Invalid` where a line has no tax rate."""
    inputs = [
        LineInput(
            quantity=line["quantity"],
            unit_price=line["unit_price"],
            amount=line.get("exact_amount"),
            discount_percent=line.get("discount_percent", Decimal(0)),
            rates=book.rates(line["tax_category"], who, tax_point(invoice)),
        )
        for line in lines
    ]
    found = totals(inputs, terms_of(invoice))
    if invoice["discount_fixed"] and invoice["discount_fixed"] > found.subtotal:
        raise Invalid(
            "The discount is more than the lines come to.",
            code="discount_too_large",
            pointer="/data/attributes/discount_fixed",
        )
    return found


def tax_point(invoice: Mapping[str, Any]) -> datetime.date:
    """Return the date whose tax rates hold: the invoice's."""
    return invoice["invoice_date"]


def header(found: Totals) -> dict[str, Any]:
    """Return the columns of an invoice that follow from its lines."""
    return {
        "subtotal": found.subtotal,
        "discount_amount": found.discount,
        "tax_amount": found.tax,
        "total": found.total,
        "balance_due": found.total,
        "taxes": [group_row(group) for group in found.groups],
    }


def group_row(group: Group) -> dict[str, Any]:
    """Return a tax sum as it is stored."""
    return {
        "name": group.rate.name,
        "rate": f"{group.rate.percent:f}",
        "jurisdiction": group.rate.jurisdiction,
        "code": group.rate.code,
        "note": group.rate.note,
        "taxable": f"{group.base:f}",
        "amount": f"{group.amount:f}",
    }


def rate_row(rate: Rate, amount: Decimal) -> dict[str, Any]:
    """Return a line's tax of one rate as it is stored."""
    return {
        "name": rate.name,
        "rate": f"{rate.percent:f}",
        "jurisdiction": rate.jurisdiction,
        "code": rate.code,
        "amount": f"{amount:f}",
    }


async def recompute(ctx: Context, invoice_id: UUID) -> Mapping[str, Any]:
    """Lock a draft, compute it and write what changed; returns the invoice's columns."""
    system = ctx.as_system()
    invoice = dict(await system.records.get(INVOICES, invoice_id, lock=True))
    if invoice["kind"] == "credit_memo" and invoice["credits"] is not None:
        return invoice
    lines = await ctx.db.fetch(LINES, invoice_id)
    found = computed(invoice, lines, await open_book(ctx), await client(ctx, invoice["company"]))
    await ctx.db.execute(
        WRITE_LINES,
        [line["id"] for line in lines],
        [line.total for line in found.lines],
        [line.discount for line in found.lines],
        [line.tax for line in found.lines],
        [
            msgspec.json.encode([rate_row(rate, amount) for rate, amount in line.taxes.items()]).decode()
            for line in found.lines
        ],
        ctx.now,
    )
    columns = header(found)
    columns["balance_due"] = rounded(found.total - invoice["amount_paid"], invoice["currency"])
    await system.records.update(INVOICES, invoice_id, columns)
    return invoice | columns
