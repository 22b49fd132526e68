"""What is stored of directories: how to reach them, what synchronisations did, and whom they deactivated."""

from psa_sdk.tables import (
    Boolean,
    Choice,
    Index,
    Instant,
    Integer,
    Json,
    Ref,
    Sealed,
    Tags,
    TenantTable,
    Text,
)


class LdapDirectory(TenantTable, schema="directory_ldap", tablename="directory"):
    """A directory that vouches for people of one audience."""

    name = Text()
    preset = Choice("active_directory", "openldap", default="active_directory")
    audience = Choice("staff", "portal", default="staff")
    hosts = Tags(help_text="Tried in this order; host or host:port")
    security = Choice("ldaps", "starttls", default="ldaps")
    ca_certificates = Text(default="", help_text="PEM; empty: the system's authorities")
    bind_dn = Text(help_text="The account that searches")
    bind_password = Sealed()
    base_dn = Text()
    user_filter = Text(default="")
    subject_attribute = Text(default="", help_text="Never changes and is never used again")
    login_attributes = Tags(help_text="Where what people type is looked for")
    email_attribute = Text(default="")
    name_attribute = Text(default="")
    group_base_dn = Text(default="", help_text="Empty: the base of people")
    group_lookup = Choice("preset", "nested", "member", "member_uid", default="preset")
    group_roles = Json(default={}, help_text="Keys of roles by names or DNs of groups")
    default_role = Ref("roles", null=True, help_text="Of new accounts to which no group gives one")
    email_domains = Tags(help_text="Whose addresses belong here; empty: any")
    links_by_email = Boolean(default=False, help_text="An address finds the account at the first log-in")
    creates_accounts = Boolean(default=False, help_text="Unknown people get an account")
    is_active = Boolean(default=True)
    position = Integer(default=100)
    sync_hours = Integer(default=0, help_text="Between two synchronisations; 0: only when asked")
    deactivates_leavers = Boolean(default=True)
    leavers_percent = Integer(default=20, help_text="More leavers than this stop a synchronisation")
    index_on = (Index(("lower(name)", "audience"), unique=True), Index(("audience", "is_active", "position")))


class Sync(TenantTable, schema="directory_ldap", tablename="sync"):
    """One comparison with a directory, and what came of it; a dry one only tells."""

    directory = Ref("ldap-directories", on_delete="cascade")
    is_dry = Boolean(default=False)
    state = Choice("queued", "finished", "stopped", "failed", default="queued")
    may_leave = Integer(default=0, help_text="So many leavers stopped it, or were confirmed")
    detail = Text(default="", help_text="Why it stopped or failed")
    found = Integer(default=0)
    created = Integer(default=0)
    linked = Integer(default=0)
    changed = Integer(default=0)
    deactivated = Integer(default=0)
    reactivated = Integer(default=0)
    left_out = Integer(default=0)
    lines = Json(default=[], help_text="The first of those that were touched or left out")
    finished_at = Instant(null=True)
    index_on = (Index(("directory", "created_at")), Index(("state",)))


class Leaver(TenantTable, schema="directory_ldap", tablename="leaver"):
    """An account that a synchronisation deactivated: it comes back when its person does."""

    directory = Ref("ldap-directories", on_delete="cascade")
    account = Ref("users", on_delete="cascade")
    subject = Text()
    index_on = (Index(("directory", "subject"), unique=True),)


ALL = (LdapDirectory, Sync, Leaver)
