"""Actions on contacts: merge, restore, portal access, anonymise."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_contacts import merging
from psa_contacts.anonymising import anonymise
from psa_contacts.api import COMPANIES, CONTACTS, PortalAccessGranted
from psa_sdk import Context, Record, post
from psa_sdk.errors import Conflict
from psa_sdk.identity import Directory


class MergeContact(msgspec.Struct, forbid_unknown_fields=True):
    """Merge `source` into the contact of the URL; `force` across companies."""

    source: UUID
    force: bool = False


class PortalAccess(msgspec.Struct, forbid_unknown_fields=True):
    """Whether and as what a contact may use the portal."""

    enabled: bool = True
    role: Literal["client_user", "client_admin"] = "client_user"


class Anonymise(msgspec.Struct, forbid_unknown_fields=True):
    """A reason for the record, such as the number of the request."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


@post("/contacts/{id:uuid}/merge", permission="contacts.contacts.merge", returns=CONTACTS)
async def merge(ctx: Context, id: UUID, body: MergeContact) -> Record:
    """Merge a duplicate into this contact."""
    await merging.merge(ctx, id, body.source, force=body.force)
    return Record(CONTACTS, id)


@post("/contact-merges/{id:uuid}/undo", permission="contacts.contacts.merge", returns=CONTACTS)
async def undo_merge(ctx: Context, id: UUID) -> Record:
    """Undo a merge within 30 days."""
    return Record(CONTACTS, await merging.undo(ctx, id))


@post("/contacts/{id:uuid}/restore", permission="contacts.contacts.update", returns=CONTACTS)
async def restore_contact(ctx: Context, id: UUID) -> Record:
    """Bring an archived contact back."""
    row = await ctx.records.get(CONTACTS, id, lock=True)
    if row["merged_into"] is not None:
        raise Conflict("This contact was merged; undo the merge instead.", code="already_merged")
    await ctx.records.update(CONTACTS, id, {"archived_at": None})
    return Record(CONTACTS, id)


@post("/companies/{id:uuid}/restore", permission="contacts.companies.update", returns=COMPANIES)
async def restore_company(ctx: Context, id: UUID) -> Record:
    """Bring an archived company back."""
    await ctx.records.update(COMPANIES, id, {"archived_at": None})
    return Record(COMPANIES, id)


@post("/contacts/{id:uuid}/portal-access", permission="contacts.contacts.grant_portal", returns=CONTACTS)
async def portal_access(ctx: Context, id: UUID, body: PortalAccess) -> Record:
    """Let a contact use the portal, or end it."""
    contact = await ctx.records.get(CONTACTS, id, lock=True)
    directory = ctx.service(Directory)
    if not body.enabled:
        if contact["portal_user"] is not None:
            await directory.disable_account(contact["portal_user"])
        await ctx.records.update(CONTACTS, id, {"is_portal_user": False})
        return Record(CONTACTS, id)
    company = await ctx.records.get(COMPANIES, contact["company"]) if contact["company"] else None
    if (
        contact["email"] is None
        or company is None
        or contact["archived_at"] is not None
        or company["archived_at"] is not None
    ):
        raise Conflict(
            "Portal access needs an active contact with an e-mail address and an active company.",
            code="contact_incomplete",
        )
    name = f"{contact['first_name']} {contact['last_name']}".strip()
    account = await directory.open_portal_account(
        account_id=contact["portal_user"],
        email=contact["email"],
        name=name,
        role=body.role,
        company_id=company["id"],
        contact_id=id,
    )
    await ctx.records.update(CONTACTS, id, {"portal_user": account.id, "is_portal_user": True})
    await ctx.emit(
        PortalAccessGranted(contact_id=id, account_id=account.id, invitation=account.status == "invited")
    )
    return Record(CONTACTS, id)


@post("/contacts/{id:uuid}/anonymise", permission="contacts.contacts.anonymise", returns=CONTACTS)
async def anonymise_contact(ctx: Context, id: UUID, body: Anonymise) -> Record:
    """Remove what identifies a person (GDPR article 17)."""
    await anonymise(ctx, id, body.reason)
    return Record(CONTACTS, id)


ALL = (merge, undo_merge, restore_contact, restore_company, portal_access, anonymise_contact)
