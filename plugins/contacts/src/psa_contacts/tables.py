"""What contacts stores: companies, contacts, their e-mail addresses, sites, domains and merges."""

from psa_sdk.tables import Boolean, Choice, Index, Instant, Json, Ref, Tags, TenantTable, Text

COMPANY_TYPES = ("client", "prospect", "vendor", "partner")
COMPANY_STATUSES = ("active", "inactive", "prospect")
CONTACT_TYPES = ("primary", "technical", "billing", "other")
CONTACT_METHODS = ("email", "phone", "mobile", "portal")


class Company(TenantTable, schema="contacts", tablename="company"):
    """An organisation the MSP deals with."""

    name = Text()
    parent = Ref("companies", null=True)
    company_type = Choice(*COMPANY_TYPES, default="client")
    status = Choice(*COMPANY_STATUSES, default="active")
    industry = Text(null=True)
    website = Text(null=True)
    phone = Text(null=True, help_text="E.164")
    address = Json(default={})
    billing_address = Json(default={})
    tax_id = Text(null=True)
    timezone = Text(null=True, help_text="IANA name; empty means the tenant's zone")
    default_billing_contact = Ref("contacts", null=True, on_delete="set_null")
    default_technical_contact = Ref("contacts", null=True, on_delete="set_null")
    account_manager = Ref("users", null=True, on_delete="set_null")
    external_id = Text(null=True, help_text="The key of this company in another system, for imports")
    custom_fields = Json(default={})
    tags = Tags()
    notes = Text(null=True)
    merged_into = Ref("companies", null=True, on_delete="set_null")
    archived_at = Instant(null=True)

    company_key = "id"
    index_on = (
        Index(("lower(name)",)),
        Index(("parent",), where="parent IS NOT NULL"),
        Index(("merged_into",), where="merged_into IS NOT NULL"),
        Index(("external_id",), unique=True, where="external_id IS NOT NULL"),
    )
    checks = ("parent IS NULL OR parent <> id", "name <> ''")


class CompanyDomain(TenantTable, schema="contacts", tablename="company_domain"):
    """A mail domain that belongs to one company; the longest matching suffix wins."""

    company = Ref("companies", on_delete="cascade")
    domain = Text(help_text="Lower-case, IDNA-encoded")

    index_on = (Index(("domain",), unique=True), Index(("company",)))


class Contact(TenantTable, schema="contacts", tablename="contact"):
    """A person at a company, or one who wrote before the company is known."""

    company = Ref("companies", null=True)
    first_name = Text()
    last_name = Text(default="")
    email = Text(null=True, help_text="The main address as typed; contact_email holds all of them")
    phone = Text(null=True, help_text="E.164")
    mobile = Text(null=True, help_text="E.164")
    title = Text(null=True)
    department = Text(null=True)
    contact_type = Choice(*CONTACT_TYPES, default="other")
    is_primary = Boolean(default=False)
    is_portal_user = Boolean(default=False)
    portal_user = Ref("users", null=True, on_delete="set_null")
    preferred_contact_method = Choice(*CONTACT_METHODS, default="email")
    timezone = Text(null=True, help_text="IANA name; drives portal display and appointment mail")
    is_verified = Boolean(default=True, help_text="False when made from an unknown sender's mail")
    external_id = Text(null=True)
    custom_fields = Json(default={})
    tags = Tags()
    notes = Text(null=True)
    merged_into = Ref("contacts", null=True, on_delete="set_null")
    archived_at = Instant(null=True)

    index_on = (
        Index(("company", "lower(last_name)")),
        Index(("company",), unique=True, where="is_primary AND archived_at IS NULL"),
        Index(("external_id",), unique=True, where="external_id IS NOT NULL"),
        Index(("merged_into",), where="merged_into IS NOT NULL"),
    )
    checks = ("NOT is_primary OR company IS NOT NULL", "first_name <> '' OR last_name <> ''")


class ContactEmail(TenantTable, schema="contacts", tablename="contact_email"):
    """One address of a contact; unique per tenant among the addresses of active contacts."""

    contact = Ref("contacts", on_delete="cascade")
    address = Text()
    normalised = Text(help_text="Case-folded, Unicode-normalised; +tags are kept")
    is_main = Boolean(default=False)
    is_active = Boolean(default=True, help_text="False while the contact is archived")
    is_bouncing = Boolean(default=False)

    index_on = (
        Index(("normalised",), unique=True, where="is_active"),
        Index(("contact",)),
        Index(("contact",), unique=True, where="is_main"),
    )


class Site(TenantTable, schema="contacts", tablename="site"):
    """A place of a company."""

    company = Ref("companies", on_delete="cascade")
    name = Text()
    address = Json(default={})
    phone = Text(null=True, help_text="E.164")
    is_primary = Boolean(default=False)
    timezone = Text(null=True)
    notes = Text(null=True)
    external_id = Text(null=True)
    custom_fields = Json(default={})

    index_on = (
        Index(("company", "lower(name)")),
        Index(("company",), unique=True, where="is_primary"),
        Index(("external_id",), unique=True, where="external_id IS NOT NULL"),
    )


class ContactMerge(TenantTable, schema="contacts", tablename="contact_merge"):
    """A merge of one contact into another, with what it takes to undo it within 30 days."""

    winner = Ref("contacts", on_delete="cascade")
    loser = Ref("contacts", on_delete="cascade")
    moved = Json(help_text="resource.column to the ids that moved")
    before = Json(help_text="The winner's changed columns as they were")
    undo_until = Instant()
    undone_at = Instant(null=True)

    index_on = (Index(("winner",)), Index(("loser",)))


class CompanyMerge(TenantTable, schema="contacts", tablename="company_merge"):
    """A merge of one company into another, with what it takes to undo it within 30 days."""

    winner = Ref("companies", on_delete="cascade")
    loser = Ref("companies", on_delete="cascade")
    moved = Json(help_text="resource.column to the ids that moved")
    before = Json(help_text="What changed on both, and the loser's primary contact and site")
    undo_until = Instant()
    undone_at = Instant(null=True)

    index_on = (Index(("winner",)), Index(("loser",)))


ALL = (Company, Contact, ContactEmail, CompanyDomain, Site, ContactMerge, CompanyMerge)
