"""The contact book: how other plugins look up companies and contacts."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_contacts.api import COMPANIES, REQUESTER, CompanyFacts, ContactFacts, Requester, Sender
from psa_contacts.email_addresses import normalise_address, suffixes
from psa_contacts.hierarchy import DESCENDANTS, MAX_DEPTH
from psa_contacts.tables import Company
from psa_sdk import Context

SURVIVORS = """
WITH RECURSIVE chain AS (
    SELECT id AS asked, id, merged_into, 1 AS step FROM contacts.contact WHERE id = ANY($1::uuid[])
    UNION ALL
    SELECT chain.asked, c.id, c.merged_into, chain.step + 1
    FROM chain JOIN contacts.contact c ON c.id = chain.merged_into WHERE chain.step < 20
) SELECT chain.asked, c.id, trim(c.first_name || ' ' || c.last_name) AS name, c.first_name, c.email, c.company, c.timezone,
    c.archived_at, c.portal_user
FROM chain JOIN contacts.contact c ON c.id = chain.id WHERE chain.merged_into IS NULL"""

BY_ADDRESS = (
    "SELECT contact FROM contacts.contact_email WHERE normalised = $1 ORDER BY is_active DESC LIMIT 1"
)
BY_DOMAIN = """
SELECT d.company FROM contacts.company_domain d JOIN contacts.company c ON c.id = d.company
WHERE d.domain = ANY($1::text[]) AND c.archived_at IS NULL ORDER BY length(d.domain) DESC LIMIT 1"""


class StoredContactBook:
    """Implements `psa_contacts.api.ContactBook` on the tables of this plugin."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def companies(self, ids: Sequence[UUID]) -> Mapping[UUID, CompanyFacts]:
        """Return the visible ones among some companies."""
        if not ids:
            return {}
        rows = await self._ctx.records.find(
            COMPANIES, Company.id.is_in(list(ids)), limit=len(ids), archived=True
        )
        return {row["id"]: _company(row) for row in rows}

    async def contacts(self, ids: Sequence[UUID]) -> Mapping[UUID, ContactFacts]:
        """Return contacts keyed by the asked id; a merged one yields its survivor."""
        rows = await self._ctx.db.fetch(SURVIVORS, list(ids)) if ids else []
        return {row["asked"]: _contact(row) for row in rows}

    async def requester(
        self, *, contact_id: UUID | None, company_id: UUID | None, site_id: UUID | None
    ) -> Requester:
        """Return what a record that names them has to check, in one statement."""
        row = await self._ctx.db.fetch_one(REQUESTER, contact_id, company_id, site_id)
        return msgspec.convert(dict(row or {}), Requester)

    async def resolve_sender(self, address: str) -> Sender:
        """Find out whose e-mail address this is, by contact, then by the longest company domain."""
        wanted = normalise_address(address)
        contact_id = await self._ctx.db.fetch_value(BY_ADDRESS, wanted)
        contact = (await self.contacts([contact_id])).get(contact_id) if contact_id else None
        if contact is not None:
            return Sender(contact=contact, company_id=contact.company_id)
        domain = wanted.rpartition("@")[2]
        return Sender(company_id=await self._ctx.db.fetch_value(BY_DOMAIN, list(suffixes(domain))))

    async def company_named(self, name: str) -> UUID | None:
        """Return the one company of a name, or of a key in another system; None for several."""
        rows = await self._ctx.db.fetch(
            "SELECT id FROM contacts.company WHERE archived_at IS NULL AND (lower(name) = lower($1) OR external_id = $1)"
            " LIMIT 2",
            name.strip(),
        )
        return rows[0]["id"] if len(rows) == 1 else None

    async def note_bounce(self, address: str) -> UUID | None:
        """Mark an address as one that mail doesn't reach, and return its contact."""
        row = await self._ctx.db.fetch_one(
            "SELECT id, contact FROM contacts.contact_email WHERE normalised = $1 ORDER BY is_active DESC LIMIT 1",
            normalise_address(address),
        )
        if row is None:
            return None
        await self._ctx.as_system().records.update("contact-emails", row["id"], {"is_bouncing": True})
        return row["contact"]

    async def descendants(self, company_id: UUID) -> list[UUID]:
        """Return the ids of all companies below one."""
        return [row["id"] for row in await self._ctx.db.fetch(DESCENDANTS, company_id, MAX_DEPTH)]


def _company(row: Mapping[str, Any]) -> CompanyFacts:
    return CompanyFacts(
        id=row["id"],
        name=row["name"],
        status=row["status"],
        is_archived=row["archived_at"] is not None,
        parent_id=row["parent"],
        timezone=row["timezone"],
        account_manager_id=row["account_manager"],
    )


def _contact(row: Mapping[str, Any]) -> ContactFacts:
    return ContactFacts(
        id=row["id"],
        name=row["name"],
        first_name=row["first_name"],
        email=row["email"],
        company_id=row["company"],
        timezone=row["timezone"],
        is_archived=row["archived_at"] is not None,
        portal_user_id=row["portal_user"],
    )
