"""What single sign-on stores: the providers, our keys for them, and assertions that arrived."""

from typing import ClassVar

from psa_sdk.tables import (
    UUID,
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


class Provider(TenantTable, schema="sso_saml", tablename="provider"):
    """An identity provider that may vouch for people of one audience."""

    name = Text(help_text="On the log-in's button")
    audience = Choice("staff", "portal", default="staff")
    idp_entity_id = Text(help_text="What the provider calls itself, exactly")
    idp_sso_url = Text(help_text="Where people log in, over the redirect binding")
    idp_certificates = Text(help_text="PEM; several while the provider changes them")
    email_attribute = Text(default="", help_text="Empty: the NameID is the address")
    name_attribute = Text(default="")
    groups_attribute = Text(default="")
    group_roles = Json(default={}, help_text="Keys of roles by the names of groups")
    default_role = Ref("roles", null=True, help_text="Of new accounts to which no group gives one")
    email_domains = Tags(help_text="Whose addresses may log in; empty: any")
    trusts_email = Boolean(default=False, help_text="Its addresses count as verified")
    links_by_email = Boolean(
        default=False, help_text="A verified address finds the account at the first log-in"
    )
    creates_accounts = Boolean(default=False, help_text="Unknown people get an account")
    is_active = Boolean(default=True)
    position = Integer(default=100)
    certificate = Text(default="", help_text="Ours: DER in base64")
    private_key = Sealed(help_text="Ours: PKCS 8 in PEM")
    next_certificate = Text(default="", help_text="Of the key that is to follow; empty while none is")
    next_private_key = Sealed()
    index_on = (Index(("lower(name)", "audience"), unique=True), Index(("audience", "is_active", "position")))


class Arrival(TenantTable, schema="sso_saml", tablename="arrival"):
    """A proven assertion, taken once.

    It waits for its browser to come for it: a provider's form comes without the browser's cookies.
    """

    exported: ClassVar[bool] = False
    provider = UUID()
    assertion_id = Text()
    token_hash = Text()
    facts = Json(null=True, help_text="Until they were come for")
    arrived_at = Instant()
    expires_at = Instant(help_text="When the assertion is no longer good, and may be forgotten")
    index_on = (
        Index(("provider", "assertion_id"), unique=True),
        Index(("token_hash",), unique=True),
        Index(("expires_at",)),
    )


ALL = (Provider, Arrival)
