"""Credit memos: what of which lines is given back, never more than is left of them (BILL-17, BILL-35)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import ledger
from psa_billing.api import INVOICES
from psa_billing.computing import LINES
from psa_billing.engine.credit import Credit, Remainder, credit_of
from psa_billing.engine.money import ZERO, is_exact, rounded, total
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid
from psa_sdk.tables import new_id

CREDITED = """
SELECT l.credits_line AS line, l.total - l.discount_amount AS net, l.taxes
FROM billing.invoice_line l JOIN billing.invoice m ON m.tenant_id = l.tenant_id AND m.id = l.invoice
WHERE m.credits = $1 AND m.status <> 'void'"""
AMOUNTS = "/data/attributes/lines"


class CreditLine(msgspec.Struct, forbid_unknown_fields=True):
    """What is credited of a line: a net amount, all that is left without one."""

    line: UUID
    amount: Decimal | None = None


async def credit(ctx: Context, invoice_id: UUID, reason: str, chosen: Sequence[CreditLine] | None) -> UUID:
    """Write a draft of a credit memo for chosen lines, or all; returns its id."""
    system = ctx.as_system()
    invoice = dict(await system.records.get(INVOICES, invoice_id))
    await ledger.lock(ctx, [invoice["company"]])
    invoice = dict(await system.records.get(INVOICES, invoice_id, lock=True))
    if invoice["kind"] != "invoice" or invoice["finalised_at"] is None or invoice["status"] == "void":
        raise Conflict(
            "Only finalised invoices are credited, and those that are not void.",
            code="not_creditable",
        )
    lines = {row["id"]: row for row in await ctx.db.fetch(LINES, invoice_id)}
    left = _remainders(lines, await ctx.db.fetch(CREDITED, invoice_id))
    wanted = chosen if chosen is not None else [CreditLine(line) for line in lines]
    found: list[tuple[Mapping[str, Any], Credit]] = []
    for one in wanted:
        if one.line not in lines:
            raise Invalid("The line isn't on this invoice.", code="other_invoice", pointer=AMOUNTS)
        amount = left[one.line].open_net if one.amount is None else one.amount
        part = _credited(left[one.line], amount, invoice["currency"])
        if part.net or total(part.taxes.values()):
            found.append((lines[one.line], part))
    if not found:
        raise Conflict("All of it is credited already.", code="nothing_left")
    return await _written(ctx, invoice, reason, found)


def _remainders(
    lines: Mapping[UUID, Mapping[str, Any]], credited: Sequence[Mapping[str, Any]]
) -> dict[UUID, Remainder]:
    before: dict[UUID, tuple[Decimal, dict[str, Decimal]]] = {}
    for row in credited:
        net, taxes = before.get(row["line"], (ZERO, {}))
        for tax in _taxes(row):
            taxes[_key(tax)] = taxes.get(_key(tax), ZERO) + Decimal(tax["amount"])
        before[row["line"]] = (net + row["net"], taxes)
    return {
        line_id: Remainder(
            net=line["total"] - line["discount_amount"],
            taxes={_key(tax): Decimal(tax["amount"]) for tax in _taxes(line)},
            credited_net=before.get(line_id, (ZERO, {}))[0],
            credited_taxes=before.get(line_id, (ZERO, {}))[1],
        )
        for line_id, line in lines.items()
    }


def _credited(line: Remainder, amount: Decimal, currency: str) -> Credit:
    if not amount.is_finite() or not is_exact(amount, currency):
        raise Invalid("The amount is finer than the currency.", code="too_fine", pointer=AMOUNTS)
    try:
        return credit_of(line, rounded(amount, currency), currency)
    except ValueError:
        raise Conflict(
            f"Only {line.open_net} of the line is left to credit.",
            code="more_than_left",
            meta={"left": str(line.open_net)},
        ) from None


async def _written(
    ctx: Context, invoice: Mapping[str, Any], reason: str, credits: Sequence[tuple[Mapping[str, Any], Credit]]
) -> UUID:
    system = ctx.as_system()
    currency = invoice["currency"]
    net = rounded(total(one.net for _, one in credits), currency)
    tax = rounded(total(total(one.taxes.values()) for _, one in credits), currency)
    zero = rounded(ZERO, currency)
    memo_id = new_id()
    kept = (
        "company",
        "billing_contact",
        "contract",
        "payment_terms",
        "currency",
        "tax_rounding",
        "discount_reduces_tax",
        "language",
        "po_number",
    )
    await system.records.create(
        INVOICES,
        {name: invoice[name] for name in kept}
        | {
            "kind": "credit_memo",
            "credits": invoice["id"],
            "invoice_date": max(ctx.today, invoice["invoice_date"]),
            "due_date": max(ctx.today, invoice["invoice_date"]),
            "reason": reason,
            "notes": "",
            "subtotal": net,
            "discount_amount": zero,
            "tax_amount": tax,
            "total": net + tax,
            "balance_due": net + tax,
            "taxes": _tax_sums(credits),
        },
        id=memo_id,
    )
    rows = [
        {
            "invoice": memo_id,
            "company": invoice["company"],
            "line_type": line["line_type"],
            "description": line["description"],
            "quantity": Decimal(1),
            "unit_price": one.net,
            "total": one.net,
            "discount_amount": zero,
            "tax_amount": total(one.taxes.values()),
            "taxes": [tax | {"amount": f"{one.taxes[_key(tax)]:f}"} for tax in _taxes(line)],
            "tax_category": line["tax_category"],
            "date": line["date"],
            "group_title": line["group_title"],
            "credits_line": line["id"],
            "sort_order": place,
        }
        for place, (line, one) in enumerate(credits)
    ]
    await system.records.create_many("invoice-lines", rows, history=True)
    return memo_id


def _tax_sums(credits: Sequence[tuple[Mapping[str, Any], Credit]]) -> list[dict[str, Any]]:
    sums: dict[str, dict[str, Any]] = {}
    for line, one in credits:
        for tax in _taxes(line):
            row = sums.setdefault(
                _key(tax), {**tax, "note": tax.get("note", ""), "taxable": ZERO, "amount": ZERO}
            )
            row["taxable"] += one.net
            row["amount"] += one.taxes[_key(tax)]
    return [
        {**row, "taxable": f"{row['taxable']:f}", "amount": f"{row['amount']:f}"} for row in sums.values()
    ]


def _taxes(line: Mapping[str, Any]) -> list[dict[str, str]]:
    value = line["taxes"]
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value


def _key(tax: Mapping[str, str]) -> str:
    return "|".join((tax["name"], tax["rate"], tax.get("jurisdiction", ""), tax.get("code", "")))
