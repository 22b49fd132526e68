"""Merging a duplicate contact into the one that stays, and undoing it within 30 days (CRM-05)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psa_contacts.api import CONTACTS, ContactsMerged
from psa_contacts.shapes import MergePreview
from psa_contacts.tables import ContactEmail
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid
from psa_sdk.identity import Directory
from psa_sdk.tables import And

EMAILS = "contact-emails"
MERGES = "contact-merges"
USERS = "users"
UNDO_FOR = timedelta(days=30)
FILLED = (
    "email",
    "phone",
    "mobile",
    "title",
    "department",
    "timezone",
    "company",
    "external_id",
)
LEFT_BY_LOSER = ("external_id", "is_primary", "is_portal_user", "portal_user")
UNMOVED = ("contacts.merged_into", MERGES)


def merged_values(winner: Mapping[str, Any], loser: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes on the winner: empty values filled, tags united, custom fields completed."""
    values: dict[str, Any] = {
        column: loser[column] for column in FILLED if winner[column] is None and loser[column] is not None
    }
    tags = [*winner["tags"], *(tag for tag in loser["tags"] if tag not in winner["tags"])]
    custom = {
        **loser["custom_fields"],
        **{k: v for k, v in winner["custom_fields"].items() if v not in (None, "", [])},
    }
    if tags != winner["tags"]:
        values["tags"] = tags
    if custom != winner["custom_fields"]:
        values["custom_fields"] = custom
    if loser["notes"]:
        values["notes"] = f"{winner['notes']}\n\n{loser['notes']}" if winner["notes"] else loser["notes"]
    if winner["portal_user"] is None and loser["portal_user"] is not None:
        values |= {"portal_user": loser["portal_user"], "is_portal_user": loser["is_portal_user"]}
    if loser["is_primary"] and winner["company"] in (None, loser["company"]):
        values["is_primary"] = True
    return values


def check(winner: Mapping[str, Any], loser: Mapping[str, Any], *, force: bool) -> None:
    """Refuse merges that can't be meant."""
    if winner["id"] == loser["id"]:
        raise Invalid(
            "A contact can't be merged into itself.", code="same_contact", pointer="/data/attributes/source"
        )
    for role, row in (("source", loser), ("target", winner)):
        if row["merged_into"] is not None:
            raise Conflict(
                f"The {role} contact was already merged into another one.",
                code="already_merged",
                meta={"merged_into": str(row["merged_into"])},
            )
    if winner["archived_at"] is not None:
        raise Conflict("The target contact is archived; restore it first.", code="target_archived")
    companies = {winner["company"], loser["company"]} - {None}
    if len(companies) > 1 and not force:
        raise Conflict(
            "The contacts belong to different companies; send force=true to merge them all the same.",
            code="different_companies",
        )


