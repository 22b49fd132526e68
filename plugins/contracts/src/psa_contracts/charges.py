"""What of a contract is due, what was charged, and how the two come together (CON-02 to CON-07, CON-09, CON-21)."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from psa_contracts import quantities
from psa_contracts.charging import in_force, is_due, owed, still_due
from psa_contracts.counting import counted
from psa_contracts.periods import DAY, Period, period_at, periods
from psa_contracts.records import RAISED, Agreement, Item, Row, Step, agreements, foreseen
from psa_sdk import Context, Money
from psa_sdk.errors import Conflict

CHARGED = """
SELECT item, period_start, count(*)::int AS charges, sum(amount) AS amount,
    (array_agg(quantity ORDER BY sequence))[1] AS quantity
FROM contracts.charge WHERE contract = ANY($1::uuid[]) GROUP BY 1, 2"""
TERMS = "SELECT contract, starts_on FROM contracts.term WHERE contract = ANY($1::uuid[]) ORDER BY starts_on"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """An amount to charge; `first` and `last` are the days of service, `period_start` tells the period."""

    contract_id: UUID
    item_id: UUID
    item_type: str
    name: str
    sequence: int
    period_start: datetime.date
    first: datetime.date
    last: datetime.date
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    currency: str
    kind: Literal["charge", "correction"]
    tax_category: str
    counted_ids: Sequence[UUID] | None = None

    @property
    def key(self) -> str:
        """What it is, once and for all (BILL-25)."""
        return key_of(self.item_id, self.period_start, self.sequence)


def key_of(item_id: UUID, period_start: datetime.date, sequence: int) -> str:
    """Return the key of a charge: item and period, and a number for corrections."""
    return f"{item_id}:{period_start}" + (f":{sequence}" if sequence else "")


class _Past(msgspec.Struct, frozen=True):
    charges: int
    amount: Decimal
    quantity: Decimal


Known = Mapping[tuple[UUID, datetime.date], _Past]


async def due(
    ctx: Context, contract_ids: Sequence[UUID], through: datetime.date, *, keep: bool = True
) -> list[Due]:
    """Return what is due of contracts through a date and not charged, corrections included.

    What had to be counted for it is kept, unless somebody only looks.
    """
    system = ctx.as_system()
    rows = await system.db.fetch(CHARGED, list(contract_ids))
    known = {
        (row["item"], row["period_start"]): _Past(row["charges"], row["amount"], row["quantity"])
        for row in rows
    }
    starts: dict[UUID, list[datetime.date]] = {}
    for row in await system.db.fetch(TERMS, list(contract_ids)):
        starts.setdefault(row["contract"], []).append(row["starts_on"])
    found: list[Due] = []
    for contract_id, agreement in (await agreements(system, contract_ids)).items():
        if agreement.row["status"] == "draft":
            continue
        ahead = foreseen(agreement, through)
        for item in ahead.items:
            if item.row["item_type"] in RAISED:
                terms = starts.get(contract_id, [])
                found += await _recurring(ctx, ahead, item, known, terms, through, keep=keep)
            else:
                found += _once(ahead, item, known, through)
    return found


async def _recurring(
    ctx: Context,
    agreement: Agreement,
    item: Item,
    known: Known,
    terms: Sequence[datetime.date],
    through: datetime.date,
    *,
    keep: bool,
) -> list[Due]:
    contract = agreement.row
    begins, last = item.row["starts_on"], agreement.runs_until(item, datetime.date.max)
    anchor = contract["anchor_date"]
    spans = {period.start: period for period in periods(anchor, item.cycle, begins, min(through, last))}
    for charged_item, start in known:
        if charged_item == item.id:
            spans.setdefault(start, period_at(anchor, item.cycle, start))
    found: list[Due] = []
    for start, period in sorted(spans.items()):
        past = known.get((item.id, start))
        covered = period.within(begins, last)
        if past is None and (covered is None or not is_due(covered, contract["billing_timing"], through)):
            continue
        steps, ids = await _quantities(ctx, agreement, item, covered, past, keep=keep)
        whole = covered is not None and covered.start > period.start and contract["first_period"] == "full"
        exact = owed(
            period,
            covered,
            steps,
            decrease=item.row["decrease_policy"],
            term_start=max((one for one in terms if one <= period.end), default=None),
            whole=whole,
        )
        amount = still_due(exact, past.amount if past else Decimal(0), contract["currency"])
        if amount:
            found.append(_made(agreement, item, past, period, covered or period, steps, amount, ids))
    return found


async def _quantities(
    ctx: Context, agreement: Agreement, item: Item, covered: Period | None, past: _Past | None, *, keep: bool
) -> tuple[Sequence[Step], Sequence[UUID] | None]:
    """Return the revisions, with the counted quantity where there is a counter: counted once per period."""
    if item.row["counter"] is None or covered is None:
        return item.revisions, None
    ids: Sequence[UUID] | None = None
    if past is not None:
        quantity = past.quantity
    else:
        by_day = await quantities.counts(ctx.as_system(), item, covered.end)
        quantity = counted(by_day, covered, item.row["quantity_rule"])
        if covered.end >= ctx.today or quantity is None:
            ids = await (quantities.note if keep else quantities.count)(ctx, agreement, item)
            by_day[min(ctx.today, covered.end)] = len(ids)
            quantity = counted(by_day, covered, item.row["quantity_rule"]) or Decimal(len(ids))
    return [msgspec.structs.replace(step, quantity=quantity) for step in item.revisions], ids


def _once(agreement: Agreement, item: Item, known: Known, through: datetime.date) -> list[Due]:
    """A block or product is charged when it starts, a milestone when it is reached."""
    day = item.row["completed_on"] if item.row["item_type"] == "milestone" else item.row["starts_on"]
    step = in_force(item.revisions, day) if day is not None else None
    if day is None or day > through or step is None or any(one == item.id for one, _ in known):
        return []
    amount = Money(step.value, agreement.row["currency"]).rounded().amount
    span = Period(day, day)
    return [_made(agreement, item, None, span, span, item.revisions, amount, None)] if amount else []


def _made(
    agreement: Agreement,
    item: Item,
    past: _Past | None,
    period: Period,
    covered: Period,
    steps: Sequence[Step],
    amount: Decimal,
    ids: Sequence[UUID] | None,
) -> Due:
    step = in_force(steps, covered.end)
    return Due(
        contract_id=agreement.id,
        item_id=item.id,
        item_type=item.row["item_type"],
        name=item.row["name"],
        sequence=past.charges if past else 0,
        period_start=period.start,
        first=covered.start,
        last=covered.end,
        quantity=step.quantity if step else Decimal(0),
        unit_price=step.unit_price if step else Decimal(0),
        amount=amount,
        currency=agreement.row["currency"],
        kind="correction" if past else "charge",
        tax_category=item.row["tax_category"],
        counted_ids=ids,
    )


async def claim(ctx: Context, lines: Mapping[str, UUID], invoice_id: UUID) -> None:
    """Note that keys are on an invoice, by its lines' ids; raises `Conflict` unless all of them are due."""
    system = ctx.as_system()
    items = {UUID(key.partition(":")[0]) for key in lines}
    last = max(datetime.date.fromisoformat(key.split(":")[1]) for key in lines)
    rows = await system.db.fetch(
        "SELECT DISTINCT contract FROM contracts.item WHERE id = ANY($1::uuid[])", list(items)
    )
    # A period in arrears is due at its end, at most a year after its beginning.
    found = await due(ctx, [row["contract"] for row in rows], last + DAY * 366)
    by_key = {one.key: one for one in found}
    missing = sorted(lines.keys() - by_key.keys())
    if missing:
        raise Conflict(
            f"{len(missing)} charges are not due, or on an invoice already.",
            code="not_due",
            meta={"charges": missing},
        )
    await system.records.create_many(
        "contract-charges",
        [_row(by_key[key], invoice_id, line) for key, line in lines.items()],
    )


