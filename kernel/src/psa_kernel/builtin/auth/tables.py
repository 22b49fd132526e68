"""Who may log in, how they prove it, and what they may do.

Digests of tokens are unique across tenants (see the migration): a credential names its tenant.
"""

from typing import ClassVar

from psa_sdk.tables import (
    UUID,
    BigInt,
    Boolean,
    Choice,
    Index,
    Instant,
    Integer,
    Ref,
    Sealed,
    Tags,
    TenantTable,
    Text,
)

AUDIENCES = ("staff", "portal")


class Account(TenantTable, schema="psa", tablename="account"):
    """A person who may log in: staff, or a client's contact in the portal. Holds no secret."""

    audience = Choice(*AUDIENCES, default="staff")
    email = Text()
    email_normalised = Text(help_text="Trimmed and casefolded; unique per audience")
    name = Text()
    status = Choice("invited", "active", "disabled", default="invited")
    job_title = Text(default="")
    phone = Text(default="")
    timezone = Text(default="")
    locale = Text(default="")
    company = UUID(null=True, help_text="The portal account's client")
    contact = UUID(null=True, help_text="The portal account's contact")
    last_login_at = Instant(null=True)
    index_on = (
        Index(("audience", "email_normalised"), unique=True),
        Index(("contact",), unique=True, where="contact IS NOT NULL"),
        Index(("company",), where="company IS NOT NULL"),
    )
    checks = (
        "(audience = 'portal') = (company IS NOT NULL)",
        "audience = 'portal' OR contact IS NULL",
    )


class Password(TenantTable, schema="psa", tablename="password"):
    """An account's password: PHC strings of the present one and of earlier ones."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    hash = Text()
    history = Tags(help_text="Newest first")
    changed_at = Instant()
    index_on = (Index(("account",), unique=True),)


class PasswordRequest(TenantTable, schema="psa", tablename="password_request"):
    """Permission to set a password once: a forgotten one's reset, or an invitation.

    The token is minted when it is handed over, so that no plain one is ever stored.
    """

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    purpose = Choice("reset", "invitation")
    email = Text(help_text="The address at the time: a changed one voids the request")
    token_hash = Text(null=True)
    expires_at = Instant()
    index_on = (Index(("account",)),)


class Authenticator(TenantTable, schema="psa", tablename="authenticator"):
    """An app that shows one-time codes; not in use before its first code confirmed it."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    secret = Sealed()
    confirmed_at = Instant(null=True)
    last_step = BigInt(default=0, help_text="Of the last code accepted: none counts twice")
    index_on = (Index(("account",), unique=True),)


class RecoveryCode(TenantTable, schema="psa", tablename="recovery_code"):
    """Lets somebody in whose authenticator is lost, once."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    code_hash = Text()
    used_at = Instant(null=True)
    index_on = (Index(("account", "code_hash"), unique=True),)


class Passkey(TenantTable, schema="psa", tablename="passkey"):
    """A passkey of WebAuthn; nothing in it is secret."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    name = Text(help_text="The owner's own")
    site = Text(help_text="The host it works on (RP ID)")
    credential = Text(help_text="Its id in base64url")
    public_key = Text(help_text="COSE in base64url")
    sign_count = BigInt(default=0)
    transports = Tags()
    last_used_at = Instant(null=True)
    index_on = (Index(("credential",), unique=True), Index(("account",)))


class SpentChallenge(TenantTable, schema="psa", tablename="spent_challenge"):
    """A passkey's challenge that came back: it counts once. Kept until it would be too old anyway."""

    exported: ClassVar[bool] = False
    digest = Text()
    expires_at = Instant()
    index_on = (Index(("digest",), unique=True), Index(("expires_at",)))


