"""Actions on companies and contacts: merge, restore, portal access, anonymise."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_contacts import company_merging, contact_merging
from psa_contacts.anonymising import anonymise
from psa_contacts.api import COMPANIES, CONTACTS, ClientAccess, PortalRole
from psa_contacts.shapes import MergePreview
from psa_sdk import Answer, Context, Record, get, post
from psa_sdk.errors import Conflict


class MergeContact(msgspec.Struct, forbid_unknown_fields=True):
    """Merge `source` into the contact of the URL; `force` across companies."""

    source: UUID
    force: bool = False


class MergeCompany(msgspec.Struct, forbid_unknown_fields=True):
    """Merge `source` into the company of the URL."""

    source: UUID


class Duplicate(msgspec.Struct, forbid_unknown_fields=True):
    """The record that would go; `force` across companies."""

    source: UUID
    force: bool = False


class PortalAccess(msgspec.Struct, forbid_unknown_fields=True):
    """Whether and as what a contact may use the portal."""

    enabled: bool = True
    role: PortalRole = "client_user"


class Anonymise(msgspec.Struct, forbid_unknown_fields=True):
    """A reason for the record, such as the number of the request."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


@post("/contacts/{id:uuid}/merge", permission="contacts.contacts.merge", returns=CONTACTS)
async def merge(ctx: Context, id: UUID, body: MergeContact) -> Record:
    """Merge a duplicate into this contact."""
    await contact_merging.merge(ctx, id, body.source, force=body.force)
    return Record(CONTACTS, id)


@get(
    "/contacts/{id:uuid}/merge-preview",
    permission="contacts.contacts.merge",
    returns=MergePreview,
    answer_type="merge-previews",
)
async def preview_merge(ctx: Context, id: UUID, query: Duplicate) -> Answer:
    """Say what merging a duplicate into this contact would do."""
    found = await contact_merging.preview(ctx, id, query.source, force=query.force)
    return Answer(type="merge-previews", id=str(query.source), attributes=found)


@post("/companies/{id:uuid}/merge", permission="contacts.companies.merge", returns=COMPANIES)
async def merge_company(ctx: Context, id: UUID, body: MergeCompany) -> Record:
    """Merge a duplicate into this company."""
    await company_merging.merge(ctx, id, body.source)
    return Record(COMPANIES, id)


@get(
    "/companies/{id:uuid}/merge-preview",
    permission="contacts.companies.merge",
    returns=MergePreview,
    answer_type="merge-previews",
)
async def preview_company_merge(ctx: Context, id: UUID, query: MergeCompany) -> Answer:
    """Say what merging a duplicate into this company would do."""
    found = await company_merging.preview(ctx, id, query.source)
    return Answer(type="merge-previews", id=str(query.source), attributes=found)


@post("/company-merges/{id:uuid}/undo", permission="contacts.companies.merge", returns=COMPANIES)
async def undo_company_merge(ctx: Context, id: UUID) -> Record:
    """Undo a merge of companies within 30 days."""
    return Record(COMPANIES, await company_merging.undo(ctx, id))


@post("/contact-merges/{id:uuid}/undo", permission="contacts.contacts.merge", returns=CONTACTS)
async def undo_merge(ctx: Context, id: UUID) -> Record:
    """Undo a merge within 30 days."""
    return Record(CONTACTS, await contact_merging.undo(ctx, id))


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
    row = await ctx.records.get(COMPANIES, id, lock=True)
    if row["merged_into"] is not None:
        raise Conflict("This company was merged; undo the merge instead.", code="already_merged")
    await ctx.records.update(COMPANIES, id, {"archived_at": None})
    return Record(COMPANIES, id)


@post("/contacts/{id:uuid}/portal-access", permission="contacts.contacts.grant_portal", returns=CONTACTS)
async def portal_access(ctx: Context, id: UUID, body: PortalAccess) -> Record:
    """Let a contact use the portal, or end it."""
    access = ctx.service(ClientAccess)
    if body.enabled:
        await access.grant(id, body.role)
    else:
        await access.revoke(id)
    return Record(CONTACTS, id)


@post("/contacts/{id:uuid}/anonymise", permission="contacts.contacts.anonymise", returns=CONTACTS)
async def anonymise_contact(ctx: Context, id: UUID, body: Anonymise) -> Record:
    """Remove what identifies a person (GDPR article 17)."""
    await anonymise(ctx, id, body.reason)
    return Record(CONTACTS, id)


ALL = (
    merge,
    preview_merge,
    undo_merge,
    merge_company,
    preview_company_merge,
    undo_company_merge,
    restore_contact,
    restore_company,
    portal_access,
    anonymise_contact,
)
