"""The e-mail addresses of contacts: unique among active contacts, the main one shown on the contact (CRM-03)."""

from uuid import UUID

from psa_contacts.email_addresses import check_address, normalise_address
from psa_contacts.tables import ContactEmail
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Invalid

EMAILS = "contact-emails"

OWNER = """
SELECT contact, is_active FROM contacts.contact_email
WHERE normalised = $1 AND contact <> $2 ORDER BY is_active DESC LIMIT 1"""

TAKEN = """
SELECT mine.address FROM contacts.contact_email mine
JOIN contacts.contact_email other ON other.normalised = mine.normalised AND other.is_active
WHERE mine.contact = $1 AND other.contact <> $1 ORDER BY mine.address"""


async def refuse_taken(ctx: Context, address: str, contact_id: UUID, pointer: str, *, offer: bool) -> None:
    """Raise `Conflict` when another contact has the address; `offer` counts archived ones, to be restored."""
    owner = await ctx.db.fetch_one(OWNER, normalise_address(address), contact_id)
    if owner is None or not (owner["is_active"] or offer):
        return
    found: UUID = owner["contact"]
    if owner["is_active"]:
        raise Conflict(
            f"Another contact already has the address {address}.",
            code="already_taken",
            pointer=pointer,
            meta={"contact": str(found)},
        )
    raise Conflict(
        f"An archived contact has the address {address}; restore it, or free the address there.",
        code="archived_contact_has_address",
        pointer=pointer,
        meta={"contact": str(found), "restore": f"/api/v1/contacts/{found}/restore"},
    )


async def write_address(ctx: Context, change: Change) -> None:
    """Check an address and derive the form that is unique."""
    if change.verb == "update" and change.changes("contact"):
        raise Conflict(
            "An address stays with its contact; delete it here and add it there.",
            code="other_contact",
            pointer="/data/relationships/contact",
        )
    if change.new.get("is_main") and change.verb == "create":
        # Of a contact that is being written, which has checked it.
        change.new["normalised"] = normalise_address(change.new["address"])
        return
    if change.verb == "create":
        contact = await ctx.records.get("contacts", change.new["contact"])
        change.new["is_active"] = contact["archived_at"] is None
    if "address" not in change.new:
        return
    pointer = "/data/attributes/address"
    change.new["address"], fault = check_address(change.new["address"], pointer)
    if fault is not None:
        raise Invalid(faults=[fault])
    change.new["normalised"] = normalise_address(change.new["address"])
    if change.changes("normalised"):
        await refuse_taken(ctx, change.new["address"], change.value("contact"), pointer, offer=False)


async def keep_main(_ctx: Context, change: Change) -> None:
    """The main address goes by changing the contact's e-mail."""
    if change.old["is_main"]:
        raise Conflict(
            "This is the contact's main address; change the contact's email instead.", code="main_address"
        )


async def show_main(ctx: Context, change: Change) -> None:
    """Show an edited main address on its contact."""
    if change.verb != "update" or not change.value("is_main") or not change.changes("address"):
        return
    contact = await ctx.records.get("contacts", change.value("contact"))
    if contact["email"] != change.value("address"):
        await ctx.records.update("contacts", contact["id"], {"email": change.value("address")})


async def follow_contact(ctx: Context, change: Change) -> None:
    """Mirror a contact's main address into its addresses, and free them while it is archived."""
    edited = "email" in change.new and change.changes("email")
    if not edited and not (change.verb != "create" and change.changes("archived_at")):
        return
    rows = (
        await ctx.records.find(EMAILS, ContactEmail.contact == change.id) if change.verb != "create" else []
    )
    active = change.value("archived_at") is None
    if active and change.old.get("archived_at") is not None:
        taken = await ctx.db.fetch(TAKEN, change.id)
        if taken:
            listed = ", ".join(row["address"] for row in taken)
            raise Conflict(
                f"Other contacts have {listed} by now; free the address there first.", code="already_taken"
            )
    for row in rows:
        if row["is_active"] != active:
            await ctx.records.update(EMAILS, row["id"], {"is_active": active})
    if not edited:
        return
    address = change.new["email"]
    wanted = normalise_address(address) if address else None
    found = next((row for row in rows if row["normalised"] == wanted), None)
    for row in rows:
        if row["is_main"] and row is not found:
            await ctx.records.update(EMAILS, row["id"], {"is_main": False})
            await ctx.records.delete(EMAILS, row["id"])
    if found is not None:
        await ctx.records.update(EMAILS, found["id"], {"address": address, "is_main": True})
    elif address:
        await ctx.records.create(EMAILS, {"contact": change.id, "address": address, "is_main": True})
