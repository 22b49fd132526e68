"""Contracts, items and revisions as the engines take them; one statement each."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_contracts.charging import Revision
from psa_contracts.periods import Cycle
from psa_contracts.renewal import terms_until, uplifted
from psa_sdk import Context
from psa_sdk.errors import NotFound

Row = Mapping[str, Any]
CONTRACT = "SELECT * FROM contracts.contract WHERE id = $1"
ITEMS_OF = "SELECT * FROM contracts.item WHERE contract = ANY($1::uuid[]) ORDER BY sort_order, id"
REVISIONS_OF = """
SELECT r.* FROM contracts.item_revision r JOIN contracts.item i ON (i.tenant_id, i.id) = (r.tenant_id, r.item)
WHERE i.contract = ANY($1::uuid[]) ORDER BY r.item, r.sequence"""


class Step(Revision, frozen=True, kw_only=True):
    """A revision with what it says about hours."""

    included_minutes: int = 0
    overage_rate: Decimal | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a contract with its revisions in the order they were made."""

    row: Row
    revisions: Sequence[Step]
    cycle: Cycle

    @property
    def id(self) -> UUID:
        """The item's id."""
        return self.row["id"]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """A contract with its items."""

    row: Row
    items: Sequence[Item]

    @property
    def id(self) -> UUID:
        """The contract's id."""
        return self.row["id"]

    def runs_until(self, item: Item, through: datetime.date) -> datetime.date:
        """Return the last day of service of an item up to a date; what renews by itself goes on."""
        last = through
        if self.row["end_date"] is not None and not renews(self.row):
            last = min(last, self.row["end_date"])
        ends = item.row["ends_on"]
        return last if ends is None else min(last, ends)


def renews(contract: Row) -> bool:
    """Tell whether another term begins by itself."""
    return (
        bool(contract["auto_renew"])
        and contract["notice_given_on"] is None
        and contract["status"] == "active"
    )


async def agreement(ctx: Context, contract_id: UUID) -> Agreement:
    """Return a contract with its items; raises `NotFound`."""
    found = await agreements(ctx, [contract_id])
    if contract_id not in found:
        raise NotFound(f"There is no contract {contract_id}.")
    return found[contract_id]


async def agreements(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, Agreement]:
    """Return contracts with their items, in three statements."""
    contracts = await ctx.db.fetch("SELECT * FROM contracts.contract WHERE id = ANY($1::uuid[])", list(ids))
    steps: dict[UUID, list[Step]] = {}
    for row in await ctx.db.fetch(REVISIONS_OF, list(ids)):
        steps.setdefault(row["item"], []).append(_step(row))
    rows: dict[UUID, list[Row]] = {}
    for row in await ctx.db.fetch(ITEMS_OF, list(ids)):
        rows.setdefault(row["contract"], []).append(row)
    return {
        contract["id"]: Agreement(
            row=contract,
            items=[
                Item(
                    row=row,
                    revisions=steps.get(row["id"], []),
                    cycle=row["billing_frequency"] or contract["billing_cycle"],
                )
                for row in rows.get(contract["id"], [])
            ],
        )
        for contract in contracts
    }


def _step(row: Row) -> Step:
    return Step(
        effective_on=row["effective_on"],
        quantity=row["quantity"],
        unit_price=row["unit_price"],
        included_minutes=row["included_minutes"],
        overage_rate=row["overage_rate"],
    )


RAISED = frozenset(("recurring_service", "retainer"))
"""Item types that an uplift raises."""


def foreseen(agreement: Agreement, through: datetime.date) -> Agreement:
    """Return a contract as automatic renewals up to a date will have made it: prices with their uplifts (CON-06)."""
    row = agreement.row
    if not renews(row) or row["end_date"] is None or not row["uplift_percent"]:
        return agreement
    starts = [
        t.start for t in terms_until(row["start_date"], row["end_date"], row["renewal_months"], through)
    ]
    if not starts:
        return agreement
    items = [
        msgspec.structs.replace(
            item, revisions=raised(item.revisions, starts, row["uplift_percent"], row["currency"])
        )
        if item.row["item_type"] in RAISED
        else item
        for item in agreement.items
    ]
    return msgspec.structs.replace(agreement, items=items)


def raised(
    revisions: Sequence[Step], starts: Sequence[datetime.date], percent: Decimal, currency: str
) -> list[Step]:
    """Return revisions with one more at each start, raised by a percentage."""
    found = list(revisions)
    for start in starts:
        before = [one for one in found if one.effective_on <= start]
        if before:
            last = max(enumerate(before), key=lambda pair: (pair[1].effective_on, pair[0]))[1]
            price = uplifted(last.unit_price, percent, currency)
            found.append(msgspec.structs.replace(last, effective_on=start, unit_price=price))
    return found
