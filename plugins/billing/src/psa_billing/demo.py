"""Demonstration data: a year of invoices, how they were paid, and who pays late; always the same."""

import datetime
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from psa_billing.computing import header, rate_row
from psa_billing.engine.due import due_date
from psa_billing.engine.money import ZERO, rounded
from psa_billing.engine.numbering import written
from psa_billing.engine.tax import Rate
from psa_billing.engine.totals import LineInput, Terms, Totals, totals
from psa_billing.profiles import Client, client
from psa_billing.snapshots import of_parties
from psa_sdk import Context
from psa_sdk.tables import new_id

PATTERN = "INV-{YYYY}-{seq:04}"
MONTHS = 12
CLIENTS = 18
SERVICES = (
    ("Managed workstations", "month", Decimal("38.00"), (8, 60)),
    ("Managed servers", "month", Decimal("145.00"), (1, 6)),
    ("Backup, per terabyte", "month", Decimal("40.00"), (1, 12)),
    ("Mail security, per mailbox", "month", Decimal("3.20"), (10, 90)),
)
PROJECTS = (
    ("Firewall replacement", "piece", Decimal("1450.00")),
    ("Office move, network and phones", "hour", Decimal("125.00")),
    ("Security training", "piece", Decimal("890.00")),
)
HABITS = ((-6, 30), (-1, 25), (9, 20), (24, 12), (48, 5), (None, 8))
"""Days after the due date on which clients pay, by how many do; None: not yet."""
TAX = Rate(name="Sales tax", percent=Decimal("8.25"))
COUNTERS = """
INSERT INTO billing.counter (kind, year, last_number, last_date)
SELECT 'invoice', c.year, c.last_number, c.last_date FROM unnest($1::int[], $2::bigint[], $3::date[])
    AS c(year, last_number, last_date) ON CONFLICT (tenant_id, kind, year) DO NOTHING"""


async def fill(ctx: Context) -> None:
    """Write products, a tax rate, and a year of monthly invoices with their payments."""
    dice = random.Random("billing")  # noqa: S311 - demonstration data must be the same everywhere
    companies = [
        row["id"]
        for row in await ctx.records.find("companies", order="external_id", limit=200)
        if row["company_type"] == "client"
    ][:CLIENTS]
    if not companies:
        return
    await _lists(ctx)
    clients = [await client(ctx, company) for company in companies]
    await _history(ctx, clients, dice)


async def _lists(ctx: Context) -> None:
    currency = await ctx.db.fetch_value("SELECT currency FROM psa.tenant WHERE id = psa.current_tenant()")
    for place, (name, unit, price, *_) in enumerate((*SERVICES, *PROJECTS)):
        values = {
            "name": name,
            "sku": f"DEMO-{place + 1:02}",
            "unit": unit,
            "unit_price": price,
            "currency": currency,
        }
        await ctx.records.create("products", values)
    await ctx.records.create("tax-rates", {"name": TAX.name, "rate": TAX.percent, "is_default": True})


async def _history(ctx: Context, clients: Sequence[Client], dice: random.Random) -> None:
    invoices: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    payments: list[dict[str, Any]] = []
    allocations: list[dict[str, Any]] = []
    numbers: dict[int, tuple[int, datetime.date]] = {}
    parties = {one.id: await of_parties(ctx, one, {"language": one.language}) for one in clients}
    plans = {one.id: _plan(dice) for one in clients}
    for date in _firsts(ctx.today):
        for who in clients:
            work = plans[who.id] + ([_extra(dice)] if dice.randrange(5) == 0 else [])
            found = totals(
                [
                    LineInput(quantity=one["quantity"], unit_price=one["unit_price"], rates=(TAX,))
                    for one in work
                ],
                Terms(currency=who.currency),
            )
            sequence = numbers.get(date.year, (0, date))[0] + 1
            numbers[date.year] = (sequence, date)
            invoice = _invoice(ctx, who, date, written(PATTERN, date, sequence), found)
            invoice |= parties[who.id]
            invoices.append(invoice)
            lines += _lines(invoice, work, found, date)
            paid = _payment(ctx, invoice, dice)
            if paid is not None:
                payments.append(paid)
                allocations.append(_allocation(invoice, paid))
    for resource, rows in (
        ("invoices", invoices),
        ("invoice-lines", lines),
        ("payments", payments),
        ("payment-allocations", allocations),
    ):
        await ctx.records.create_many(resource, rows, history=True)
    years = list(numbers)
    await ctx.db.execute(COUNTERS, years, [numbers[y][0] for y in years], [numbers[y][1] for y in years])


