"""From what sources have to the lines of invoices: which invoice, in which order, what becomes one line. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing.api_sources import BillableLine
from psa_billing.engine.money import total
from psa_billing.settings import Grouping

MOST_NOTES = 20
LONGEST = 2000


class Sourced(msgspec.Struct, frozen=True, kw_only=True):
    """A line and the source that it came from; `company` names the one below the billed one that it is for."""

    source: str
    line: BillableLine
    company: str = ""


class InvoiceKey(msgspec.Struct, frozen=True, order=True):
    """Lines that share it share an invoice."""

    currency: str
    po_number: str
    separate: str
    contract: str


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A line as the invoice shows it, and the keys in it."""

    source: str
    company: str
    keys: Sequence[str]
    first: BillableLine
    description: str
    quantity: Decimal
    exact: Decimal | None
    group_title: str


def by_invoice(lines: Sequence[Sourced], *, per_contract: bool) -> dict[InvoiceKey, list[Sourced]]:
    """Sort lines by the invoice that they go on."""
    found: dict[InvoiceKey, list[Sourced]] = {}
    for one in lines:
        contract = str(one.line.contract_id or "") if per_contract else ""
        key = InvoiceKey(one.line.currency, one.line.po_number, one.line.separate, contract)
        found.setdefault(key, []).append(one)
    return {key: found[key] for key in sorted(found)}


def drawn_up(lines: Sequence[Sourced], by: Grouping, titles: Mapping[UUID, str]) -> list[Drawn]:
    """Group lines, merge those that may be, and put them in a stable order (BILL-29)."""
    merged: dict[Any, list[Sourced]] = {}
    for place, one in enumerate(lines):
        line = one.line
        group = (one.company, _group(line, by), line.unit_price, line.tax_category, line.work_type)
        alone = not line.mergeable or by == "none"
        merged.setdefault((one.source, *(("alone", place) if alone else group)), []).append(one)
    found = [_drawn(members, by, titles) for members in merged.values()]
    return sorted(
        found, key=lambda one: (one.company, one.group_title, one.first.date, one.source, one.keys[0])
    )


def _group(line: BillableLine, by: Grouping) -> str:
    chosen = {
        "ticket": line.ticket_id,
        "project": line.project_id,
        "contract": line.contract_id,
        "work_type": line.work_type,
        "none": "",
    }
    return str(chosen[by] or "")


def _title(line: BillableLine, by: Grouping, titles: Mapping[UUID, str]) -> str:
    if by == "ticket" and line.ticket_id is not None:
        return titles.get(line.ticket_id, line.group_title)
    if by == "work_type":
        return line.work_type or line.group_title
    return "" if by == "none" else line.group_title


def _drawn(members: Sequence[Sourced], by: Grouping, titles: Mapping[UUID, str]) -> Drawn:
    first = members[0].line
    keys = list(dict.fromkeys(one.line.key for one in members))
    single = len(members) == 1
    return Drawn(
        source=members[0].source,
        company=members[0].company,
        keys=keys,
        first=first,
        description=_described(first) if single else _summary([one.line for one in members]),
        quantity=total(one.line.quantity for one in members),
        exact=first.amount if single else total(one.line.exact for one in members),
        group_title=" · ".join(filter(None, (members[0].company, _title(first, by, titles)))),
    )


def _described(line: BillableLine) -> str:
    if line.mergeable and line.work_type:
        return f"{line.work_type}\n{line.date}: {line.description}".strip()[:LONGEST]
    return line.description[:LONGEST]


def _summary(lines: Sequence[BillableLine]) -> str:
    notes = list(dict.fromkeys(f"{line.date}: {line.description}" for line in lines if line.description))
    more = len(notes) - MOST_NOTES
    told = [*notes[:MOST_NOTES], *([f"… {more} more"] if more > 0 else [])]
    return "\n".join([lines[0].work_type, *told]).strip()[:LONGEST]
