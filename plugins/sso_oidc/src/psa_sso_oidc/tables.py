"""What single sign-on stores: the providers, and which log-ins came back already."""

from typing import ClassVar

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


class Provider(TenantTable, schema="sso_oidc", tablename="provider"):
    """An identity provider that may vouch for people of one audience."""

    name = Text(help_text="On the log-in's button")
    preset = Choice("other", "entra", "google", "okta", "keycloak", default="other")
    audience = Choice("staff", "portal", default="staff")
    issuer = Text(default="", help_text="Exactly as the provider writes it")
    client_id = Text()
    client_secret = Sealed()
    scopes = Text(default="openid email profile")
    groups_claim = Text(default="", help_text="A name, or a path such as realm_access.roles")
    group_roles = Json(default={}, help_text="Keys of roles by the names of groups")
    default_role = Ref("roles", null=True, help_text="Of new accounts to which no group gives one")
    email_domains = Tags(help_text="Whose addresses may log in; empty: any")
    trusts_email = Boolean(default=False, help_text="Its addresses count as verified")
    links_by_email = Boolean(
        default=False, help_text="A verified address finds the account at the first log-in"
    )
    creates_accounts = Boolean(default=False, help_text="Unknown people get an account")
    logs_out = Boolean(default=False, help_text="Who logs out here logs out there too")
    is_active = Boolean(default=True)
    position = Integer(default=100)
    index_on = (Index(("lower(name)", "audience"), unique=True), Index(("audience", "is_active", "position")))


class SpentState(TenantTable, schema="sso_oidc", tablename="spent_state"):
    """A log-in that came back from its provider: it counts once. Kept until its state would be too old anyway."""

    exported: ClassVar[bool] = False
    digest = Text()
    expires_at = Instant()
    index_on = (Index(("digest",), unique=True), Index(("expires_at",)))


ALL = (Provider, SpentState)
