"""What was paid of what: allocations of payments and credit, and the states that follow (BILL-30, BILL-31).

Every movement first takes the lock of the companies concerned, so that two of them wait for each other.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from psa_billing import lifecycle
from psa_billing.amounts import positive
from psa_billing.api import INVOICES, PAYMENTS, InvoicePaid, InvoiceReopened
from psa_billing.closing import check_open
from psa_billing.engine.applying import OpenInvoice, oldest_first
from psa_billing.engine.money import ZERO, rounded, total
from psa_contacts.api import ContactBook
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid

ALLOCATIONS = "payment-allocations"
SUMS = """
SELECT coalesce(sum(amount) FILTER (WHERE kind <> 'write_off'), 0) AS paid,
    coalesce(sum(amount) FILTER (WHERE kind = 'write_off'), 0) AS written_off
FROM billing.allocation WHERE invoice = $1 AND reversed_on IS NULL"""
USED = """
SELECT (SELECT coalesce(sum(amount), 0) FROM billing.allocation a
        WHERE a.{column} = $1 AND a.reversed_on IS NULL) AS applied,
    (SELECT coalesce(sum(amount), 0) FROM billing.refund r
        WHERE r.{column} = $1 AND r.failed_on IS NULL) AS refunded"""
OPEN = """
SELECT id, due_date, balance_due FROM billing.invoice
WHERE company = ANY($1) AND currency = $2 AND kind = 'invoice' AND status IN ('sent', 'partially_paid')
    AND balance_due > 0 AND ($3::uuid[] IS NULL OR id = ANY($3))
ORDER BY due_date, id"""
ACTIVE = (
    "SELECT * FROM billing.allocation WHERE {column} = $1 AND reversed_on IS NULL ORDER BY date DESC, id DESC"
)
Origin = Literal["payment", "credit_memo"]
Parts = Sequence[tuple[UUID, Decimal]]


async def lock(ctx: Context, companies: Iterable[UUID]) -> None:
    """Make other movements of these companies' money wait until the unit of work ends."""
    for company in sorted(set(companies)):
        await ctx.db.lock("billing.ledger", company)


async def payers(ctx: Context, company_id: UUID) -> list[UUID]:
    """Return the companies whose invoices a company may pay: itself and those below it."""
    return [company_id, *await ctx.as_system().service(ContactBook).descendants(company_id)]


async def open_invoices(
    ctx: Context, company_id: UUID, currency: str, chosen: Sequence[UUID] | None = None
) -> list[OpenInvoice]:
    """Return what is open of a company, of the chosen invoices if given; of those below only if chosen."""
    companies = [company_id] if chosen is None else await payers(ctx, company_id)
    rows = await ctx.db.fetch(OPEN, companies, currency, None if chosen is None else list(chosen))
    return [OpenInvoice(id=row["id"], due=row["due_date"], balance=row["balance_due"]) for row in rows]


async def apply(
    ctx: Context, origin: Origin, source: Mapping[str, Any], parts: Parts, date: datetime.date
) -> list[UUID]:
    """Apply a payment or credit memo to invoices; raises `Conflict` where less is open, on either side."""
    system = ctx.as_system()
    await check_open(ctx, date)
    left = source["unapplied"] if origin == "payment" else source["balance_due"]
    wanted = total(amount for _, amount in parts)
    if wanted > left:
        raise Conflict(
            f"{wanted} is more than the {left} that is left to apply.",
            code="not_enough_left",
            meta={"left": str(left)},
        )
    allowed = set(await payers(ctx, source["company"]))
    made: list[UUID] = []
    for invoice_id, amount in parts:
        invoice = await system.records.get(INVOICES, invoice_id, lock=True)
        _check(invoice, source, amount, allowed)
        made.append(
            await system.records.create(
                ALLOCATIONS,
                {
                    "invoice": invoice_id,
                    "company": invoice["company"],
                    "kind": "payment" if origin == "payment" else "credit",
                    origin: source["id"],
                    "amount": amount,
                    "date": date,
                },
            )
        )
        await settle_invoice(ctx, invoice)
    await settle_origin(ctx, origin, source["id"])
    return made


def _check(
    invoice: Mapping[str, Any], source: Mapping[str, Any], amount: Decimal, allowed: set[UUID]
) -> None:
    shown = lifecycle.shown(invoice)
    if invoice["company"] not in allowed:
        raise Invalid(
            f"{shown} is another company's.",
            code="other_company",
            pointer="/data/attributes/allocations",
        )
    if invoice["currency"] != source["currency"]:
        raise Invalid(
            f"{shown} is in {invoice['currency']}, not {source['currency']}.",
            code="other_currency",
            pointer="/data/attributes/allocations",
        )
    if invoice["kind"] != "invoice" or invoice["status"] not in lifecycle.OPEN:
        raise Conflict(
            f"{shown} is {invoice['status'].replace('_', ' ')}; nothing of it is open.", code="not_open"
        )
    if amount > invoice["balance_due"]:
        raise Conflict(
            f"Only {invoice['balance_due']} of {shown} is open.",
            code="overpaid",
            meta={"balance": str(invoice["balance_due"])},
        )