async def merge(ctx: Context, winner_id: UUID, loser_id: UUID, *, force: bool) -> UUID:
    """Merge the loser into the winner and return the merge's id; everything that named the loser names the winner."""
    rows = {
        contact_id: await ctx.records.get(CONTACTS, contact_id, lock=True)
        for contact_id in sorted({winner_id, loser_id})
    }
    winner, loser = rows[winner_id], rows[loser_id]
    check(winner, loser, force=force)
    system = ctx.as_system()
    values = merged_values(winner, loser)
    left: dict[str, Any] = {"external_id": None, "is_portal_user": False, "merged_into": winner_id}
    if "portal_user" in values:
        left["portal_user"] = None
    await _retire(ctx, loser, left)
    # The winner's own main address stays the main one.
    here = And(ContactEmail.contact == loser_id, ContactEmail.is_main.eq(True))
    main = await system.records.find(EMAILS, here)
    for row in main:
        await system.records.update(EMAILS, row["id"], {"is_main": False})
    moved = await ctx.records.repoint(CONTACTS, loser_id, winner_id, skip=UNMOVED)
    for address in moved.get(f"{EMAILS}.contact", ()):
        await system.records.update(EMAILS, address, {"is_active": True})
    await system.records.update(CONTACTS, winner_id, values)
    if "portal_user" in values:
        company = values.get("company", winner["company"])
        await system.records.update(
            USERS, values["portal_user"], {"contact": winner_id, "company": company or loser["company"]}
        )
    merge_id = await system.records.create(
        MERGES,
        {
            "winner": winner_id,
            "loser": loser_id,
            "moved": {key: [str(record_id) for record_id in ids] for key, ids in moved.items()},
            "before": {
                "winner": {column: winner[column] for column in values},
                "loser": {column: loser[column] for column in LEFT_BY_LOSER},
                "main_address": [str(row["id"]) for row in main],
                "was_archived": loser["archived_at"] is not None,
            },
            "undo_until": ctx.now + UNDO_FOR,
        },
    )
    counts = {key: len(ids) for key, ids in moved.items()}
    await ctx.audit("merge", CONTACTS, winner_id, source=str(loser_id), moved=counts)
    await ctx.emit(ContactsMerged(winner_id=winner_id, loser_id=loser_id))
    return merge_id


async def preview(ctx: Context, winner_id: UUID, loser_id: UUID, *, force: bool) -> MergePreview:
    """Return what the merge would do; refuses what the merge refuses."""
    winner, loser = [await ctx.records.get(CONTACTS, one) for one in (winner_id, loser_id)]
    check(winner, loser, force=force)
    moves = await ctx.records.referring(CONTACTS, loser_id, skip=UNMOVED)
    return MergePreview(moves=dict(moves), fills=sorted(merged_values(winner, loser)))


async def _retire(ctx: Context, loser: Mapping[str, Any], left: Mapping[str, Any]) -> None:
    """Archive the loser; its portal account ends unless it goes to the winner."""
    if loser["portal_user"] is not None and "portal_user" not in left:
        await ctx.service(Directory).disable_account(loser["portal_user"])
    values = {**left, "archived_at": loser["archived_at"] or ctx.now}
    await ctx.as_system().records.update(CONTACTS, loser["id"], values)


async def undo(ctx: Context, merge_id: UUID) -> UUID:
    """Give the loser back what a merge moved and return the loser's id."""
    row = await ctx.records.get(MERGES, merge_id, lock=True)
    winner_id, loser_id = row["winner"], row["loser"]
    winner = await ctx.records.get(CONTACTS, winner_id, lock=True)
    if row["undone_at"] is not None:
        raise Conflict("This merge was already undone.", code="already_undone")
    if row["undo_until"] < ctx.now:
        raise Conflict("A merge can be undone for 30 days only.", code="undo_expired")
    if winner["merged_into"] is not None:
        raise Conflict(
            "The contact that was kept has been merged itself; undo that merge first.",
            code="already_merged",
            meta={"merged_into": str(winner["merged_into"])},
        )
    system, before = ctx.as_system(), row["before"]
    await ctx.records.repoint(CONTACTS, winner_id, loser_id, only=row["moved"])
    await system.records.update(CONTACTS, winner_id, before["winner"])
    for address in before["main_address"]:
        await system.records.update(EMAILS, UUID(address), {"is_main": True})
    back: dict[str, Any] = {**before["loser"], "merged_into": None}
    if not before["was_archived"]:
        back["archived_at"] = None
    await system.records.update(CONTACTS, loser_id, back)
    loser = await system.records.get(CONTACTS, loser_id)
    if loser["portal_user"] is not None and loser["is_portal_user"] and loser["archived_at"] is None:
        values = {"contact": loser_id, "company": loser["company"], "status": "active"}
        await system.records.update(USERS, loser["portal_user"], values)
    await system.records.update(MERGES, merge_id, {"undone_at": ctx.now})
    await ctx.audit("undo_merge", CONTACTS, winner_id, source=str(loser_id))
    return loser_id
