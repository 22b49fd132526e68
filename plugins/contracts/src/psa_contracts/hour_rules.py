"""Hours given by hand."""

from psa_contracts import ledger
from psa_contracts.item_rules import PAST
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Invalid


async def write_new(ctx: Context, change: Change) -> None:
    """Complete a grant by hand: it counts from today unless another day is given."""
    new = change.new
    if "key" in new:
        return
    status = await ctx.db.fetch_value(
        "SELECT status FROM contracts.contract WHERE id = $1", new.get("contract")
    )
    if status in PAST:
        raise Conflict(f"The contract is {status}; it gets no more hours.", code="contract_over")
    if change.value("valid_from") is None:
        new["valid_from"] = ctx.today
    new |= {"key": f"manual:{change.id}", "kind": "manual", "granted_on": ctx.today}
    if change.value("expires_on") is not None and change.value("expires_on") < change.value("valid_from"):
        raise Invalid(
            "The hours expire before they count.", code="bad_dates", pointer="/data/attributes/expires_on"
        )


async def follow(ctx: Context, change: Change) -> None:
    """Enter new hours in the ledger; work that waited for some gets them."""
    if change.verb == "create" and change.value("kind") == "manual":
        await ledger.converge(ctx, change.value("contract"))
