"""Drafts from sources: one company, one unit of work. The preview is this, taken back (X-13, BILL-22, BILL-25)."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import claims
from psa_billing.api import INVOICES
from psa_billing.api_sources import BillingScope, TicketTitles
from psa_billing.computing import computed, header, rate_row
from psa_billing.engine.due import due_date
from psa_billing.engine.money import ZERO
from psa_billing.grouping import Drawn, InvoiceKey, Sourced, by_invoice, drawn_up
from psa_billing.payers import billed_for, payers
from psa_billing.profiles import Client, client
from psa_billing.settings import BillingSettings
from psa_billing.taxing import TaxBook, open_book
from psa_sdk import Context
from psa_sdk.tables import new_id


class Drafted(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that was written."""

    id: UUID
    kind: str
    currency: str
    subtotal: Decimal
    tax_amount: Decimal
    total: Decimal
    lines: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a company: drafts, what was left for later and why, warnings."""

    company_id: UUID
    drafts: Sequence[Drafted] = ()
    reasons: Sequence[str] = ()
    warnings: Sequence[str] = ()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What of the sources is billed: all, or some by name."""

    sources: frozenset[str] | None = None
    batch_id: UUID | None = None


async def draft(ctx: Context, scope: BillingScope, wanted: Wanted | None = None) -> Outcome:
    """Write the drafts for what sources have of a company and of those that are billed with it.

    They are its parent's where it bills to that. Runs of those who pay take turns.
    """
    who = await payer(ctx, scope.company_id)
    found: list[Sourced] = []
    reasons: list[str] = []
    warnings: list[str] = []
    for company_id, name in (await billed_for(ctx, scope.company_id)).items():
        told = "" if company_id == who.id else name
        own = msgspec.structs.replace(scope, company_id=company_id)
        lines, blocked, warned = await _collect(ctx, own, wanted or Wanted(), told)
        found += lines
        reasons += blocked
        warnings += warned
    return await write(ctx, scope, who, found, reasons, warnings, wanted or Wanted())


async def payer(ctx: Context, company_id: UUID) -> Client:
    """Return who is billed for a company, whose runs wait for each other from now on."""
    paying = (await payers(ctx, [company_id])).get(company_id, company_id)
    await ctx.db.lock("billing.company", paying)
    return await client(ctx, paying)


async def write(
    ctx: Context,
    scope: BillingScope,
    who: Client,
    found: Sequence[Sourced],
    reasons: list[str],
    warnings: Sequence[str],
    wanted: Wanted,
) -> Outcome:
    """Write drafts of collected lines, one for each currency, PO number and whatever keeps them apart."""
    drafts: list[Drafted] = []
    if found:
        book = await open_book(ctx)
        titles = await _titles(ctx, found)
        for key, lines in by_invoice(found, per_contract=who.per_contract).items():
            drawn = drawn_up(lines, who.grouping, titles)
            made = await _draft(ctx, scope, who, book, key, drawn, warnings, wanted, reasons)
            if made is not None:
                drafts.append(made)
    return Outcome(company_id=who.id, drafts=drafts, reasons=reasons, warnings=list(warnings))


async def _collect(
    ctx: Context, scope: BillingScope, wanted: Wanted, company: str
) -> tuple[list[Sourced], list[str], list[str]]:
    """Ask the sources for lines, reasons against, and warnings of a company, named where another one pays.

    What is on an invoice already is left out.
    """
    found: list[Sourced] = []
    reasons: list[str] = []
    warnings: list[str] = []
    for offer in claims.offers(ctx):
        if wanted.sources is not None and offer.name not in wanted.sources:
            continue
        collected = await offer.open(ctx).collect(scope)
        warnings += collected.warnings
        if collected.blocked:
            reasons.append(f"{company}: {collected.blocked}" if company else collected.blocked)
            continue
        taken = await claims.claimed(ctx, offer.name, {line.key for line in collected.lines})
        found += [
            Sourced(source=offer.name, line=line, company=company)
            for line in collected.lines
            if line.key not in taken
        ]
    return found, reasons, warnings


async def _titles(ctx: Context, found: Sequence[Sourced]) -> Mapping[UUID, str]:
    tickets = {one.line.ticket_id for one in found if one.line.ticket_id is not None}
    if not tickets or not ctx.provides(TicketTitles):
        return {}
    return await ctx.service(TicketTitles).titles(tickets)