class KnownDevice(TenantTable, schema="psa", tablename="known_device"):
    """A device that somebody logged in from, as a keyed digest: it is recognised again, and tells nothing."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    digest = Text()
    last_seen_at = Instant()
    index_on = (Index(("account", "digest"), unique=True), Index(("last_seen_at",)))


class ExternalIdentity(TenantTable, schema="psa", tablename="external_identity"):
    """An account as an identity provider or a directory knows it."""

    account = Ref("users", on_delete="cascade")
    provider = Text(help_text="Such as oidc:<id>; never reused")
    subject = Text(help_text="The provider's own lasting identifier")
    index_on = (
        Index(("provider", "subject"), unique=True),
        Index(("account", "provider"), unique=True),
    )


class Session(TenantTable, schema="psa", tablename="session"):
    """One log-in on one device: a family of tokens that live and die together."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    transport = Choice("bearer", "cookie", default="bearer")
    confined = Text(default="", help_text="Why only authentication routes are open, e.g. password_expired")
    ip = Text(default="")
    user_agent = Text(default="")
    last_seen_at = Instant()
    idle_minutes = Integer(default=0, help_text="0: never ends by idleness")
    expires_at = Instant()
    revoked_at = Instant(null=True)
    revoked_because = Text(default="")
    proven_at = Instant(null=True, help_text="When it last proved its second factor")
    impersonator = UUID(null=True, help_text="The account that really acts")
    behind = UUID(null=True, help_text="The impersonator's own session: this one ends with it")
    reason = Text(default="", help_text="Why somebody is impersonated")
    provider = Text(default="", help_text="Who vouched for its owner, such as oidc:<id>")
    provider_session = Text(default="", help_text="What they call it, if they told")
    lineage = UUID(
        null=True, help_text="The first of those that it goes on with: one person in one browser, again"
    )
    authenticated_at = Instant(null=True, help_text="When its owner proved who they are; none: not known")
    index_on = (
        Index(("account", "revoked_at")),
        Index(("expires_at",)),
        Index(("provider", "provider_session"), where="provider_session <> ''"),
    )


class SessionToken(TenantTable, schema="psa", tablename="session_token"):
    """A token of a session, by its SHA-256. A replaced refresh token stays, so that its reuse is noticed."""

    exported: ClassVar[bool] = False
    session = UUID()
    kind = Choice("access", "refresh", "cookie")
    token_hash = Text()
    expires_at = Instant()
    replaced_at = Instant(null=True)
    salt = Text(default="", help_text="The stored half of the successor, see tokens.successor")
    client = Text(default="", help_text="Who replaced it: the digest of address and user agent")
    index_on = (Index(("session",)),)


class ApiKey(TenantTable, schema="psa", tablename="api_key"):
    """A key for programs: its owner's rights, narrowed by scopes."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    name = Text()
    prefix = Text()
    secret_hash = Text()
    scopes = Tags()
    allowed_addresses = Tags(help_text="Addresses and networks; empty: any")
    expires_at = Instant()
    last_used_at = Instant(null=True)
    index_on = (Index(("account",)),)


class DelegatedToken(TenantTable, schema="psa", tablename="delegated_token"):
    """A token by which another program acts for an account; a plugin handed it out."""

    exported: ClassVar[bool] = False
    account = Ref("users", on_delete="cascade")
    family = UUID(help_text="What it was handed out for: all of a family end together")
    holder = Text(help_text="The program's name")
    token_hash = Text()
    scopes = Tags()
    expires_at = Instant()
    last_used_at = Instant(null=True)
    index_on = (Index(("family",)), Index(("account",)), Index(("expires_at",)))


class Role(TenantTable, schema="psa", tablename="role"):
    """A named set of grants. What code grants to a standard role is added when it is used, not stored."""

    key = Text()
    title = Text()
    description = Text(default="")
    audience = Choice(*AUDIENCES, default="staff")
    grants = Tags()
    standard = Boolean(default=False)
    requires_second_factor = Boolean(default=False)
    allowed_addresses = Tags(help_text="Addresses and networks that its holders must come from; empty: any")
    index_on = (Index(("key",), unique=True),)


class RoleAssignment(TenantTable, schema="psa", tablename="role_assignment"):
    """An account has a role."""

    account = Ref("users", on_delete="cascade")
    role = Ref("roles")
    index_on = (Index(("account", "role"), unique=True), Index(("role",)))


class Team(TenantTable, schema="psa", tablename="team"):
    """People who work together; the API calls them groups."""

    name = Text()
    description = Text(default="")
    manager = Ref("users", null=True, on_delete="set_null")
    index_on = (Index(("lower(name)",), unique=True),)


class TeamMember(TenantTable, schema="psa", tablename="team_member"):
    """An account is in a team."""

    team = Ref("groups", on_delete="cascade")
    account = Ref("users", on_delete="cascade")
    index_on = (Index(("team", "account"), unique=True), Index(("account",)))


class LoginFailure(TenantTable, schema="psa", tablename="login_failure"):
    """Failed log-ins of one subject: an e-mail address of an audience, or a network address."""

    exported: ClassVar[bool] = False
    subject = Text()
    failures = Integer(default=0)
    since = Instant()
    locks = Integer(default=0, help_text="How often it locked in a row; the pause doubles with it")
    locked_until = Instant(null=True)
    index_on = (Index(("subject",), unique=True),)


ALL = (
    Account,
    Password,
    PasswordRequest,
    Authenticator,
    RecoveryCode,
    Passkey,
    SpentChallenge,
    KnownDevice,
    ExternalIdentity,
    Session,
    SessionToken,
    ApiKey,
    DelegatedToken,
    Role,
    RoleAssignment,
    Team,
    TeamMember,
    LoginFailure,
)