async def apply_oldest_first(
    ctx: Context, origin: Origin, source: Mapping[str, Any], chosen: Sequence[UUID] | None = None
) -> None:
    """Apply what is left of a payment or credit memo to what is due first."""
    left = source["unapplied"] if origin == "payment" else source["balance_due"]
    found = await open_invoices(ctx, source["company"], source["currency"], chosen)
    parts = oldest_first(left, found)
    if parts:
        await apply(ctx, origin, source, parts, ctx.today)


async def reverse(
    ctx: Context, allocation: Mapping[str, Any], date: datetime.date, *, keep: Decimal = ZERO
) -> None:
    """Take an allocation back; `keep` of it stays as a new one. What it was applied to is open again."""
    system = ctx.as_system()
    await check_open(ctx, allocation["date"])
    await system.records.update(ALLOCATIONS, allocation["id"], {"reversed_on": max(date, allocation["date"])})
    if keep > 0:
        names = ("invoice", "company", "kind", "payment", "credit_memo", "date")
        await system.records.create(
            ALLOCATIONS, {name: allocation[name] for name in names} | {"amount": keep}
        )
    await settle_invoice(ctx, await system.records.get(INVOICES, allocation["invoice"], lock=True))
    for origin in ("payment", "credit_memo"):
        if allocation[origin] is not None:
            await settle_origin(ctx, origin, allocation[origin])


async def active(ctx: Context, column: Literal["invoice", "payment", "credit_memo"], id: UUID) -> list[Any]:
    """Return the allocations that hold, the latest first."""
    return list(await ctx.db.fetch(ACTIVE.format(column=column), id))


async def settle_invoice(ctx: Context, invoice: Mapping[str, Any]) -> None:
    """Derive an invoice's state from what was applied to it; the row is locked."""
    sums = dict(await ctx.db.fetch_one(SUMS, invoice["id"]) or {})
    paid, written_off = (rounded(sums[name], invoice["currency"]) for name in ("paid", "written_off"))
    balance: Decimal = invoice["total"] - paid - written_off
    if balance < 0:
        raise Conflict(f"{lifecycle.shown(invoice)} would be overpaid.", code="overpaid")
    status = "sent"
    if balance == 0:
        status = "written_off" if written_off else "paid"
    elif paid or written_off:
        status = "partially_paid"
    if status != invoice["status"]:
        lifecycle.check(invoice, status)
    closed = status in {"paid", "written_off"}
    values: dict[str, Any] = {
        "amount_paid": paid,
        "amount_written_off": written_off,
        "balance_due": balance,
        "status": status,
        "paid_at": (invoice["paid_at"] or ctx.now) if status == "paid" else None,
    }
    await ctx.as_system().records.update(INVOICES, invoice["id"], values)
    was_closed = invoice["status"] in {"paid", "written_off"}
    if status == "paid" and not was_closed:
        await ctx.emit(InvoicePaid(invoice_id=invoice["id"], company_id=invoice["company"]))
    if was_closed and not closed:
        await ctx.emit(
            InvoiceReopened(invoice_id=invoice["id"], company_id=invoice["company"], balance=balance)
        )


async def settle_origin(ctx: Context, origin: Origin, id: UUID) -> None:
    """Derive what is left of a payment or credit memo."""
    system = ctx.as_system()
    used = dict(await ctx.db.fetch_one(USED.format(column=origin), id) or {})
    if origin == "payment":
        payment = await system.records.get(PAYMENTS, id, lock=True)
        applied, refunded = (rounded(used[name], payment["currency"]) for name in ("applied", "refunded"))
        left = payment["amount"] - applied - refunded - payment["amount_disputed"]
        await system.records.update(
            PAYMENTS,
            id,
            {
                "amount_applied": applied,
                "amount_refunded": refunded,
                "unapplied": left if payment["status"] == "received" else rounded(ZERO, payment["currency"]),
            },
        )
        return
    memo = await system.records.get(INVOICES, id, lock=True)
    spent = rounded(used["applied"] + used["refunded"], memo["currency"])
    balance = memo["total"] - spent
    status = "paid" if balance == 0 else "partially_paid" if spent else "sent"
    await system.records.update(
        INVOICES,
        id,
        {
            "amount_paid": spent,
            "balance_due": balance,
            "status": status,
            "paid_at": ctx.now if status == "paid" else None,
        },
    )


def checked(parts: Parts, currency: str) -> list[tuple[UUID, Decimal]]:
    """Return shares in the currency's own decimals; raises `Invalid`."""
    where = "/data/attributes/allocations"
    return [(invoice_id, positive(amount, currency, where)) for invoice_id, amount in parts]
