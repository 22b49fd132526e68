"""Companies, contacts and sites: whom the MSP works for."""

from psa_contacts import api, demo, pages, resources, routes, tables
from psa_contacts.book import StoredContactBook
from psa_contacts.portal_accounts import StoredClientAccess
from psa_contacts.settings import ContactsSettings
from psa_sdk import Manifest, Permission, hookimpl, provide

PERMISSIONS = (
    Permission(name="contacts.contacts.merge", title="Merge contacts"),
    Permission(name="contacts.companies.merge", title="Merge companies"),
    Permission(name="contacts.contacts.grant_portal", title="Grant portal access", sensitive=True),
    Permission(name="contacts.contacts.anonymise", title="Anonymise contacts", sensitive=True),
)

READ = (
    "contacts.companies.read",
    "contacts.contacts.read",
    "contacts.sites.read",
    "contacts.contact_emails.read",
    "contacts.company_domains.read",
    "contacts.contact_merges.read",
    "contacts.company_merges.read",
)
ROLES = {
    "manager": ("contacts.*",),
    "technician": (
        *READ,
        "contacts.contacts.create",
        "contacts.contacts.update",
        "contacts.contact_emails.*",
        "contacts.sites.*",
    ),
    "dispatcher": (
        *READ,
        "contacts.contacts.create",
        "contacts.contacts.update",
        "contacts.contact_emails.*",
    ),
    "sales": ("contacts.*", "!contacts.contacts.anonymise"),
    "finance": (*READ, "contacts.companies.update"),
    "client_admin": (
        "contacts.companies.read",
        "contacts.contacts.read",
        "contacts.contacts.update",
        "contacts.sites.read",
    ),
    "client_user": (
        "contacts.companies.read",
        "contacts.contacts.read",
        "contacts.contacts.update",
        "contacts.sites.read",
    ),
}


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="contacts",
        title="Contacts",
        description="Companies, their people and their places.",
        enhances=("comments",),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=routes.ALL,
        permissions=PERMISSIONS,
        roles=ROLES,
        events=api.EVENTS,
        services=(
            provide(api.ContactBook, StoredContactBook),
            provide(api.ClientAccess, StoredClientAccess),
        ),
        settings=ContactsSettings,
        ui=pages.UI,
        demo=demo.fill,
    )
