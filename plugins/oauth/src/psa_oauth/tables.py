"""Applications, what people allowed them, and the secrets that follow from it.

Whatever is secret is stored by its SHA-256, or sealed. Nothing of it is exported: applications register anew.
"""

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

GRANT_TYPES = (
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
)


class Client(TenantTable, schema="oauth", tablename="client"):
    """Another people's application; its id is its `client_id`."""

    exported: ClassVar[bool] = False
    name = Text()
    confidential = Boolean(
        default=True, help_text="Whether it can keep a secret; others prove themselves by PKCE"
    )
    secret_hash = Text(default="")
    redirect_uris = Tags()
    post_logout_redirect_uris = Tags()
    backchannel_logout_uri = Text(default="", help_text="Is told when a session ends; empty: isn't")
    grant_types = Tags()
    scopes = Tags()
    owner = Ref("users", on_delete="cascade", help_text="Who registered it: it acts as them when on its own")
    index_on = (Index(("lower(name)",), unique=True), Index(("owner",)))


class Consent(TenantTable, schema="oauth", tablename="consent"):
    """What a person allows an application."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    client = Ref("oauth-clients", on_delete="cascade")
    scopes = Tags()
    granted_at = Instant()
    index_on = (Index(("account", "client"), unique=True), Index(("client",)))


class Family(TenantTable, schema="oauth", tablename="family"):
    """All that follows from one code, device or request of an application on its own: it ends together."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    client = Ref("oauth-clients", on_delete="cascade")
    scopes = Tags()
    expires_at = Instant()
    ended_at = Instant(null=True)
    ended_because = Text(default="")
    logged_in_at = Instant(null=True, help_text="When the person did who allowed it; none where nobody knows")
    session = UUID(null=True, help_text="The browser's in which it was allowed; none for devices")
    issuer = Text(default="", help_text="As the application knows it")
    index_on = (
        Index(("account", "client")),
        Index(("client",)),
        Index(("expires_at",)),
        Index(("session",), where="session IS NOT NULL"),
    )


class Code(TenantTable, schema="oauth", tablename="code"):
    """An authorization code: a minute long, once."""

    exported: ClassVar[bool] = False
    family = UUID()
    code_hash = Text()
    redirect_uri = Text()
    challenge = Text()
    nonce = Text(default="")
    expires_at = Instant()
    used_at = Instant(null=True)
    index_on = (Index(("code_hash",), unique=True), Index(("expires_at",)))


class RefreshToken(TenantTable, schema="oauth", tablename="refresh_token"):
    """A refresh token. A replaced one stays, so that its reuse is noticed."""

    exported: ClassVar[bool] = False
    family = UUID()
    token_hash = Text()
    replaced_at = Instant(null=True)
    salt = Text(default="", help_text="The stored half of the successor, see tokens.successor")
    index_on = (Index(("token_hash",), unique=True), Index(("family",)))


class Device(TenantTable, schema="oauth", tablename="device"):
    """A device that waits for a person to allow it elsewhere (RFC 8628)."""

    exported: ClassVar[bool] = False
    client = Ref("oauth-clients", on_delete="cascade")
    device_hash = Text()
    user_code = Text()
    scopes = Tags()
    status = Choice("waiting", "allowed", "denied", "used", default="waiting")
    family = UUID(null=True)
    interval = Integer(default=5, help_text="Seconds between two questions of the device")
    asked_at = Instant(null=True)
    expires_at = Instant()
    index_on = (
        Index(("device_hash",), unique=True),
        Index(("user_code",), unique=True),
        Index(("expires_at",)),
    )


class SigningKey(TenantTable, schema="oauth", tablename="signing_key"):
    """A key pair that signs id_tokens; an old one is published until nothing it signed is good any more."""

    exported: ClassVar[bool] = False
    kid = Text()
    public = Json()
    private = Sealed()
    retired_at = Instant(null=True)
    index_on = (Index(("kid",), unique=True),)


ALL = (Client, Consent, Family, Code, RefreshToken, Device, SigningKey)
