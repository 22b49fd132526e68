"""Rate cards: one default, used ones stay, versions that have begun are not rewritten (CON-20)."""

from psa_contracts.tables import Contract, RateCard
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict

BEGUN = """
SELECT v.starts_on FROM contracts.rate_card_version v
WHERE v.id = $1 AND v.starts_on <= $2
    AND EXISTS (SELECT 1 FROM contracts.contract c WHERE c.rate_card = v.rate_card AND c.status <> 'draft')"""


async def replace_default(ctx: Context, change: Change) -> None:
    """A new default takes the place of the old one."""
    if not (change.value("is_default") and change.changes("is_default")):
        return
    records = ctx.as_system().records
    for row in await records.find("rate-cards", RateCard.is_default == True, lock=True):  # noqa: E712 - SQL
        if row["id"] != change.id:
            await records.update("rate-cards", row["id"], {"is_default": False})


async def keep_used_card(ctx: Context, change: Change) -> None:
    """A card that contracts refer to stays."""
    used = await ctx.as_system().records.count("contracts", Contract.rate_card == change.id)
    if used:
        raise Conflict(
            f"{used} contracts use the rate card; give them another one first.",
            code="rate_card_in_use",
            meta={"contracts": used},
        )


async def keep_begun_version(ctx: Context, change: Change) -> None:
    """A version in use that has begun stays as it is; a note may change."""
    if change.verb == "update" and not change.changes("starts_on") and not change.changes("rate_card"):
        return
    await _refuse_begun(ctx, change.id)


async def write_rate(ctx: Context, change: Change) -> None:
    """Rates of a version in use that has begun stay as they are."""
    versions = {change.old.get("version_of_card")}
    if change.verb != "delete":
        versions.add(change.value("version_of_card"))
    for version in versions - {None}:
        await _refuse_begun(ctx, version)


async def _refuse_begun(ctx: Context, version: object) -> None:
    begun = await ctx.db.fetch_value(BEGUN, version, ctx.today)
    if begun is not None:
        raise Conflict(
            f"These rates hold since {begun} and contracts use them; add a version with a later date.",
            code="rates_in_force",
            meta={"starts_on": begun.isoformat()},
        )
