"""Merging a duplicate company into the one that stays, and undoing it within 30 days."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_contacts.api import COMPANIES, CONTACTS, SITES, CompaniesMerged
from psa_contacts.hierarchy import ANCESTORS, HEIGHT, MAX_DEPTH, check_chain, lock_tree
from psa_contacts.merging import UNDO_FOR, USERS
from psa_contacts.primaries import primaries, promote
from psa_contacts.shapes import MergePreview
from psa_contacts.tables import Contact
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid
from psa_sdk.identity import Directory

MERGES = "company-merges"
UNMOVED = ("companies.merged_into", MERGES)
FILLED = (
    "industry",
    "website",
    "phone",
    "tax_id",
    "timezone",
    "default_billing_contact",
    "default_technical_contact",
    "account_manager",
    "external_id",
)
ADDRESSES = ("address", "billing_address")
PEOPLE = f"{CONTACTS}.company"


def merged_values(winner: Mapping[str, Any], loser: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes on the winner: empty values filled, tags united, notes appended."""
    values: dict[str, Any] = {
        column: loser[column] for column in FILLED if winner[column] is None and loser[column] is not None
    }
    for column in ADDRESSES:
        if not any(winner[column].values()) and any(loser[column].values()):
            values[column] = loser[column]
    tags = [*winner["tags"], *(tag for tag in loser["tags"] if tag not in winner["tags"])]
    held = {k: v for k, v in winner["custom_fields"].items() if v not in (None, "", [])}
    custom = {**loser["custom_fields"], **held}
    if tags != winner["tags"]:
        values["tags"] = tags
    if custom != held:
        values["custom_fields"] = {**winner["custom_fields"], **custom}
    if loser["notes"]:
        values["notes"] = f"{winner['notes']}\n\n{loser['notes']}" if winner["notes"] else loser["notes"]
    return values


def check(winner: Mapping[str, Any], loser: Mapping[str, Any]) -> None:
    """Refuse merges that can't be meant."""
    if winner["id"] == loser["id"]:
        raise Invalid(
            "A company can't be merged into itself.", code="same_company", pointer="/data/attributes/source"
        )
    for role, row in (("source", loser), ("target", winner)):
        if row["merged_into"] is not None:
            raise Conflict(
                f"The {role} company was already merged into another one.",
                code="already_merged",
                meta={"merged_into": str(row["merged_into"])},
            )
    if winner["archived_at"] is not None:
        raise Conflict("The target company is archived; restore it first.", code="target_archived")


async def preview(ctx: Context, winner_id: UUID, loser_id: UUID) -> MergePreview:
    """Return what the merge would do; refuses what the merge refuses."""
    winner, loser = [await ctx.records.get(COMPANIES, one) for one in (winner_id, loser_id)]
    check(winner, loser)
    moves = await ctx.records.referring(COMPANIES, loser_id, skip=UNMOVED)
    return MergePreview(moves=dict(moves), fills=sorted(merged_values(winner, loser)))


async def merge(ctx: Context, winner_id: UUID, loser_id: UUID) -> UUID:
    """Merge the loser into the winner and return the merge's id; everything that named the loser names the winner."""
    await lock_tree(ctx)
    rows = {one: await ctx.records.get(COMPANIES, one, lock=True) for one in sorted({winner_id, loser_id})}
    winner, loser = rows[winner_id], rows[loser_id]
    check(winner, loser)
    system = ctx.as_system()
    values = merged_values(winner, loser)
    if await _takes_parent(ctx, winner, loser):
        values["parent"] = loser["parent"]
        # Before the loser's children follow: the winner may be below one of them.
        await system.records.update(COMPANIES, winner_id, {"parent": loser["parent"]})
    demoted = await _give_way(ctx, winner_id, loser_id)
    moved = await ctx.records.repoint(COMPANIES, loser_id, winner_id, skip=UNMOVED)
    left: dict[str, Any] = {"external_id": None, "parent": None, "merged_into": winner_id}
    retired = {**left, "archived_at": loser["archived_at"] or ctx.now}
    await system.records.update(COMPANIES, loser_id, retired)
    await system.records.update(COMPANIES, winner_id, values)
    await _check_height(ctx, winner_id)
    await _take_along(ctx, moved.get(PEOPLE, ()), winner_id)
    merge_id = await system.records.create(
        MERGES,
        {
            "winner": winner_id,
            "loser": loser_id,
            "moved": {key: [str(record_id) for record_id in ids] for key, ids in moved.items()},
            "before": {
                "winner": {column: winner[column] for column in values},
                "loser": {column: loser[column] for column in ("external_id", "parent")},
                "was_archived": loser["archived_at"] is not None,
                "primary": {resource: [str(one) for one in ids] for resource, ids in demoted.items()},
            },
            "undo_until": ctx.now + UNDO_FOR,
        },
    )
    counts = {key: len(ids) for key, ids in moved.items()}
    await ctx.audit("merge", COMPANIES, winner_id, source=str(loser_id), moved=counts)
    await ctx.emit(CompaniesMerged(winner_id=winner_id, loser_id=loser_id))
    return merge_id


async def undo(ctx: Context, merge_id: UUID) -> UUID:
    """Give the loser back what a merge moved and return the loser's id."""
    await lock_tree(ctx)
    row = await ctx.records.get(MERGES, merge_id, lock=True)
    winner_id, loser_id = row["winner"], row["loser"]
    winner = await ctx.records.get(COMPANIES, winner_id, lock=True)
    if row["undone_at"] is not None:
        raise Conflict("This merge was already undone.", code="already_undone")
    if row["undo_until"] < ctx.now:
        raise Conflict("A merge can be undone for 30 days only.", code="undo_expired")
    if winner["merged_into"] is not None:
        raise Conflict(
            "The company that was kept has been merged itself; undo that merge first.",
            code="already_merged",
            meta={"merged_into": str(winner["merged_into"])},
        )
    system, before, moved = ctx.as_system(), row["before"], row["moved"]
    for resource in (CONTACTS, SITES):
        back = {UUID(one) for one in moved.get(f"{resource}.company", ())}
        for held in await primaries(ctx, resource, winner_id):
            if held["id"] in back:
                await system.records.update(resource, held["id"], {"is_primary": False})
    await ctx.records.repoint(COMPANIES, winner_id, loser_id, only=moved)
    await system.records.update(COMPANIES, winner_id, before["winner"])
    back_again: dict[str, Any] = {**before["loser"], "merged_into": None}
    if not before["was_archived"]:
        back_again["archived_at"] = None
    await system.records.update(COMPANIES, loser_id, back_again)
    for resource in (CONTACTS, SITES):
        for held in before["primary"].get(resource, ()):
            await system.records.update(resource, UUID(held), {"is_primary": True})
        for company in (winner_id, loser_id):
            await promote(ctx, resource, company)
    await _take_along(ctx, [UUID(one) for one in moved.get(PEOPLE, ())], loser_id)
    await system.records.update(MERGES, merge_id, {"undone_at": ctx.now})
    await ctx.audit("undo_merge", COMPANIES, winner_id, source=str(loser_id))
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
    """Let the portal accounts of people follow to a company; their sessions end, since they see others' records."""
    if not people:
        return
    system, where = ctx.as_system(), Contact.id.is_in(list(people))
    for row in await system.records.find(CONTACTS, where, limit=100_000, archived=True):
        if row["portal_user"] is not None:
            await system.records.update(USERS, row["portal_user"], {"company": company_id})
            await ctx.service(Directory).end_sessions(row["portal_user"], reason="company_changed")
