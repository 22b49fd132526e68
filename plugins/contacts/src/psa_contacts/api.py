"""What contacts offers to other plugins: facts about companies and contacts, sender resolution, events."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk import Event
from psa_sdk.identity import Account

COMPANIES = "companies"
CONTACTS = "contacts"
SITES = "sites"


class CompanyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What others need to know about a company."""

    id: UUID
    name: str
    status: str
    is_archived: bool
    parent_id: UUID | None
    timezone: str | None
    account_manager_id: UUID | None


class ContactFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What others need to know about a contact; `id` is the surviving one after merges."""

    id: UUID
    name: str
    first_name: str
    email: str | None
    company_id: UUID | None
    timezone: str | None
    is_archived: bool
    portal_user_id: UUID | None


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who an address belongs to: a contact, or at least a company by its domain, or nobody known."""

    contact: ContactFacts | None = None
    company_id: UUID | None = None


class Requester(msgspec.Struct, frozen=True, kw_only=True):
    """A contact, company and site asked for together; `contact_id` is the survivor after merges."""

    contact_id: UUID | None = None
    contact_company_id: UUID | None = None
    company_id: UUID | None = None
    company_name: str | None = None
    company_is_archived: bool = False
    site_company_id: UUID | None = None


REQUESTER = """
WITH RECURSIVE chain AS (
    SELECT id, merged_into, company, 1 AS step FROM contacts.contact WHERE id = $1
    UNION ALL
    SELECT c.id, c.merged_into, c.company, chain.step + 1
    FROM chain JOIN contacts.contact c ON c.id = chain.merged_into WHERE chain.step < 20
), person AS (SELECT id, company FROM chain WHERE merged_into IS NULL)
SELECT (SELECT id FROM person) AS contact_id, (SELECT company FROM person) AS contact_company_id,
    f.id AS company_id, f.name AS company_name, coalesce(f.archived_at IS NOT NULL, false) AS company_is_archived,
    (SELECT company FROM contacts.site WHERE id = $3) AS site_company_id
FROM (SELECT 1) AS one
LEFT JOIN contacts.company f ON f.id = coalesce($2, (SELECT company FROM person))"""
"""The SQL that finds a `Requester` by contact (`$1`), company (`$2`) and site (`$3`), to be part of a `Question`."""


class ContactBook(Protocol):
    """Looks up companies and contacts; batch methods take one statement."""

    async def companies(self, ids: Sequence[UUID]) -> Mapping[UUID, CompanyFacts]:
        """Return the visible ones among some companies."""
        ...

    async def contacts(self, ids: Sequence[UUID]) -> Mapping[UUID, ContactFacts]:
        """Return contacts keyed by the asked id; a merged one yields its survivor."""
        ...

    async def requester(
        self, *, contact_id: UUID | None, company_id: UUID | None, site_id: UUID | None
    ) -> Requester:
        """Return what a record that names them has to check, in one statement.

        The company is the one given, else the contact's.
        """
        ...

    async def resolve_sender(self, address: str) -> Sender:
        """Find out whose e-mail address this is, by contact, then by the longest company domain."""
        ...

    async def company_named(self, name: str) -> UUID | None:
        """Return the one company of a name, or of a key in another system, regardless of case; None for several."""
        ...

    async def note_bounce(self, address: str) -> UUID | None:
        """Mark an address as one that mail doesn't reach, and return its contact."""
        ...

    async def descendants(self, company_id: UUID) -> list[UUID]:
        """Return the ids of all companies below one."""
        ...


PortalRole = Literal["client_user", "client_admin"]


class ClientAccess(Protocol):
    """Which contacts may use the portal, and as what; callers check permissions themselves."""

    async def grant(self, contact_id: UUID, role: PortalRole) -> Account:
        """Let a contact use the portal; invites them while they have no password.

        Raises `Conflict` for a contact or company that is incomplete or archived, `NotFound`, and what
        `Directory.open_portal_account` raises.
        """
        ...

    async def revoke(self, contact_id: UUID) -> None:
        """End a contact's use of the portal, at once."""
        ...


class ContactsMerged(Event, frozen=True, kw_only=True):
    """One contact was merged into another; all references already point to the winner."""

    name: ClassVar[str] = "contacts.contacts_merged"
    winner_id: UUID
    loser_id: UUID


class CompaniesMerged(Event, frozen=True, kw_only=True):
    """One company was merged into another; all references already point to the winner."""

    name: ClassVar[str] = "contacts.companies_merged"
    winner_id: UUID
    loser_id: UUID


class PortalAccessGranted(Event, frozen=True, kw_only=True):
    """A contact may now use the portal; `invitation` says whether they still have to choose a password."""

    name: ClassVar[str] = "contacts.portal_access_granted"
    contact_id: UUID
    account_id: UUID
    invitation: bool


class ContactAnonymised(Event, frozen=True, kw_only=True):
    """A person's identity was removed: forget what else tells who the contact was."""

    name: ClassVar[str] = "contacts.contact_anonymised"
    contact_id: UUID


EVENTS = (ContactsMerged, CompaniesMerged, PortalAccessGranted, ContactAnonymised)
