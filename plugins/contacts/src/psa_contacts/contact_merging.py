"""Merging a duplicate contact into the one that stays, and undoing it within 30 days (CRM-05)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_contacts.api import CONTACTS, ContactsMerged
from psa_contacts.merges import Merges, Pair
from psa_contacts.portal_accounts import USERS
from psa_contacts.shapes import MergePreview
from psa_contacts.tables import ContactEmail
from psa_sdk import Context
from psa_sdk.errors import Conflict
from psa_sdk.identity import Directory
from psa_sdk.tables import And

EMAILS = "contact-emails"
MERGES = Merges(
    resource=CONTACTS,
    kept_as="contact-merges",
    one="contact",
    filled=("email", "phone", "mobile", "title", "department", "timezone", "company", "external_id"),
)
LEFT_BY_LOSER = ("external_id", "is_primary", "is_portal_user", "portal_user")


def merged_values(pair: Pair) -> dict[str, Any]:
    """Return what changes on the winner."""
    winner, loser = pair.winner, pair.loser
    values = MERGES.gained(pair)
    if winner["portal_user"] is None and loser["portal_user"] is not None:
        values |= {"portal_user": loser["portal_user"], "is_portal_user": loser["is_portal_user"]}
    if loser["is_primary"] and winner["company"] in (None, loser["company"]):
        values["is_primary"] = True
    return values


def check(winner: Mapping[str, Any], loser: Mapping[str, Any], *, force: bool) -> None:
    """Refuse merges that can't be meant."""
    MERGES.check(winner, loser)
    companies = {winner["company"], loser["company"]} - {None}
    if len(companies) > 1 and not force:
        raise Conflict(
            "The contacts belong to different companies; send force=true to merge them all the same.",
            code="different_companies",
        )


async def merge(ctx: Context, winner_id: UUID, loser_id: UUID, *, force: bool) -> UUID:
    """Merge the loser into the winner and return the merge's id; everything that named the loser names the winner."""
    pair = await MERGES.both(ctx, winner_id, loser_id, lock=True)
    winner, loser = pair.winner, pair.loser
    check(winner, loser, force=force)
    system = ctx.as_system()
    values = merged_values(pair)
    left: dict[str, Any] = {"external_id": None, "is_portal_user": False, "merged_into": winner_id}
    if "portal_user" in values:
        left["portal_user"] = None
    await _retire(ctx, loser, left)
    # The winner's own main address stays the main one.
    here = And(ContactEmail.contact == loser_id, ContactEmail.is_main.eq(True))
    main = await system.records.find(EMAILS, here)
    for row in main:
        await system.records.update(EMAILS, row["id"], {"is_main": False})
    moved = await ctx.records.repoint(CONTACTS, loser_id, winner_id, skip=MERGES.unmoved)
    for address in moved.get(f"{EMAILS}.contact", ()):
        await system.records.update(EMAILS, address, {"is_active": True})
    await system.records.update(CONTACTS, winner_id, values)
    if "portal_user" in values:
        company = values.get("company", winner["company"])
        await system.records.update(
            USERS, values["portal_user"], {"contact": winner_id, "company": company or loser["company"]}
        )
    before = {
        "winner": {column: winner[column] for column in values},
        "loser": {column: loser[column] for column in LEFT_BY_LOSER},
        "main_address": [str(row["id"]) for row in main],
        "was_archived": loser["archived_at"] is not None,
    }
    merge_id = await MERGES.keep(ctx, winner_id, loser_id, moved, before)
    await ctx.emit(ContactsMerged(winner_id=winner_id, loser_id=loser_id))
    return merge_id


async def preview(ctx: Context, winner_id: UUID, loser_id: UUID, *, force: bool) -> MergePreview:
    """Return what the merge would do; refuses what the merge refuses."""
    pair = await MERGES.both(ctx, winner_id, loser_id, lock=False)
    check(pair.winner, pair.loser, force=force)
    return await MERGES.preview(ctx, pair, merged_values(pair))


async def _retire(ctx: Context, loser: Mapping[str, Any], left: Mapping[str, Any]) -> None:
    """Archive the loser; its portal account ends unless it goes to the winner."""
    if loser["portal_user"] is not None and "portal_user" not in left:
        await ctx.service(Directory).disable_account(loser["portal_user"])
    values = {**left, "archived_at": loser["archived_at"] or ctx.now}
    await ctx.as_system().records.update(CONTACTS, loser["id"], values)


async def undo(ctx: Context, merge_id: UUID) -> UUID:
    """Give the loser back what a merge moved and return the loser's id."""
    row = await MERGES.undoable(ctx, merge_id)
    loser_id, system = row["loser"], ctx.as_system()
    await MERGES.give_back(ctx, row)
    for address in row["before"]["main_address"]:
        await system.records.update(EMAILS, UUID(address), {"is_main": True})
    await MERGES.bring_back(ctx, row)
    loser = await system.records.get(CONTACTS, loser_id)
    if loser["portal_user"] is not None and loser["is_portal_user"] and loser["archived_at"] is None:
        values = {"contact": loser_id, "company": loser["company"], "status": "active"}
        await system.records.update(USERS, loser["portal_user"], values)
    await MERGES.undone(ctx, row)
    return loser_id
