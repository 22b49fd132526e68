"""Removing a person's identity from the records of contacts (CRM-13)."""

from uuid import UUID

from psa_contacts.api import CONTACTS, ContactAnonymised
from psa_sdk import Context
from psa_sdk.identity import Directory

ERASED = "Anonymised"

# Not through ctx.records: its traces in the audit log and in events would keep what is to be forgotten.
FORGET = """
UPDATE contacts.contact SET first_name = $2, last_name = $3, email = NULL, phone = NULL, mobile = NULL, title = NULL,
    department = NULL, timezone = NULL, notes = NULL, external_id = NULL, portal_user = NULL, is_portal_user = false,
    is_primary = false, custom_fields = '{}', tags = '{}', archived_at = coalesce(archived_at, $4),
    updated_at = $4, version = version + 1
WHERE id = $1"""
PERSONAL = (
    "first_name", "last_name", "email", "phone", "mobile", "title", "department", "timezone", "notes", "external_id",
    "custom_fields", "tags",
)  # fmt: skip
FORGET_ADDRESSES = "DELETE FROM contacts.contact_email WHERE contact = $1"
FORGET_MERGES = (
    "UPDATE contacts.contact_merge SET before = '{}', undo_until = $2 WHERE winner = $1 OR loser = $1"
)


async def anonymise(ctx: Context, contact_id: UUID, reason: str) -> None:
    """Erase name, addresses, numbers, notes and portal account; the record stays so that history keeps its shape.

    Contacts that were merged into this one are the same person and go with it.
    """
    contact = await ctx.records.get(CONTACTS, contact_id, lock=True)
    former = await ctx.db.fetch("SELECT id FROM contacts.contact WHERE merged_into = $1", contact_id)
    for row in former:
        await anonymise(ctx, row["id"], reason)
    if contact["is_primary"]:
        await ctx.records.delete(CONTACTS, contact_id)
    if contact["portal_user"] is not None:
        await ctx.service(Directory).disable_account(contact["portal_user"], erase=True)
    await ctx.db.execute(FORGET_ADDRESSES, contact_id)
    await ctx.db.execute(FORGET_MERGES, contact_id, ctx.now)
    await ctx.db.execute(FORGET, contact_id, ERASED, str(contact_id)[-8:], ctx.now)
    await ctx.redact(CONTACTS, [contact_id], PERSONAL)
    await ctx.redact("contact-emails", [contact_id], ("address", "normalised"), via="contact")
    await ctx.audit("anonymise", CONTACTS, contact_id, reason=reason)
    await ctx.emit(ContactAnonymised(contact_id=contact_id))
