"""What people see and do about their own log-ins, passwords and keys."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Literal, cast
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from psa_kernel.builtin.auth import accounts, password_change
from psa_kernel.builtin.auth.account_rules import check_timezone
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.beginning import PASSWORD_EXPIRED
from psa_kernel.builtin.auth.key_rules import make_key
from psa_kernel.builtin.auth.login_routes import Password, person
from psa_kernel.builtin.auth.resources import AddressList, ApiKeyRead, GrantList, Line, Name
from psa_kernel.builtin.auth.role_rules import check_grants
from psa_kernel.builtin.auth.second_factor import SETUP_REQUIRED
from psa_kernel.builtin.auth.sessions import end_sessions
from psa_kernel.principal import KernelPrincipal
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import NotFound
from psa_sdk.routes import AUTHENTICATED, Answer, AnswerList, delete, get, patch, post


class SessionRead(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in on a device."""

    current: bool
    transport: Literal["bearer", "cookie"]
    ip: str
    user_agent: str
    created_at: datetime.datetime
    last_seen_at: datetime.datetime
    expires_at: datetime.datetime


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks and what they may do: each permission with its object scopes, `*` for every record."""

    kind: str
    audience: Audience
    name: str
    email: str
    timezone: str
    locale: str
    company_id: UUID | None
    contact_id: UUID | None
    roles: tuple[str, ...]
    confined: str
    permissions: Mapping[str, tuple[str, ...]]


class Profile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What everybody may change about themselves."""

    name: Name | UnsetType = UNSET
    job_title: Line | UnsetType = UNSET
    phone: Line | UnsetType = UNSET
    timezone: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    locale: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET


class ChangePassword(msgspec.Struct, forbid_unknown_fields=True):
    """A new password and the present one."""

    current_password: Password
    new_password: Password


class CreateKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a new API key may do, from where and until when."""

    name: Name
    scopes: Annotated[GrantList, Meta(min_length=1, description="Grants that narrow the owner's rights")]
    allowed_addresses: AddressList = msgspec.field(default_factory=list[str])
    expires_at: datetime.datetime | None = None


class KeyWithSecret(ApiKeyRead, kw_only=True):
    """A new API key. The secret is shown now and never again."""

    secret: str


@get(
    "/auth/me",
    permission=AUTHENTICATED,
    audience="both",
    returns=Me,
    answer_type="principals",
    confined=(PASSWORD_EXPIRED, SETUP_REQUIRED),
)
async def me(ctx: Context) -> Answer:
    """Show who is logged in and what they may do."""
    who = cast(KernelPrincipal, ctx.principal)
    unit = cast(Unit, ctx)
    facts = await accounts.by_id(ctx, who.id)
    granted = ((name, who.scopes_of(name)) for name in unit.kernel.registry.permissions)
    return Answer(
        type="principals",
        id=str(who.id),
        attributes=Me(
            kind=who.kind,
            audience=who.audience,
            name=who.label,
            email=facts.account.email if facts else "",
            timezone=who.timezone,
            locale=who.locale,
            company_id=who.who.company_id,
            contact_id=who.who.contact_id,
            roles=who.role_keys,
            confined=who.confined,
            permissions={
                name: ("*",) if scopes is None else scopes for name, scopes in granted if scopes != ()
            },
        ),
    )


@patch("/auth/me", permission=AUTHENTICATED, audience="both", returns=Me, answer_type="principals")
async def change_me(ctx: Context, body: Profile) -> Answer:
    """Change one's own name, number, zone and language."""
    who = person(ctx)
    values = {
        name: value for name in Profile.__struct_fields__ if (value := getattr(body, name)) is not UNSET
    }
    check_timezone(str(values.get("timezone", "")))
    if values:
        await cast(Unit, ctx).as_system().records.update("users", who.id, values)
    return await me.handle(ctx)


@get("/auth/sessions", permission=AUTHENTICATED, audience="both", returns=SessionRead, answer_type="sessions")
async def list_sessions(ctx: Context) -> AnswerList:
    """List one's own live sessions, latest first."""
    who = cast(KernelPrincipal, ctx.principal)
    rows = await ctx.db.fetch(
        "SELECT id, transport, ip, user_agent, created_at, last_seen_at, expires_at FROM psa.session"
        " WHERE account = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY last_seen_at DESC, id LIMIT 200",
        who.id,
        ctx.now,
    )
    return AnswerList(
        items=[
            Answer(
                type="sessions",
                id=str(row["id"]),
                attributes=SessionRead(
                    current=row["id"] == who.session_id,
                    **{name: row[name] for name in SessionRead.__struct_fields__ if name != "current"},
                ),
            )
            for row in rows
        ]
    )


@delete("/auth/sessions/{id:uuid}", permission=AUTHENTICATED, audience="both")
async def end_session(ctx: Context, id: UUID) -> None:
    """End one of one's own sessions."""
    who = person(ctx)
    if not await end_sessions(ctx, who.id, "ended_by_owner", only=id):
        raise NotFound(f"You have no live session {id}.")
    await ctx.audit("session_ended", "users", who.id, session=id)
    forget_after_commit(cast(Unit, ctx))


@post(
    "/auth/password",
    permission=AUTHENTICATED,
    audience="both",
    status=204,
    idempotent=False,
    confined=(PASSWORD_EXPIRED,),
)
async def change_password(ctx: Context, body: ChangePassword) -> None:
    """Change one's own password; ends all other sessions."""
    who, unit = person(ctx), cast(Unit, ctx)
    await unit.session.rollback()
    await password_change.change(unit.kernel, who, body.current_password, body.new_password, unit.request)


@post(
    "/api-keys",
    permission="auth.api_keys.create",
    status=201,
    step_up=True,
    idempotent=False,
    returns=KeyWithSecret,
    answer_type="api-keys",
)
async def create_key(ctx: Context, body: CreateKey) -> Answer:
    """Make an API key for oneself; its secret is in this answer only."""
    who = person(ctx)
    check_grants(body.scopes, "/data/attributes/scopes")
    key = await make_key(
        ctx,
        who.id,
        body.name,
        body.scopes,
        allowed_addresses=body.allowed_addresses,
        expires_at=body.expires_at,
    )
    await alert(cast(Unit, ctx), who.id, "api_key_made", body.name)
    return Answer(
        type="api-keys",
        id=str(key.id),
        attributes=KeyWithSecret(
            name=body.name,
            allowed_addresses=body.allowed_addresses,
            prefix=key.prefix,
            scopes=body.scopes,
            expires_at=key.expires_at,
            last_used_at=None,
            created_at=ctx.now,
            updated_at=ctx.now,
            secret=key.secret,
        ),
        status=201,
        headers={"Location": f"/api/v1/api-keys/{key.id}", "Cache-Control": "no-store"},
    )


ALL = (
    me,
    change_me,
    list_sessions,
    end_session,
    change_password,
    create_key,
)
