"""Removing a person's identity from the records of contacts (CRM-13)."""

from uuid import UUID

from psa_contacts.api import CONTACTS
from psa_contacts.tables import ContactEmail
from psa_sdk import Context
from psa_sdk.identity import Directory

ERASED = "Anonymised"


async def anonymise(ctx: Context, contact_id: UUID) -> None:
    """Erase name, addresses, numbers, notes and portal account; the record stays so that history keeps its shape."""
    contact = await ctx.records.get(CONTACTS, contact_id, lock=True)
    if contact["portal_user"] is not None and ctx.provides(Directory):
        await ctx.service(Directory).disable_account(contact["portal_user"], erase=True)
    for row in await ctx.records.find("contact-emails", ContactEmail.contact == contact_id):
        await ctx.records.delete("contact-emails", row["id"])
    blank = dict.fromkeys(
        ("email", "phone", "mobile", "title", "department", "timezone", "notes", "external_id", "portal_user")
    )
    values = {
        **blank,
        "first_name": ERASED,
        "last_name": str(contact_id)[-8:],
        "custom_fields": {},
        "tags": [],
        "is_portal_user": False,
        "is_primary": False,
        "archived_at": contact["archived_at"] or ctx.now,
    }
    await ctx.records.update(CONTACTS, contact_id, values)
