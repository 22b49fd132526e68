"""What happens when an invoice or a line is written by hand: defaults from the company, sums, what may change."""

import datetime
from decimal import Decimal
from typing import Any

from psa_billing import computing, lifecycle
from psa_billing.amounts import bounded
from psa_billing.api import INVOICES
from psa_billing.claims import release_lines, release_sources
from psa_billing.engine.due import due_date
from psa_billing.prices import price_of
from psa_billing.profiles import client
from psa_billing.settings import BillingSettings
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Invalid

SUMS = "subtotal"
"""Only billing's own code writes it, which tells its writes from clients'."""
STILL_FREE = frozenset(("internal_notes", "promised_on", "reminders_paused", "po_number", "notes"))
CLIENTS = STILL_FREE | {
    "company",
    "billing_contact",
    "contract",
    "invoice_date",
    "due_date",
    "payment_terms",
    "currency",
    "prices_include_tax",
    "discount_percent",
    "discount_fixed",
}
"""What clients may send; a write of anything else is billing's own."""


async def write_new(ctx: Context, change: Change) -> None:
    """Fill in what follows from the company: terms, dates, currency, language, the tenant's ways."""
    if SUMS in change.new:
        return
    own = await ctx.settings(BillingSettings)
    who = await client(ctx, change.value("company"))
    date: datetime.date = change.value("invoice_date") or ctx.today
    terms: str = change.value("payment_terms") or who.terms
    change.new.update(
        {
            "invoice_date": date,
            "payment_terms": terms,
            "due_date": change.value("due_date") or due_date(date, terms),
            "currency": change.value("currency") or who.currency,
            "language": who.language,
            "billing_contact": change.value("billing_contact") or who.contact_id,
            "po_number": change.value("po_number") or who.po_number,
            "tax_rounding": own.tax_rounding,
            "discount_reduces_tax": own.discount_reduces_tax,
        }
    )
    if change.value("prices_include_tax") is None:
        change.new["prices_include_tax"] = own.prices_include_tax
    _check_values(change)


async def write_edit(ctx: Context, change: Change) -> None:
    """Let drafts change, and of others what has nothing to do with what is owed (BILL-04)."""
    if change.new.keys() - CLIENTS - {"updated_at"}:
        return
    changed = {name for name in change.new if change.changes(name)}
    if change.old["finalised_at"] is not None:
        refused = changed - STILL_FREE
        if "po_number" in changed and change.old["sent_at"] is not None:
            refused.add("po_number")
        if refused:
            raise Conflict(
                f"{lifecycle.shown(change.old)} is finalised; credit or void it instead of changing it.",
                code="invoice_finalised",
                meta={"attributes": sorted(refused)},
            )
        return
    if change.old["status"] != "draft" and changed - STILL_FREE:
        raise Conflict("The invoice waits for a decision; take it back first.", code="not_a_draft")
    for name in ("invoice_date", "payment_terms", "currency", "prices_include_tax", "due_date"):
        if name in change.new and change.new[name] is None:
            change.new[name] = change.old[name]
    if changed & {"invoice_date", "payment_terms"} and "due_date" not in changed:
        change.new["due_date"] = due_date(change.value("invoice_date"), change.value("payment_terms"))
    _check_values(change)


def _check_values(change: Change) -> None:
    percent: Decimal = change.value("discount_percent") or Decimal(0)
    fixed: Decimal = change.value("discount_fixed") or Decimal(0)
    bounded(percent, "/data/attributes/discount_percent")
    bounded(fixed, "/data/attributes/discount_fixed")
    if not 0 <= percent <= 100 or fixed < 0:
        raise Invalid(
            "Discounts lie between 0 and 100 percent, and aren't negative.",
            code="bad_discount",
            pointer="/data/attributes/discount_percent",
        )
    if percent and fixed:
        raise Invalid(
            "Give a percentage or an amount, not both.",
            code="two_discounts",
            pointer="/data/attributes/discount_fixed",
        )


