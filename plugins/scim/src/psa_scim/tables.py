"""What is kept of identity providers and of what they send.

A token is stored by its SHA-256. Documents are what providers wrote, as SCIM has it; what we know of it ourselves
(groups, members, whether somebody is active) isn't in them.
"""

from typing import ClassVar

from psa_sdk.tables import Boolean, Index, Instant, Integer, Json, Ref, Tags, TenantTable, Text


class Provider(TenantTable, schema="scim", tablename="provider"):
    """An identity provider that sends the organisation's staff."""

    name = Text()
    group_roles = Json(default={}, help_text="Keys of roles by the names of groups")
    default_role = Ref("roles", null=True, help_text="With which new accounts begin")
    email_domains = Tags(help_text="Whose addresses it may send; empty: any")
    links_by_email = Boolean(
        default=False, help_text="An address finds the account that is there; never an administrator's"
    )
    is_active = Boolean(default=True)
    last_request_at = Instant(null=True)
    index_on = (Index(("lower(name)",), unique=True),)


class Token(TenantTable, schema="scim", tablename="token"):
    """A credential of a provider: it opens SCIM, and nothing else."""

    exported: ClassVar[bool] = False
    provider = Ref("scim-providers", on_delete="cascade")
    name = Text()
    token_hash = Text()
    expires_at = Instant()
    last_used_at = Instant(null=True)
    index_on = (Index(("token_hash",), unique=True), Index(("provider",)))


class Person(TenantTable, schema="scim", tablename="person"):
    """Somebody whom a provider sent; the id is SCIM's, and the subject of the account's external identity.

    One that the provider deleted stays, so that the same account comes back with them.
    """

    provider = Ref("scim-providers", on_delete="cascade")
    account = Ref("users", on_delete="cascade")
    user_name = Text()
    user_name_key = Text(help_text="As it is compared: NFC, lower case")
    external_id = Text(default="")
    active = Boolean(default=True, help_text="The provider's word")
    document = Json(default={})
    deleted_at = Instant(null=True)
    index_on = (
        Index(("provider", "user_name_key"), unique=True),
        Index(("provider", "account"), unique=True),
        Index(("provider", "external_id")),
        Index(("account",)),
    )


class Group(TenantTable, schema="scim", tablename="directory_group"):
    """A group that a provider sent."""

    provider = Ref("scim-providers", on_delete="cascade")
    display_name = Text()
    external_id = Text(default="")
    document = Json(default={})
    index_on = (Index(("provider", "display_name")), Index(("provider", "external_id")))


class Membership(TenantTable, schema="scim", tablename="membership"):
    """Somebody is in a group."""

    directory_group = Ref("scim-groups", on_delete="cascade")
    person = Ref("scim-users", on_delete="cascade")
    index_on = (Index(("directory_group", "person"), unique=True), Index(("person",)))


class Fault(TenantTable, schema="scim", tablename="fault"):
    """A write that was refused to a provider."""

    exported: ClassVar[bool] = False
    provider = Ref("scim-providers", on_delete="cascade")
    operation = Text(help_text="Such as POST /Users")
    subject = Text(default="", help_text="Whom or what it was about, as the provider calls it")
    status = Integer()
    detail = Text()
    happened_at = Instant()
    index_on = (Index(("provider", "happened_at")), Index(("happened_at",)))


ALL = (Provider, Token, Person, Group, Membership, Fault)
