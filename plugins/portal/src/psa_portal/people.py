"""A company's own people, as its administrators manage them (PRT-03, PRT-05)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_contacts.api import CONTACTS, ClientAccess, ContactBook, PortalRole
from psa_portal.api import ClientPeopleChanged
from psa_sdk import Context
from psa_sdk.documents import Documents, Item
from psa_sdk.errors import Conflict, Forbidden, Invalid, NotFound
from psa_sdk.identity import Directory

ADMIN: PortalRole = "client_admin"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A contact of the company and what they are in the portal; `role` is empty for those without access."""

    id: UUID
    name: str
    email: str
    phone: str
    title: str
    role: str
    status: str


async def of_company(ctx: Context) -> list[Person]:
    """Return the company's people, by name; a statement per hundred and three more."""
    items: list[Item] = []
    query = {"page[size]": "100"}
    while True:
        found = await ctx.service(Documents).find(CONTACTS, query)
        items += found.items
        if not found.next:
            break
        query["page[after]"] = found.next
    accounts = await _accounts(ctx, [item.id for item in items])
    directory = ctx.service(Directory)
    users = await directory.users(list(accounts.values()))
    roles = await directory.roles(list(accounts.values()))
    people: list[Person] = []
    for item in items:
        account = users.get(accounts[item.id]) if item.id in accounts else None
        open_ = account is not None and account.status != "disabled"
        values = item.attributes
        people.append(
            Person(
                id=item.id,
                name=values["name"],
                email=values["email"] or "",
                phone=values["phone"] or values["mobile"] or "",
                title=values["title"] or "",
                role=next(iter(roles.get(account.id, ())), "") if account and open_ else "",
                status=account.status if account and open_ else "",
            )
        )
    return people


async def _accounts(ctx: Context, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
    facts = await ctx.service(ContactBook).contacts(ids)
    return {key: one.portal_user_id for key, one in facts.items() if one.portal_user_id is not None}


async def invite(ctx: Context, *, first_name: str, last_name: str, email: str, role: PortalRole) -> UUID:
    """Let somebody of one's company in, as a new contact or the one who has the address already.

    Raises `Conflict` for an address that can't be used; whether somebody else has it isn't told.
    """
    company = _company(ctx)
    if not email.strip():
        raise Invalid("This is needed.", pointer="/data/attributes/email")
    sender = await ctx.as_system().service(ContactBook).resolve_sender(email)
    known = sender.contact
    if known is not None and known.company_id == company and not known.is_archived:
        contact = known.id
    else:
        values = {"first_name": first_name, "last_name": last_name, "email": email, "company": company}
        try:
            async with ctx.savepoint():
                contact = await ctx.as_system().records.create(CONTACTS, values)
        except (Conflict, Invalid) as problem:
            if any(fault.code in {"invalid_email", "name_required"} for fault in problem.faults):
                raise
            raise Conflict(
                "This address can't be used here; ask us for help.",
                code="address_refused",
                pointer="/data/attributes/email",
            ) from problem
    await grant(ctx, contact, role, what="invited")
    return contact


async def grant(ctx: Context, contact: UUID, role: PortalRole, *, what: str = "role") -> None:
    """Give one of one's people a role, or their access back; nobody gives more than they hold."""
    if role != ADMIN:
        await _keep_an_admin(ctx, contact)
    await ctx.service(ClientAccess).grant(contact, role)
    await _tell(ctx, contact, what, role)


async def end(ctx: Context, contact: UUID) -> None:
    """End the access of one of one's people."""
    if contact == ctx.principal.who.contact_id:
        raise Conflict("You can't end your own access; ask another administrator.", code="own_access")
    await _keep_an_admin(ctx, contact)
    await ctx.service(ClientAccess).revoke(contact)
    await _tell(ctx, contact, "ended")


async def invite_again(ctx: Context, contact: UUID) -> None:
    """Send another invitation; the one before is void."""
    accounts = await _accounts(ctx, [contact])
    if contact not in accounts:
        raise NotFound("This person has no access that an invitation could be sent for.")
    await ctx.service(Directory).request_password(accounts[contact])


async def _tell(ctx: Context, contact: UUID, what: Any, role: str = "") -> None:
    await ctx.emit(ClientPeopleChanged(company_id=_company(ctx), contact_id=contact, what=what, role=role))


async def _keep_an_admin(ctx: Context, leaving: UUID) -> None:
    """Raise `Conflict` when somebody is the company's last administrator."""
    await ctx.db.lock("portal.administrators", _company(ctx))
    admins = {one.id for one in await of_company(ctx) if one.role == ADMIN and one.status == "active"}
    if leaving in admins and admins == {leaving}:
        raise Conflict(
            "This is your company's last administrator; make somebody else one first.",
            code="last_client_admin",
        )


def _company(ctx: Context) -> UUID:
    company = ctx.principal.who.company_id
    if company is None or not ctx.principal.who.client_admin:
        raise Forbidden("Only administrators of a company manage its people.")
    return company