async def delete_draft(ctx: Context, change: Change) -> None:
    """Drafts are deleted freely and give their sources back (BILL-01, BILL-28); finalised invoices stay."""
    if change.old["finalised_at"] is not None:
        raise Conflict(
            f"{lifecycle.shown(change.old)} has its number; void it instead.", code="invoice_finalised"
        )
    await release_sources(ctx, change.id)


async def after_invoice(ctx: Context, change: Change) -> None:
    """Compute a draft anew when something that its sums depend on was changed by hand."""
    depends = {
        "discount_percent",
        "discount_fixed",
        "currency",
        "prices_include_tax",
        "company",
        "invoice_date",
    }
    by_hand = not change.new.keys() - CLIENTS - {"updated_at"}
    if change.verb == "update" and by_hand and depends & change.new.keys():
        await computing.recompute(ctx, change.id)


async def write_line(ctx: Context, change: Change) -> None:
    """Take lines of drafts only; fill in what follows from product and invoice."""
    invoice = await _draft_of(ctx, change)
    change.new["company"] = invoice["company"]
    if change.verb == "create" and change.value("product") is not None:
        price = await price_of(
            ctx, change.value("product"), invoice["company"], invoice["currency"], invoice["invoice_date"]
        )
        change.new["unit_price"] = (
            price.unit_price if change.value("unit_price") is None else change.new["unit_price"]
        )
        for name in ("description", "unit"):
            change.new[name] = change.new.get(name) or getattr(price, name)
        change.new["tax_category"] = change.value("tax_category") or price.tax_category
        change.new["line_type"] = "product"
    if change.value("unit_price") is None:
        change.new["unit_price"] = Decimal(0) if change.verb == "create" else change.old["unit_price"]
    if not change.value("description"):
        change.new["description"] = change.value("line_type").replace("_", " ").capitalize()
    bounded(change.value("quantity"), "/data/attributes/quantity")
    bounded(change.value("unit_price"), "/data/attributes/unit_price")
    bounded(change.value("quantity") * change.value("unit_price"), "/data/attributes/unit_price")
    if not 0 <= (change.value("discount_percent") or 0) <= 100:
        raise Invalid(
            "A discount lies between 0 and 100 percent.",
            code="bad_discount",
            pointer="/data/attributes/discount_percent",
        )
    start, end = change.value("period_start"), change.value("period_end")
    if (start is None) != (end is None) or (start is not None and end < start):
        raise Invalid(
            "A period has a first day and a last one that is no earlier.",
            code="bad_period",
            pointer="/data/attributes/period_end",
        )
    if change.verb == "update" and {"quantity", "unit_price"} & change.new.keys():
        change.new["exact_amount"] = None


async def delete_line(ctx: Context, change: Change) -> None:
    """Take a line off a draft and give back what was on it (BILL-28)."""
    await _draft_of(ctx, change)
    await release_lines(ctx, change.old["invoice"], [change.id])


async def after_line(ctx: Context, change: Change) -> None:
    """Compute the invoice anew."""
    await computing.recompute(ctx, (change.old or change.new)["invoice"])


async def _draft_of(ctx: Context, change: Change) -> dict[str, Any]:
    invoice = dict(await ctx.as_system().records.get(INVOICES, change.value("invoice"), lock=True))
    if invoice["finalised_at"] is not None:
        raise Conflict(
            f"{lifecycle.shown(invoice)} is finalised; its lines can't change.", code="invoice_finalised"
        )
    if invoice["status"] != "draft":
        raise Conflict("The invoice waits for a decision; take it back first.", code="not_a_draft")
    if invoice["kind"] == "credit_memo" and invoice["credits"] is not None:
        raise Conflict(
            "The lines of a credit memo follow from its invoice; delete it and credit again.",
            code="credit_lines_are_fixed",
        )
    return invoice
