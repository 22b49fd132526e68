"""Which hours an agreement grants up to a date: by period, by purchase, rolling over (CON-10, CON-11). Pure."""

import datetime
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from psa_contracts.charging import in_force
from psa_contracts.hours import Grant
from psa_contracts.periods import DAY, add_months, periods
from psa_contracts.records import Agreement, Item, Step

BY_PERIOD = frozenset(("recurring_service", "retainer"))


def grants_due(agreement: Agreement, today: datetime.date) -> list[Grant]:
    """Return the grants that have begun; drafts grant nothing."""
    if agreement.row["status"] == "draft":
        return []
    found: list[Grant] = []
    for item in agreement.items:
        if item.row["item_type"] in BY_PERIOD:
            found += _by_period(agreement, item, today)
        elif item.row["item_type"] == "block_hours" and item.row["starts_on"] <= today:
            found += _purchase(item)
    return found


def _by_period(agreement: Agreement, item: Item, today: datetime.date) -> Iterator[Grant]:
    if not any(step.included_minutes for step in item.revisions):
        return
    begins = item.row["starts_on"]
    last = agreement.runs_until(item, datetime.date.max)
    before = ""
    for period in periods(agreement.row["anchor_date"], item.cycle, begins, min(last, today)):
        covered = period.within(begins, last)
        if covered is None:
            continue
        key = f"period:{item.id}:{covered.start}"
        minutes = _included(item, covered.start)
        if covered.start > period.start and agreement.row["first_period"] == "prorate":
            minutes = minutes * covered.days / period.days
        common: dict[str, Any] = {
            "valid_from": covered.start,
            "expires_on": covered.end,
            "granted_on": covered.start,
            "work_type": item.row["work_type"],
        }
        yield Grant(key=key, kind="period", minutes=whole(minutes), **common)
        if before and item.row["rollover_minutes"]:
            cap = item.row["rollover_minutes"]
            yield Grant(
                key=f"rollover:{item.id}:{covered.start}", kind="rollover", follows=before, cap=cap, **common
            )
        before = key


def _purchase(item: Item) -> Iterator[Grant]:
    starts = item.row["starts_on"]
    months = item.row["valid_months"]
    yield Grant(
        key=f"purchase:{item.id}",
        kind="purchase",
        minutes=whole(_included(item, starts)),
        valid_from=starts,
        expires_on=add_months(starts, months) - DAY if months else None,
        granted_on=starts,
        work_type=item.row["work_type"],
    )


def _included(item: Item, day: datetime.date) -> Decimal:
    found = in_force(item.revisions, day)
    assert found is None or isinstance(found, Step)
    return found.quantity * found.included_minutes if found else Decimal(0)


def whole(minutes: Decimal) -> int:
    """Return whole minutes, half up."""
    return int(minutes.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def item_of(key: str) -> str:
    """Return the item's id in a grant's key; empty for grants by hand."""
    kind, _, rest = key.partition(":")
    return rest.partition(":")[0] if kind != "manual" else ""
