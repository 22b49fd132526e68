"""What stands on an invoice's paper: texts and written amounts, from the stored invoice alone. Pure (BILL-06)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from psa_billing.engine.money import ZERO, total
from psa_billing.formats import Formats
from psa_billing.lifecycle import DRAFTS, shown
from psa_billing.wording import words

Columns = Mapping[str, Any]


def decoded(value: Any) -> Any:
    """Return a JSON column's value, whether it was read as text or not."""
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value


def sheet(invoice: Columns, lines: Sequence[Columns], *, credits: str = "") -> dict[str, Any]:
    """Return the data of the template; `credits` is the number of the invoice that a credit memo corrects."""
    formats = Formats(invoice["language"])
    say = words(formats.language)
    seller, buyer = decoded(invoice["seller"]), decoded(invoice["buyer"])
    currency = invoice["currency"]
    return {
        "language": formats.language,
        "title": say[invoice["kind"]],
        "stamp": say["draft"]
        if invoice["status"] in DRAFTS
        else say["void"]
        if invoice["status"] == "void"
        else "",
        "seller": _party(seller) | {"contact": _filled(seller, "email", "phone")},
        "buyer": _party(buyer) | {"attention": buyer.get("contact", "")},
        "bill_to": say["bill_to"],
        "facts": _facts(invoice, formats, say, credits),
        "heads": [say[name] for name in ("description", "quantity", "price", "amount")],
        "groups": _groups(lines, currency, formats, say),
        "sums": _sums(invoice, formats, say),
        "total": [say["total"], formats.amount(invoice["total"], currency)],
        "notes": [tax["note"] for tax in decoded(invoice["taxes"]) if tax.get("note")],
        "text": [
            part for part in (invoice["notes"], _pay(invoice, formats, say), invoice["terms_text"]) if part
        ],
        "bank": _bank(seller, say),
        "page": say["page"],
    }


def _party(party: Mapping[str, Any]) -> dict[str, Any]:
    address = party.get("address", {})
    place = f"{address.get('postal_code', '')} {address.get('city', '')}".strip()
    lines = (
        address.get("street"),
        address.get("street2"),
        place,
        address.get("region"),
        address.get("country"),
    )
    return {"name": party.get("name", ""), "lines": [line for line in lines if line]}


def _filled(party: Mapping[str, Any], *names: str) -> list[str]:
    return [party[name] for name in names if party.get(name)]


def _facts(invoice: Columns, formats: Formats, say: Mapping[str, str], credits: str) -> list[list[str]]:
    seller, buyer = decoded(invoice["seller"]), decoded(invoice["buyer"])
    facts = [
        (say["number"], shown(invoice)),
        (say["date"], formats.date(invoice["invoice_date"])),
        (say["due"], formats.date(invoice["due_date"]) if invoice["kind"] == "invoice" else ""),
        (say["credits"], credits),
        (say["po_number"], invoice["po_number"] or ""),
        (say["our_tax_id"], seller.get("tax_id", "")),
        (say["your_tax_id"], buyer.get("tax_id", "")),
    ]
    return [[name, value] for name, value in facts if value]


def _groups(
    lines: Sequence[Columns], currency: str, formats: Formats, say: Mapping[str, str]
) -> list[dict[str, Any]]:
    groups: dict[str, list[Columns]] = {}
    for line in lines:
        groups.setdefault(line["group_title"], []).append(line)
    return [
        {
            "title": title,
            "sum": formats.plain(total(line["total"] for line in members), currency) if title else "",
            "lines": [_line(line, currency, formats, say) for line in members],
        }
        for title, members in groups.items()
    ]


def _line(line: Columns, currency: str, formats: Formats, say: Mapping[str, str]) -> dict[str, str]:
    first, *rest = line["description"].split("\n")
    more = [*rest]
    if line["period_start"] is not None:
        dates = {"first": formats.date(line["period_start"]), "last": formats.date(line["period_end"])}
        more.append(say["period"].format(**dates))
    if line["discount_percent"]:
        more.append(say["off"].format(percent=formats.number(line["discount_percent"])))
    unit = say.get(line["unit"], "")
    return {
        "text": first,
        "more": "\n".join(more),
        "quantity": f"{formats.number(line['quantity'])} {unit}".strip(),
        "price": formats.price(line["unit_price"], currency),
        "amount": formats.plain(line["total"], currency),
    }


def _sums(invoice: Columns, formats: Formats, say: Mapping[str, str]) -> list[list[str]]:
    currency = invoice["currency"]
    sums = [[say["subtotal"], formats.plain(invoice["subtotal"], currency)]]
    if invoice["discount_amount"]:
        sums.append([say["discount"], formats.plain(-invoice["discount_amount"], currency)])
    for tax in decoded(invoice["taxes"]):
        rate, base = Decimal(tax["rate"]), formats.plain(Decimal(tax["taxable"]), currency)
        name = say["tax_on"].format(name=tax["name"], rate=formats.number(rate), base=base)
        sums.append([name if rate != ZERO else tax["name"], formats.plain(Decimal(tax["amount"]), currency)])
    return sums


def _pay(invoice: Columns, formats: Formats, say: Mapping[str, str]) -> str:
    if invoice["kind"] != "invoice" or invoice["status"] in DRAFTS or not invoice["total"]:
        return ""
    return say["pay"].format(date=formats.date(invoice["due_date"]), number=shown(invoice))


def _bank(seller: Mapping[str, Any], say: Mapping[str, str]) -> str:
    if not seller.get("bank_account"):
        return ""
    return f"{say['bank']}: {', '.join(_filled(seller, 'bank_account', 'bank_name'))}"
