"""Merging a duplicate contact into the one that stays, and undoing it within 30 days (CRM-05)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psa_contacts.api import CONTACTS, ContactsMerged
from psa_contacts.tables import ContactEmail
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid

UNDO_FOR = timedelta(days=30)
FILLED = ("phone", "mobile", "title", "department", "timezone", "company", "external_id")


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
    values = merged_values(winner, loser)
    if loser["external_id"] is not None:
        await ctx.records.update(CONTACTS, loser_id, {"external_id": None})
    await ctx.records.update(
        CONTACTS, loser_id, {"is_primary": False, "archived_at": ctx.now, "merged_into": winner_id}
    )
    moved = await ctx.records.repoint(
        CONTACTS, loser_id, winner_id, skip=("contacts.merged_into", "contact-merges")
    )
    for row in await ctx.records.find("contact-emails", ContactEmail.contact == winner_id):
        if row["id"] in moved.get("contact-emails.contact", ()):
            await ctx.records.update("contact-emails", row["id"], {"is_main": False, "is_active": True})
    if values:
        await ctx.records.update(CONTACTS, winner_id, values)
    merge_id = await ctx.records.create(
        "contact-merges",
        {
            "winner": winner_id,
            "loser": loser_id,
            "moved": {key: [str(record_id) for record_id in ids] for key, ids in moved.items()},
            "before": {column: winner[column] for column in values},
            "undo_until": ctx.now + UNDO_FOR,
        },
    )
    await ctx.emit(ContactsMerged(winner_id=winner_id, loser_id=loser_id))
    return merge_id


async def undo(ctx: Context, merge_id: UUID) -> UUID:
    """Give the loser back what a merge moved and return the loser's id."""
    row = await ctx.records.get("contact-merges", merge_id, lock=True)
    if row["undone_at"] is not None:
        raise Conflict("This merge was already undone.", code="already_undone")
    if row["undo_until"] < ctx.now:
        raise Conflict("A merge can be undone for 30 days only.", code="undo_expired")
    winner_id, loser_id = row["winner"], row["loser"]
    await ctx.records.update(CONTACTS, loser_id, {"archived_at": None, "merged_into": None})
    await ctx.records.repoint(CONTACTS, winner_id, loser_id, only=row["moved"])
    loser = await ctx.records.get(CONTACTS, loser_id)
    for address in await ctx.records.find("contact-emails", ContactEmail.contact == loser_id):
        if address["address"] == loser["email"]:
            await ctx.records.update("contact-emails", address["id"], {"is_main": True})
    if row["before"]:
        await ctx.records.update(CONTACTS, winner_id, row["before"])
    await ctx.records.update("contact-merges", merge_id, {"undone_at": ctx.now})
    return loser_id
