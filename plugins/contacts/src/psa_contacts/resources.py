"""Companies, contacts, addresses, domains, sites and merges as the API shows them."""

from psa_contacts import addresses, portal_accounts, primaries, rules, shapes
from psa_contacts.tables import (
    Company,
    CompanyDomain,
    CompanyMerge,
    Contact,
    ContactEmail,
    ContactMerge,
    Site,
)
from psa_sdk import Derived, Resource, ToMany, ToOne, Who
from psa_sdk.tables import Condition

PHONE = "psa.number_endings({row}.phone)"


def own_company(who: Who) -> Condition:
    """Clients see their own company."""
    return Company.id == who.company_id


def own_people(who: Who) -> Condition:
    """Client admins see their company's people, other clients themselves."""
    return Contact.company == who.company_id if who.client_admin else Contact.id == who.contact_id


companies = Resource(
    name="companies",
    title="Companies",
    description="Clients, prospects, vendors and partners of the MSP.",
    table=Company,
    read=shapes.CompanyRead,
    write=shapes.CompanyWrite,
    relations=(
        ToOne("parent", "companies", Company.parent, inverse="children"),
        ToOne("default_billing_contact", "contacts", Company.default_billing_contact),
        ToOne("default_technical_contact", "contacts", Company.default_technical_contact),
        ToOne("account_manager", "users", Company.account_manager),
        ToOne("merged_into", "companies", Company.merged_into, writable=False),
        ToMany("domains", "company-domains", CompanyDomain.company, create=True),
        ToMany("comments", "comments", create=True),
        ToMany("attachments", "attachments"),
    ),
    filters=(
        Company.name,
        Company.company_type,
        Company.status,
        Company.industry,
        Company.parent,
        Company.account_manager,
        Company.external_id,
        Company.tags,
        Company.phone,
        Company.created_at,
        Company.updated_at,
    ),
    sorts=(Company.name, Company.created_at, Company.updated_at),
    default_sort="name",
    search=(Company.name, PHONE, Company.website, Company.external_id),
    label=Company.name,
    custom_fields=True,
    scopes={"own": lambda who: Company.account_manager == who.id},
    portal=own_company,
    portal_hidden=(
        "notes",
        "tags",
        "custom_fields",
        "external_id",
        "account_manager",
        "status",
        "company_type",
        "domains",
        "merged_into",
    ),
    archive=Company.archived_at,
    import_keys=(Company.external_id, Company.name),
    before_create=rules.write_company,
    before_update=rules.write_company,
    after_write=portal_accounts.follow_company,
)

contacts = Resource(
    name="contacts",
    title="Contacts",
    description="The people of companies.",
    table=Contact,
    read=shapes.ContactRead,
    write=shapes.ContactWrite,
    derived=(Derived("name", "trim({row}.first_name || ' ' || {row}.last_name)"),),
    relations=(
        ToOne("company", "companies", Contact.company, inverse="contacts"),
        ToOne("portal_user", "users", Contact.portal_user, writable=False),
        ToOne("merged_into", "contacts", Contact.merged_into, writable=False),
        ToMany("emails", "contact-emails", ContactEmail.contact, create=True),
        ToMany("comments", "comments", create=True),
        ToMany("attachments", "attachments"),
    ),
    filters=(
        Contact.company,
        Contact.email,
        Contact.first_name,
        Contact.last_name,
        Contact.phone,
        Contact.mobile,
        Contact.contact_type,
        Contact.is_primary,
        Contact.is_portal_user,
        Contact.external_id,
        Contact.tags,
        Contact.created_at,
        Contact.updated_at,
    ),
    sorts=(Contact.last_name, Contact.first_name, Contact.created_at, Contact.updated_at),
    default_sort="last_name",
    search=(
        Contact.first_name,
        Contact.last_name,
        Contact.email,
        PHONE,
        "psa.number_endings({row}.mobile)",
        Contact.title,
    ),
    label=Contact.last_name,
    import_keys=(Contact.external_id, Contact.email),
    custom_fields=True,
    portal=own_people,
    portal_verbs=frozenset(("list", "get", "update")),
    portal_write=shapes.ContactPortalWrite,
    portal_hidden=("notes", "tags", "custom_fields", "external_id", "is_verified", "merged_into"),
    archive=Contact.archived_at,
    before_create=rules.write_contact,
    before_update=rules.write_contact,
    before_delete=primaries.settle_primary,
    after_write=rules.after_contact,
)

contact_emails = Resource(
    name="contact-emails",
    title="E-mail addresses",
    table=ContactEmail,
    read=shapes.ContactEmailRead,
    write=shapes.ContactEmailWrite,
    relations=(ToOne("contact", "contacts", ContactEmail.contact, required=True),),
    filters=(ContactEmail.contact, ContactEmail.normalised, ContactEmail.is_main),
    label=ContactEmail.address,
    before_create=addresses.write_address,
    before_update=addresses.write_address,
    before_delete=addresses.keep_main,
    after_write=addresses.show_main,
)

company_domains = Resource(
    name="company-domains",
    title="Mail domains",
    table=CompanyDomain,
    read=shapes.CompanyDomainRead,
    write=shapes.CompanyDomainWrite,
    relations=(ToOne("company", "companies", CompanyDomain.company, required=True),),
    filters=(CompanyDomain.company, CompanyDomain.domain),
    label=CompanyDomain.domain,
    before_create=rules.write_domain,
    before_update=rules.write_domain,
)

sites = Resource(
    name="sites",
    title="Sites",
    description="Places of companies.",
    table=Site,
    read=shapes.SiteRead,
    write=shapes.SiteWrite,
    relations=(ToOne("company", "companies", Site.company, required=True, inverse="sites"),),
    filters=(Site.company, Site.name, Site.is_primary, Site.external_id, Site.created_at),
    sorts=(Site.name, Site.created_at, Site.updated_at),
    default_sort="name",
    search=(Site.name, PHONE),
    label=Site.name,
    custom_fields=True,
    portal=lambda who: Site.company == who.company_id,
    portal_hidden=("notes", "custom_fields", "external_id"),
    before_create=rules.write_site,
    before_update=rules.write_site,
    after_write=primaries.promote_oldest,
)

contact_merges = Resource(
    name="contact-merges",
    title="Contact merges",
    table=ContactMerge,
    read=shapes.ContactMergeRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("winner", "contacts", ContactMerge.winner),
        ToOne("loser", "contacts", ContactMerge.loser),
    ),
    filters=(ContactMerge.winner, ContactMerge.loser),
)

company_merges = Resource(
    name="company-merges",
    title="Company merges",
    table=CompanyMerge,
    read=shapes.CompanyMergeRead,
    verbs=frozenset(("list", "get")),
    relations=(
        ToOne("winner", "companies", CompanyMerge.winner),
        ToOne("loser", "companies", CompanyMerge.loser),
    ),
    filters=(CompanyMerge.winner, CompanyMerge.loser),
)

ALL = (companies, contacts, contact_emails, company_domains, sites, contact_merges, company_merges)