def _firsts(today: datetime.date) -> list[datetime.date]:
    """The first day of the last twelve months, the oldest first."""
    first, found = today.replace(day=1), list[datetime.date]()
    for _ in range(MONTHS):
        found.append(first)
        first = (first - datetime.timedelta(days=1)).replace(day=1)
    return found[::-1]


def _plan(dice: random.Random) -> list[dict[str, Any]]:
    chosen = dice.sample(SERVICES, dice.randint(2, len(SERVICES)))
    return [
        {
            "description": name,
            "unit": unit,
            "unit_price": price,
            "quantity": Decimal(dice.randint(*span)),
            "recurs": True,
        }
        for name, unit, price, span in chosen
    ]


def _extra(dice: random.Random) -> dict[str, Any]:
    name, unit, price = dice.choice(PROJECTS)
    quantity = Decimal(dice.randint(2, 12)) if unit == "hour" else Decimal(1)
    return {"description": name, "unit": unit, "unit_price": price, "quantity": quantity, "recurs": False}


def _invoice(ctx: Context, who: Client, date: datetime.date, number: str, found: Totals) -> dict[str, Any]:
    at = datetime.datetime.combine(date, datetime.time(8), tzinfo=datetime.UTC)
    zero = rounded(ZERO, who.currency)
    return {
        "id": new_id(),
        "invoice_number": number,
        "kind": "invoice",
        "status": "sent",
        "company": who.id,
        "billing_contact": who.contact_id,
        "invoice_date": date,
        "due_date": due_date(date, who.terms),
        "payment_terms": who.terms,
        "currency": who.currency,
        "tax_rounding": "per_group",
        "amount_paid": zero,
        "amount_written_off": zero,
        "finalised_at": at,
        "sent_at": at,
        "paid_at": None,
        "created_at": at,
        "updated_at": at,
        **header(found),
    }


def _lines(
    invoice: dict[str, Any], work: Sequence[dict[str, Any]], found: Totals, date: datetime.date
) -> list[dict[str, Any]]:
    last = (date.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)
    return [
        {
            "invoice": invoice["id"],
            "company": invoice["company"],
            "line_type": "service" if one["unit"] == "month" else "product",
            "description": one["description"],
            "quantity": one["quantity"],
            "unit": one["unit"],
            "unit_price": one["unit_price"],
            "total": line.total,
            "discount_amount": line.discount,
            "tax_amount": line.tax,
            "taxes": [rate_row(rate, amount) for rate, amount in line.taxes.items()],
            "date": last if one["recurs"] else date,
            "period_start": date if one["recurs"] else None,
            "period_end": last if one["recurs"] else None,
            "group_title": "Managed services" if one["recurs"] else "Projects",
            "sort_order": place * 10,
            "created_at": invoice["created_at"],
        }
        for place, (one, line) in enumerate(zip(work, found.lines, strict=True))
    ]


def _payment(ctx: Context, invoice: dict[str, Any], dice: random.Random) -> dict[str, Any] | None:
    """Pay an invoice by the client's habit, if that day has come; the invoice follows."""
    days = dice.choices([days for days, _ in HABITS], weights=[weight for _, weight in HABITS])[0]
    method = dice.choice(("wire", "wire", "ach", "check", "credit_card"))
    share = Decimal("0.5") if dice.randrange(20) == 0 else Decimal(1)
    if days is None:
        return None
    date = invoice["due_date"] + datetime.timedelta(days=days)
    if date > ctx.today:
        return None
    amount = rounded(invoice["total"] * share, invoice["currency"])
    left = invoice["total"] - amount
    at = datetime.datetime.combine(date, datetime.time(10), tzinfo=datetime.UTC)
    invoice |= {
        "amount_paid": amount,
        "balance_due": left,
        "status": "partially_paid" if left else "paid",
        "paid_at": None if left else at,
    }
    zero = rounded(ZERO, invoice["currency"])
    return {
        "id": new_id(),
        "company": invoice["company"],
        "invoice": invoice["id"],
        "payment_date": date,
        "amount": amount,
        "currency": invoice["currency"],
        "payment_method": method,
        "reference_number": f"DEMO {invoice['invoice_number']}",
        "amount_applied": amount,
        "amount_refunded": zero,
        "amount_disputed": zero,
        "unapplied": zero,
        "created_at": at,
        "updated_at": at,
    }


def _allocation(invoice: dict[str, Any], payment: dict[str, Any]) -> dict[str, Any]:
    return {
        "invoice": invoice["id"],
        "company": invoice["company"],
        "kind": "payment",
        "payment": payment["id"],
        "amount": payment["amount"],
        "date": payment["payment_date"],
        "created_at": payment["created_at"],
    }
