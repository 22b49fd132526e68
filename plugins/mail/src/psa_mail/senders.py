"""Who wrote: a member of staff, a contact, somebody of a client's domain, or nobody known (MAIL-08, MAIL-12)."""

from uuid import UUID

import msgspec

from psa_contacts.api import CONTACTS, ContactBook, ContactFacts
from psa_mail.addresses import Person, comparable
from psa_sdk import Context
from psa_sdk.errors import Problem
from psa_sdk.identity import Account, Directory

WRITES_TICKETS = "ticketing.tickets.update"


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who a mail is from, as far as its address tells; that it tells the truth is another question."""

    person: Person
    staff: Account | None = None
    contact: ContactFacts | None = None
    company_id: UUID | None = None


async def sender_of(ctx: Context, person: Person) -> Sender:
    """Find out whose address it is; an archived contact is nobody's requester."""
    staff = await ctx.service(Directory).holders(WRITES_TICKETS)
    account = next((one for one in staff if comparable(one.email) == person.email), None)
    found = await ctx.service(ContactBook).resolve_sender(person.email)
    contact = found.contact if found.contact is not None and not found.contact.is_archived else None
    company = found.company_id
    if company is not None:
        facts = (await ctx.service(ContactBook).companies([company])).get(company)
        if facts is None or facts.is_archived:
            # Mail of a former client waits in triage (CRM-07).
            company, contact = None, None
    return Sender(person=person, staff=account, contact=contact, company_id=company)


async def contact_for(ctx: Context, sender: Sender) -> ContactFacts | None:
    """Return the sender's contact, made unverified where only the domain is known."""
    if sender.contact is not None or sender.company_id is None:
        return sender.contact
    first, _, last = (sender.person.name or sender.person.email.partition("@")[0]).strip().partition(" ")
    values = {
        "first_name": first[:100],
        "last_name": last.strip()[:100],
        "email": sender.person.email,
        "company": sender.company_id,
        "is_verified": False,
    }
    try:
        async with ctx.savepoint():
            contact_id = await ctx.as_system().records.create(CONTACTS, values)
    except Problem:
        # An archived contact holds the address: a person decides.
        return None
    return (await ctx.service(ContactBook).contacts([contact_id])).get(contact_id)
