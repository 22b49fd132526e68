"""Logging in, staying logged in, logging out: the same for staff and, under `/portal`, for clients."""

import datetime
from collections.abc import Iterable
from typing import Annotated, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_kernel.builtin.auth.actors import find_and_request_password
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.beginning import PASSWORD_EXPIRED
from psa_kernel.builtin.auth.login import Attempt, log_in
from psa_kernel.builtin.auth.password_change import redeem
from psa_kernel.builtin.auth.refreshing import refresh as refresh_session
from psa_kernel.builtin.auth.second_factor import REQUIRED, SETUP_REQUIRED, refuse_impersonator
from psa_kernel.builtin.auth.sessions import Issued, end_sessions
from psa_kernel.principal import KernelPrincipal
from psa_kernel.tenants import Tenant
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Forbidden
from psa_sdk.routes import AUTHENTICATED, PUBLIC, Answer, Route, post

Email = Annotated[str, Meta(min_length=1, max_length=320)]
Password = Annotated[str, Meta(max_length=1024)]
Token = Annotated[str, Meta(max_length=200)]
Slug = Annotated[str, Meta(max_length=63, description="The organisation, where the host doesn't tell")]


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """Who wants in."""

    email: Email
    password: Password
    tenant: Slug = ""

    def __repr__(self) -> str:
        """Never show the password."""
        return "Login()"


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    """A refresh token; it is used once."""

    refresh_token: Token


class ForgotPassword(msgspec.Struct, forbid_unknown_fields=True):
    """Whose password is forgotten."""

    email: Email
    tenant: Slug = ""


class ResetPassword(msgspec.Struct, forbid_unknown_fields=True):
    """A new password and the token that allows it."""

    token: Token
    new_password: Password


class SessionTokens(msgspec.Struct, frozen=True, kw_only=True):
    """A session's tokens. While a second step or `password_expired` is open, they are good for nothing else."""

    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name
    expires_at: datetime.datetime
    mfa_required: bool = False
    mfa_setup_required: bool = False
    password_expired: bool = False


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The same answer whether or not there is such an account."""

    message: str = "If the address belongs to an account, a message with a link is on its way to it."


def person(ctx: Context) -> KernelPrincipal:
    """Return the logged-in person; raises `Forbidden` for who can't act on credentials: API keys, impersonators."""
    who = somebody(ctx)
    refuse_impersonator(who)
    return who


def somebody(ctx: Context) -> KernelPrincipal:
    """Return the logged-in person, or the one who is impersonated; raises `Forbidden` for an API key."""
    who = cast(KernelPrincipal, ctx.principal)
    if who.session_id is None:
        raise Forbidden(
            "An API key can't manage log-ins, passwords or keys; log in as a person.", code="person_needed"
        )
    return who


def routes(audience: Audience, prefix: str) -> Iterable[Route]:
    """Yield an audience's routes below a prefix."""

    @post(
        f"{prefix}/auth/login",
        permission=PUBLIC,
        audience="both",
        status=201,
        idempotent=False,
        returns=SessionTokens,
        answer_type="sessions",
    )
    async def login(ctx: Context, body: Login) -> Answer:
        """Log in with e-mail address and password."""
        unit = cast(Unit, ctx)
        tenant = await tenant_of_request(unit, body.tenant)
        attempt = Attempt(audience=audience, email=body.email, password=body.password)
        return tokens(
            await log_in(unit.kernel, tenant.id if tenant else None, attempt, unit.request), status=201
        )

    @post(
        f"{prefix}/auth/refresh",
        permission=PUBLIC,
        audience="both",
        idempotent=False,
        returns=SessionTokens,
        answer_type="sessions",
    )
    async def refresh(ctx: Context, body: Refresh) -> Answer:
        """Trade a refresh token for fresh tokens."""
        unit = cast(Unit, ctx)
        await unit.session.rollback()
        return tokens(await refresh_session(unit.kernel, audience, body.refresh_token, unit.request))

    @post(
        f"{prefix}/auth/logout",
        permission=AUTHENTICATED,
        audience=audience,
        status=204,
        idempotent=False,
        confined=(PASSWORD_EXPIRED, REQUIRED, SETUP_REQUIRED),
    )
    async def logout(ctx: Context) -> None:
        """End this session and all its tokens."""
        who = somebody(ctx)
        await end_sessions(ctx, who.id, "logout", only=who.session_id)
        await ctx.audit("logout", "users", who.id, session=who.session_id)
        forget_after_commit(cast(Unit, ctx))

    @post(
        f"{prefix}/auth/forgot-password",
        permission=PUBLIC,
        audience="both",
        status=202,
        idempotent=False,
        returns=Accepted,
        answer_type="password-requests",
    )
    async def forgot_password(ctx: Context, body: ForgotPassword) -> Answer:
        """Ask for a link to set a new password."""
        unit = cast(Unit, ctx)
        tenant = await tenant_of_request(unit, body.tenant)
        if tenant is not None:
            # Looked up in the background: the answer takes as long for an unknown address.
            async with unit.kernel.unit(tenant.id, request=unit.request) as own:
                await own.send(find_and_request_password, audience=audience, email=body.email)
        return Answer(type="password-requests", attributes=Accepted(), status=202)

    @post(
        f"{prefix}/auth/reset-password",
        permission=PUBLIC,
        audience="both",
        status=204,
        idempotent=False,
    )
    async def reset_password(ctx: Context, body: ResetPassword) -> None:
        """Set a new password with the token of a reset or an invitation; ends all sessions."""
        unit = cast(Unit, ctx)
        await unit.session.rollback()
        await redeem(unit.kernel, audience, body.token, body.new_password, unit.request)

    return login, refresh, logout, forgot_password, reset_password


async def tenant_of_request(unit: Unit, slug: str) -> Tenant | None:
    """Return the tenant that a public request is for, and give the request's connection back."""
    await unit.session.rollback()
    if not slug:
        return unit.tenant
    found = await unit.kernel.directory.by_slug(slug)
    return found if unit.tenant is None or found is None or found.id == unit.tenant.id else None


def tokens(issued: Issued, status: int = 200) -> Answer:
    """Return the answer that hands a session's tokens over."""
    return tokens_of(
        issued.session_id,
        issued.access_token,
        issued.refresh_token,
        issued.expires_at,
        issued.confined,
        status=status,
    )


def tokens_of(
    session_id: UUID, access: str, refresh: str, expires_at: datetime.datetime, confined: str, *, status: int
) -> Answer:
    """Return the answer that hands tokens over, wherever they come from."""
    return Answer(
        type="sessions",
        id=str(session_id),
        attributes=SessionTokens(
            access_token=access,
            refresh_token=refresh,
            expires_at=expires_at,
            mfa_required=confined == REQUIRED,
            mfa_setup_required=confined == SETUP_REQUIRED,
            password_expired=confined == PASSWORD_EXPIRED,
        ),
        status=status,
        headers={"Cache-Control": "no-store"},
    )


ALL = (*routes("staff", ""), *routes("portal", "/portal"))
