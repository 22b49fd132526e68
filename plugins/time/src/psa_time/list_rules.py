"""What holds for the lists: one default rule, rates of one party, delegations of one's own."""

from psa_sdk import Change, Context
from psa_sdk.errors import Invalid
from psa_time.tables import RoundingRule

PARTIES = ("account", "company", "project")


async def replace_default(ctx: Context, change: Change) -> None:
    """A new default takes the place of the old one."""
    if not (change.value("is_default") and change.changes("is_default")):
        return
    records = ctx.as_system().records
    for row in await records.find(change.resource, RoundingRule.is_default == True, lock=True):  # noqa: E712 - SQL
        if row["id"] != change.id:
            await records.update(change.resource, row["id"], {"is_default": False})


async def check_rate(ctx: Context, change: Change) -> None:
    """A rate belongs to a user, a company or a project: to one of them."""
    if sum(change.value(party) is not None for party in PARTIES) != 1:
        raise Invalid(
            "Name one user, one company or one project whose rate this is.",
            code="one_party",
            pointer="/data/relationships",
        )


async def check_delegation(ctx: Context, change: Change) -> None:
    """People hand on their own decisions; two different people take part in a delegation."""
    if change.value("approver") is None:
        change.new["approver"] = ctx.principal.id
    if change.value("approver") == change.value("delegate"):
        raise Invalid(
            "Choose somebody else as delegate.", code="same_person", pointer="/data/relationships/delegate"
        )
    if change.value("ends_on") < change.value("starts_on"):
        raise Invalid(
            "The delegation ends before it starts.", code="bad_dates", pointer="/data/attributes/ends_on"
        )