async def _draft(
    ctx: Context,
    scope: BillingScope,
    who: Client,
    book: TaxBook,
    key: InvoiceKey,
    drawn: Sequence[Drawn],
    warnings: Sequence[str],
    wanted: Wanted,
    reasons: list[str],
) -> Drafted | None:
    """Write one draft; None where it is left for a later run, with the reason."""
    own = await ctx.settings(BillingSettings)
    if who.po_required and not (key.po_number or who.po_number):
        reasons.append("A PO number is required and there is none.")
        return None
    invoice, rows = _columns(scope, who, own, key, drawn, book, wanted)
    found = computed(invoice, rows, book, who)
    if found.total < 0:
        invoice["kind"] = "credit_memo"
        rows = [_negated(row) for row in rows]
        found = computed(invoice, rows, book, who)
    if found.total == 0 and not own.invoice_zero:
        reasons.append("It comes to nothing.")
        return None
    if 0 < found.total < own.minimum_amount:
        reasons.append(f"{found.total} {key.currency} is below the least amount; carried to the next run.")
        return None
    invoice |= header(found) | {"warnings": list(dict.fromkeys(warnings))}
    for row, line in zip(rows, found.lines, strict=True):
        row |= {
            "total": line.total,
            "discount_amount": line.discount,
            "tax_amount": line.tax,
            "taxes": [rate_row(rate, amount) for rate, amount in line.taxes.items()],
        }
    system = ctx.as_system()
    invoice_id = await system.records.create(INVOICES, invoice, id=invoice.pop("id"))
    await system.records.create_many("invoice-lines", rows, history=True)
    await _claim(ctx, invoice_id, drawn, rows)
    return Drafted(
        id=invoice_id,
        kind=invoice["kind"],
        currency=key.currency,
        subtotal=found.subtotal,
        tax_amount=found.tax,
        total=found.total,
        lines=len(rows),
    )


def _columns(
    scope: BillingScope,
    who: Client,
    own: BillingSettings,
    key: InvoiceKey,
    drawn: Sequence[Drawn],
    book: TaxBook,
    wanted: Wanted,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the columns of a draft and of its lines, without sums."""
    invoice_id = new_id()
    contracts = {one.first.contract_id for one in drawn}
    invoice: dict[str, Any] = {
        "id": invoice_id,
        "kind": "invoice",
        "company": who.id,
        "billing_contact": who.contact_id,
        "contract": contracts.pop() if len(contracts) == 1 else None,
        "batch": wanted.batch_id,
        "invoice_date": scope.invoice_date,
        "due_date": due_date(scope.invoice_date, who.terms),
        "payment_terms": who.terms,
        "currency": key.currency,
        "tax_rounding": own.tax_rounding,
        "prices_include_tax": own.prices_include_tax,
        "discount_percent": ZERO,
        "discount_fixed": ZERO,
        "discount_reduces_tax": own.discount_reduces_tax,
        "amount_paid": ZERO,
        "language": who.language,
        "po_number": key.po_number or who.po_number,
    }
    rows = [
        {
            "id": new_id(),
            "invoice": invoice_id,
            "company": who.id,
            "line_type": one.first.line_type,
            "description": one.description or "-",
            "quantity": one.quantity,
            "unit": one.first.unit,
            "unit_price": one.first.unit_price,
            "exact_amount": one.exact,
            "discount_percent": ZERO,
            "tax_category": book.category(one.first.tax_category),
            "date": one.first.date,
            "period_start": one.first.period_start,
            "period_end": one.first.period_end,
            "recognition": one.first.recognition,
            "group_title": one.group_title,
            "ticket": one.first.ticket_id,
            "project": one.first.project_id,
            "product": one.first.product_id,
            "source": one.source,
            "time_entry_ids": list(one.keys) if one.first.line_type == "time_entry" else [],
            "sort_order": place * 10,
        }
        for place, one in enumerate(drawn)
    ]
    return invoice, rows


def _negated(row: Mapping[str, Any]) -> dict[str, Any]:
    exact = row["exact_amount"]
    return {
        **row,
        "quantity": -row["quantity"],
        "exact_amount": -exact if exact is not None else None,
    }


async def _claim(
    ctx: Context, invoice_id: UUID, drawn: Sequence[Drawn], rows: Sequence[Mapping[str, Any]]
) -> None:
    by_source: dict[str, dict[str, UUID]] = {}
    for one, row in zip(drawn, rows, strict=True):
        for key in one.keys:
            by_source.setdefault(one.source, {}).setdefault(key, row["id"])
    for source, lines in by_source.items():
        await claims.claim(ctx, source, lines, invoice_id)


class _TakenBack(Exception):
    """Ends a preview."""


async def preview(ctx: Context, scope: BillingScope, wanted: Wanted | None = None) -> Outcome:
    """Return what `draft` would do: it does it, and takes it back."""
    found: Outcome | None = None
    try:
        async with ctx.savepoint():
            found = await draft(ctx, scope, wanted)
            raise _TakenBack
    except _TakenBack:
        assert found is not None
        return found


async def companies_due(ctx: Context, through: datetime.date) -> list[UUID]:
    """Return who is to be billed as some source may have something, in a stable order."""
    found: set[UUID] = set()
    for offer in claims.offers(ctx):
        found.update(await offer.open(ctx).companies(through))
    return sorted(set((await payers(ctx, found)).values()))
