"""Merging a duplicate company into the one that stays, and undoing it within 30 days."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_contacts.api import COMPANIES, CONTACTS, SITES, CompaniesMerged
from psa_contacts.hierarchy import ANCESTORS, HEIGHT, MAX_DEPTH, check_chain, lock_tree
from psa_contacts.merges import Merges, Pair
from psa_contacts.primaries import primaries, promote
from psa_contacts.shapes import MergePreview
from psa_sdk import Context
from psa_sdk.identity import Directory

MERGES = Merges(
    resource=COMPANIES,
    kept_as="company-merges",
    one="company",
    filled=(
        "industry",
        "website",
        "phone",
        "tax_id",
        "timezone",
        "default_billing_contact",
        "default_technical_contact",
        "account_manager",
        "external_id",
    ),
)
ADDRESSES = ("address", "billing_address")
PEOPLE = f"{CONTACTS}.company"
PORTAL_USERS = (
    "SELECT portal_user FROM contacts.contact WHERE id = ANY ($1::uuid[]) AND portal_user IS NOT NULL"
)


def merged_values(pair: Pair) -> dict[str, Any]:
    """Return what changes on the winner."""
    winner, loser = pair.winner, pair.loser
    values = MERGES.gained(pair)
    for column in ADDRESSES:
        if not any(winner[column].values()) and any(loser[column].values()):
            values[column] = loser[column]
    return values


async def preview(ctx: Context, winner_id: UUID, loser_id: UUID) -> MergePreview:
    """Return what the merge would do; refuses what the merge refuses."""
    pair = await MERGES.both(ctx, winner_id, loser_id, lock=False)
    MERGES.check(pair.winner, pair.loser)
    return await MERGES.preview(ctx, pair, merged_values(pair))


async def merge(ctx: Context, winner_id: UUID, loser_id: UUID) -> UUID:
    """Merge the loser into the winner and return the merge's id; everything that named the loser names the winner."""
    await lock_tree(ctx)
    pair = await MERGES.both(ctx, winner_id, loser_id, lock=True)
    winner, loser = pair.winner, pair.loser
    MERGES.check(winner, loser)
    system = ctx.as_system()
    values = merged_values(pair)
    if await _takes_parent(ctx, winner, loser):
        values["parent"] = loser["parent"]
        # Before the loser's children follow: the winner may be below one of them.
        await system.records.update(COMPANIES, winner_id, {"parent": loser["parent"]})
    demoted = await _give_way(ctx, winner_id, loser_id)
    moved = await ctx.records.repoint(COMPANIES, loser_id, winner_id, skip=MERGES.unmoved)
    left: dict[str, Any] = {"external_id": None, "parent": None, "merged_into": winner_id}
    retired = {**left, "archived_at": loser["archived_at"] or ctx.now}
    await system.records.update(COMPANIES, loser_id, retired)
    await system.records.update(COMPANIES, winner_id, values)
    await _check_height(ctx, winner_id)
    await _take_along(ctx, moved.get(PEOPLE, ()), winner_id)
    before = {
        "winner": {column: winner[column] for column in values},
        "loser": {column: loser[column] for column in ("external_id", "parent")},
        "was_archived": loser["archived_at"] is not None,
        "primary": {resource: [str(one) for one in ids] for resource, ids in demoted.items()},
    }
    merge_id = await MERGES.keep(ctx, winner_id, loser_id, moved, before)
    await ctx.emit(CompaniesMerged(winner_id=winner_id, loser_id=loser_id))
    return merge_id


async def undo(ctx: Context, merge_id: UUID) -> UUID:
    """Give the loser back what a merge moved and return the loser's id."""
    await lock_tree(ctx)
    row = await MERGES.undoable(ctx, merge_id)
    winner_id, loser_id, moved = row["winner"], row["loser"], row["moved"]
    system = ctx.as_system()
    for resource in (CONTACTS, SITES):
        back = {UUID(one) for one in moved.get(f"{resource}.company", ())}
        for held in await primaries(ctx, resource, winner_id):
            if held["id"] in back:
                await system.records.update(resource, held["id"], {"is_primary": False})
    await MERGES.give_back(ctx, row)
    await MERGES.bring_back(ctx, row)
    for resource in (CONTACTS, SITES):
        for held in row["before"]["primary"].get(resource, ()):
            await system.records.update(resource, UUID(held), {"is_primary": True})
        for company in (winner_id, loser_id):
            await promote(ctx, resource, company)
    await _take_along(ctx, [UUID(one) for one in moved.get(PEOPLE, ())], loser_id)
    await MERGES.undone(ctx, row)
    return loser_id


async def _takes_parent(ctx: Context, winner: Mapping[str, Any], loser: Mapping[str, Any]) -> bool:
    """Tell whether the winner takes the loser's place in the tree: it is below it, or stands nowhere itself."""
    above = [row["id"] for row in await ctx.db.fetch(ANCESTORS, winner["id"], MAX_DEPTH)]
    if loser["id"] in above:
        return True
    if winner["parent"] is not None or loser["parent"] is None:
        return False
    return winner["id"] not in [row["id"] for row in await ctx.db.fetch(ANCESTORS, loser["id"], MAX_DEPTH)]


async def _check_height(ctx: Context, company_id: UUID) -> None:
    ancestors = [row["id"] for row in await ctx.db.fetch(ANCESTORS, company_id, MAX_DEPTH)][1:]
    check_chain(company_id, ancestors, await ctx.db.fetch_value(HEIGHT, company_id, MAX_DEPTH))


async def _give_way(ctx: Context, winner_id: UUID, loser_id: UUID) -> dict[str, list[UUID]]:
    """Unmark the loser's primary contact and site where the winner has one, and return all that were marked."""
    found: dict[str, list[UUID]] = {}
    for resource in (CONTACTS, SITES):
        held = await primaries(ctx, resource, loser_id)
        found[resource] = [row["id"] for row in held]
        if await primaries(ctx, resource, winner_id):
            for row in held:
                await ctx.as_system().records.update(resource, row["id"], {"is_primary": False})
    return found


async def _take_along(ctx: Context, people: Sequence[UUID], company_id: UUID) -> None:
    """Let the portal accounts of people follow to a company."""
    rows = await ctx.db.fetch(PORTAL_USERS, list(people))
    accounts = [row["portal_user"] for row in rows]
    await ctx.service(Directory).move_portal_accounts(accounts, company_id)
