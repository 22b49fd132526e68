"""The portal accounts of contacts: they follow their contact and its company."""

from typing import Any
from uuid import UUID

from psa_contacts.api import CONTACTS
from psa_contacts.tables import Contact
from psa_sdk import Change, Context
from psa_sdk.identity import Directory
from psa_sdk.tables import And

USERS = "users"


async def follow_contact(ctx: Context, change: Change) -> None:
    """Keep a contact's portal account in step with its name, company and archiving."""
    account: UUID | None = change.value("portal_user")
    if account is None or not change.value("is_portal_user") or change.verb == "create":
        return
    watched = ("company", "archived_at", "first_name", "last_name")
    if not any(change.changes(column) for column in watched):
        return
    company: UUID | None = change.value("company")
    if company is None or change.value("archived_at") is not None or await _is_archived(ctx, company):
        await ctx.service(Directory).disable_account(account)
        return
    name = f"{change.value('first_name')} {change.value('last_name')}".strip()
    values: dict[str, Any] = {"company": company, "name": name}
    if change.changes("archived_at"):
        values["status"] = "active"
    if change.changes("company"):
        await ctx.service(Directory).end_sessions(account, reason="company_changed")
    await ctx.as_system().records.update(USERS, account, values)


async def follow_company(ctx: Context, change: Change) -> None:
    """Nobody of an archived company may log in; restoring it lets them back in (CRM-07)."""
    if change.verb == "create" or not change.changes("archived_at"):
        return
    system = ctx.as_system()
    people = await system.records.find(
        CONTACTS, And(Contact.company == change.id, Contact.is_portal_user.eq(True)), limit=100_000
    )
    for row in people:
        if row["portal_user"] is None:
            continue
        if change.value("archived_at") is not None:
            await ctx.service(Directory).disable_account(row["portal_user"])
        else:
            await system.records.update(USERS, row["portal_user"], {"status": "active"})


async def _is_archived(ctx: Context, company: UUID) -> bool:
    return (await ctx.as_system().records.get("companies", company))["archived_at"] is not None
