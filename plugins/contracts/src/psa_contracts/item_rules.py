"""What is checked and completed whenever an item is written: revisions, amounts and hours follow."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_contracts import amounts, ledger, versions
from psa_contracts.quantities import counters
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Invalid

REVISED = ("quantity", "unit_price", "included_minutes", "overage_rate")
"""What a revision holds (CON-07)."""
PAST = frozenset(("expired", "cancelled"))
ATTRIBUTES = "/data/attributes"


async def write_new(ctx: Context, change: Change) -> None:
    """Complete and check a new item."""
    contract = await _contract(ctx, change.value("contract"))
    if contract is None:
        return  # the reference itself is refused
    if contract["status"] in PAST:
        raise Conflict("The contract is over; nothing is added to it.", code="contract_over")
    if change.value("starts_on") is None:
        change.new["starts_on"] = contract["start_date"]
    if change.value("effective_on") is None:
        change.new["effective_on"] = change.value("starts_on")
    _check(ctx, change, contract)


async def write_edit(ctx: Context, change: Change) -> None:
    """Check an edit; new values hold from today on unless another date is given."""
    contract = await _contract(ctx, change.old["contract"])
    assert contract is not None
    if change.changes("contract"):
        raise Conflict(
            "An item stays with its contract; end it and add another one there.",
            code="item_moved",
            pointer="/data/relationships/contract",
        )
    if change.value("starts_on") is None:
        change.new["starts_on"] = change.old["starts_on"]
    in_force = contract["status"] != "draft"
    if in_force and change.changes("starts_on"):
        raise Conflict(
            "The item is in force: its start can't change. End it and add another one.",
            code="item_in_force",
            pointer=f"{ATTRIBUTES}/starts_on",
        )
    if change.value("effective_on") is None:
        change.new["effective_on"] = change.old["effective_on"]
    if any(change.changes(name) for name in REVISED) and not change.changes("effective_on"):
        change.new["effective_on"] = (
            max(ctx.today, change.value("starts_on")) if in_force else change.value("starts_on")
        )
    _check(ctx, change, contract)


async def write_delete(ctx: Context, change: Change) -> None:
    """Items of drafts go away, others end."""
    contract = await _contract(ctx, change.old["contract"])
    if contract is not None and contract["status"] != "draft":
        raise Conflict("The contract is in force; end the item by its ends_on.", code="item_in_force")


async def follow(ctx: Context, change: Change) -> None:
    """Write the revision, the version, the amount and the hours that follow from an item."""
    system = ctx.as_system()
    contract_id: UUID = change.old["contract"] if change.verb == "delete" else change.value("contract")
    by_system = ctx.principal.kind == "system"
    revised = any(change.verb == "create" or change.changes(name) for name in (*REVISED, "effective_on"))
    if change.verb != "delete" and revised:
        values = {name: change.value(name) for name in (*REVISED, "effective_on")}
        await revise(ctx, change.id, values, uplift=change.verb == "update" and by_system)
    await amounts.refresh(ctx, contract_id)
    contract = await _contract(system, contract_id)
    if contract is None or contract["status"] == "draft":
        return
    name = change.value("name")
    told = {f"{name}: {key}": pair for key, pair in versions.differences(change.old, change.new).items()}
    if told and not by_system:
        await versions.record(ctx, contract_id, "changed", told)
    await ledger.converge(ctx, contract_id)


async def revise(ctx: Context, item_id: UUID, values: Mapping[str, Any], *, uplift: bool = False) -> None:
    """Append a revision."""
    number: int = await ctx.db.fetch_value(
        "SELECT coalesce(max(sequence), 0) + 1 FROM contracts.item_revision WHERE item = $1", item_id
    )
    await ctx.as_system().records.create(
        "contract-item-revisions",
        {
            "item": item_id,
            "sequence": number,
            "cause": "uplift" if uplift else "agreed" if number == 1 else "changed",
            **values,
        },
    )


async def _contract(ctx: Context, contract_id: UUID | None) -> Any:
    """Return the contract as stored; writers of its items wait for each other."""
    if contract_id is None:
        return None
    return await ctx.db.fetch_one(
        "SELECT * FROM contracts.contract WHERE id = $1 FOR NO KEY UPDATE", contract_id
    )


def _check(ctx: Context, change: Change, contract: Any) -> None:
    kind, starts, ends = (change.value(name) for name in ("item_type", "starts_on", "ends_on"))
    if starts < contract["start_date"]:
        raise Invalid(
            f"The contract starts on {contract['start_date']}; the item can't start before.",
            code="bad_dates",
            pointer=f"{ATTRIBUTES}/starts_on",
        )
    if change.value("effective_on") < starts:
        raise Invalid(
            "The values can't hold before the item starts.",
            code="bad_dates",
            pointer=f"{ATTRIBUTES}/effective_on",
        )
    if ends is not None and ends < starts:
        raise Invalid("The item ends before it starts.", code="bad_dates", pointer=f"{ATTRIBUTES}/ends_on")
    if kind == "block_hours" and not change.value("included_minutes"):
        raise Invalid(
            "A block of hours needs included_minutes.",
            code="no_minutes",
            pointer=f"{ATTRIBUTES}/included_minutes",
        )
    counter = change.value("counter")
    if counter is not None and counter not in counters(ctx):
        known = ", ".join(sorted(counters(ctx))) or "none"
        raise Invalid(
            f"Nothing counts {counter}; known are {known}.",
            code="unknown_counter",
            pointer=f"{ATTRIBUTES}/counter",
        )
