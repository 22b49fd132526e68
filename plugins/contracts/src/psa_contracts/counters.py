"""What contracts itself can count: the people and places of a company."""

from collections.abc import Sequence
from uuid import UUID

from psa_contracts.api import Counter
from psa_sdk import Context
from psa_sdk.documents import Documents


async def listed(ctx: Context, resource: str, **filters: str) -> list[UUID]:
    """Return the ids of all records that filters of the API select."""
    query = {f"filter[{name}]": value for name, value in filters.items()} | {"page[size]": "100"}
    found: list[UUID] = []
    while True:
        page = await ctx.service(Documents).find(resource, query)
        found += [item.id for item in page.items]
        if not page.next:
            return found
        query |= {"page[after]": page.next}


async def contacts(ctx: Context, company_id: UUID) -> Sequence[UUID]:
    """Count the people of a company."""
    return await listed(ctx, "contacts", company=str(company_id))


async def portal_users(ctx: Context, company_id: UUID) -> Sequence[UUID]:
    """Count the people of a company who may log in."""
    return await listed(ctx, "contacts", company=str(company_id), is_portal_user="true")


async def sites(ctx: Context, company_id: UUID) -> Sequence[UUID]:
    """Count the places of a company."""
    return await listed(ctx, "sites", company=str(company_id))


OWN = (
    Counter(name="contacts.contacts", title="Contacts", count=contacts),
    Counter(name="contacts.portal_users", title="Portal users", count=portal_users),
    Counter(name="contacts.sites", title="Sites", count=sites),
)
