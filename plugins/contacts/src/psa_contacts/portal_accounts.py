"""The portal accounts of contacts: they follow their contact and its company."""

from typing import Any
from uuid import UUID

from psa_contacts.api import COMPANIES, CONTACTS, PortalAccessGranted, PortalRole
from psa_contacts.tables import Contact
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict
from psa_sdk.identity import Account, Directory
from psa_sdk.tables import And

USERS = "users"


class StoredClientAccess:
    """Implements `psa_contacts.api.ClientAccess`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def grant(self, contact_id: UUID, role: PortalRole) -> Account:
        """Let a contact use the portal; invites them while they have no password."""
        ctx = self._ctx
        contact = await ctx.records.get(CONTACTS, contact_id, lock=True)
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
        account = await ctx.service(Directory).open_portal_account(
            account_id=contact["portal_user"],
            email=contact["email"],
            name=f"{contact['first_name']} {contact['last_name']}".strip(),
            role=role,
            company_id=company["id"],
            contact_id=contact_id,
        )
        if contact["timezone"] and not account.timezone:
            await ctx.as_system().records.update(USERS, account.id, {"timezone": contact["timezone"]})
        await self._write(contact_id, {"portal_user": account.id, "is_portal_user": True})
        invited = account.status == "invited"
        await ctx.emit(PortalAccessGranted(contact_id=contact_id, account_id=account.id, invitation=invited))
        return account

    async def revoke(self, contact_id: UUID) -> None:
        """End a contact's use of the portal, at once."""
        contact = await self._ctx.records.get(CONTACTS, contact_id, lock=True)
        if contact["portal_user"] is not None:
            await self._ctx.service(Directory).disable_account(contact["portal_user"])
        await self._write(contact_id, {"is_portal_user": False})

    async def _write(self, contact_id: UUID, values: dict[str, Any]) -> None:
        # Clients may be allowed to let their people in, not to write these columns.
        ctx = self._ctx if self._ctx.principal.audience == "staff" else self._ctx.as_system()
        await ctx.records.update(CONTACTS, contact_id, values)


async def follow_contact(ctx: Context, change: Change) -> None:
    """Keep a contact's portal account in step with its name, company, time zone and archiving.

    A zone that the person chose in the portal stays (CRM-14).
    """
    account: UUID | None = change.value("portal_user")
    if account is None or not change.value("is_portal_user") or change.verb == "create":
        return
    watched = ("company", "archived_at", "first_name", "last_name", "timezone")
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
    if change.changes("timezone"):
        shown = (await ctx.service(Directory).users([account]))[account].timezone
        if shown in {"", change.old["timezone"] or ""}:
            values["timezone"] = change.value("timezone") or ""
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