def _row(one: Due, invoice_id: UUID, line: UUID) -> dict[str, object]:
    return {
        "contract": one.contract_id,
        "item": one.item_id,
        "sequence": one.sequence,
        "period_start": one.period_start,
        "period_end": one.last,
        "quantity": one.quantity,
        "unit_price": one.unit_price,
        "amount": one.amount,
        "currency": one.currency,
        "counted_ids": None if one.counted_ids is None else [str(i) for i in one.counted_ids],
        "invoice": invoice_id,
        "invoice_line": line,
    }


async def release(ctx: Context, invoice_id: UUID, keys: Sequence[str] | None = None) -> int:
    """Take charges off an invoice, all unless some are named; what later ones corrected must go first."""
    system = ctx.as_system()
    rows = await system.db.fetch("SELECT * FROM contracts.charge WHERE invoice = $1 FOR UPDATE", invoice_id)
    chosen = [row for row in rows if keys is None or _key(row) in set(keys)]
    for row in sorted(chosen, key=lambda row: -row["sequence"]):
        later = await system.db.fetch_value(
            "SELECT count(*) FROM contracts.charge WHERE item = $1 AND period_start = $2 AND sequence > $3",
            row["item"],
            row["period_start"],
            row["sequence"],
        )
        if later:
            raise Conflict(
                f"The period from {row['period_start']} was corrected on a later invoice; take that one back first.",
                code="charge_corrected",
            )
        await system.records.delete("contract-charges", row["id"])
    return len(chosen)


def _key(row: Row) -> str:
    return key_of(row["item"], row["period_start"], row["sequence"])
