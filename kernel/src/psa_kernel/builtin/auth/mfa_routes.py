"""The second factor over the API: set up, pass, prove anew, remove. The same for staff and clients."""

import datetime
from typing import Annotated, cast
from uuid import UUID

import msgspec
import segno
from msgspec import Meta

from psa_kernel.builtin.auth import accounts, second_factor
from psa_kernel.builtin.auth.beginning import finish
from psa_kernel.builtin.auth.login_routes import SessionTokens, person, somebody, tokens
from psa_kernel.builtin.auth.second_factor import REQUIRED, SETUP_REQUIRED
from psa_kernel.builtin.auth.sessions import Issued
from psa_kernel.builtin.auth.user_routes import MANAGE, manageable
from psa_kernel.principal import KernelPrincipal
from psa_kernel.unit_of_work import Unit
from psa_sdk.context import Context
from psa_sdk.errors import Conflict
from psa_sdk.routes import AUTHENTICATED, Answer, delete, get, post

Code = Annotated[
    str, Meta(min_length=6, max_length=40, description="Of the authenticator, or a recovery code")
]


class Mfa(msgspec.Struct, frozen=True, kw_only=True):
    """One's own second factor."""

    enabled: bool
    required: bool
    enabled_at: datetime.datetime | None
    passkeys: int
    recovery_codes_left: int


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app needs: by hand the secret, else the QR code (SVG). Shown once."""

    secret: str
    otpauth_uri: str
    qr_code: str


class Verify(msgspec.Struct, forbid_unknown_fields=True):
    """A code: completes a log-in, confirms an authenticator just set up, or proves who one is once more."""

    code: Code

    def __repr__(self) -> str:
        """Never show the code."""
        return "Verify()"


class Verified(SessionTokens, frozen=True, kw_only=True):
    """The session that has passed. After a set-up, `recovery_codes` are shown now and never again.

    Tokens are empty where the session goes on with those it has.
    """

    recovery_codes: list[str] = msgspec.field(default_factory=list[str])


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Fresh recovery codes; earlier ones no longer work."""

    recovery_codes: list[str]


@get("/auth/mfa", permission=AUTHENTICATED, audience="both", returns=Mfa, answer_type="mfa")
async def show(ctx: Context) -> Answer:
    """Show one's own second factor."""
    who = somebody(ctx)
    found = await second_factor.state(ctx, who.id)
    return Answer(type="mfa", id=str(who.id), attributes=Mfa(**msgspec.structs.asdict(found)))


@post(
    "/auth/mfa/setup",
    permission=AUTHENTICATED,
    audience="both",
    status=201,
    idempotent=False,
    returns=Setup,
    answer_type="mfa",
    confined=(SETUP_REQUIRED,),
)
async def setup(ctx: Context) -> Answer:
    """Begin to set an authenticator app up; its first code at /auth/mfa/verify takes it into use."""
    who = person(ctx)
    facts = await accounts.by_id(ctx, who.id)
    assert facts is not None
    made = await second_factor.enrol(cast(Unit, ctx), who, facts.account.email)
    return Answer(
        type="mfa",
        id=str(who.id),
        attributes=Setup(secret=made.secret, otpauth_uri=made.address, qr_code=qr_code(made.address)),
        status=201,
        headers={"Cache-Control": "no-store"},
    )


@post(
    "/auth/mfa/verify",
    permission=AUTHENTICATED,
    audience="both",
    idempotent=False,
    returns=Verified,
    answer_type="sessions",
    confined=(REQUIRED, SETUP_REQUIRED),
)
async def verify(ctx: Context, body: Verify) -> Answer:
    """Pass the second step of a log-in, confirm a new authenticator, or prove oneself for a sensitive action."""
    who, unit = stepping(ctx), cast(Unit, ctx)
    await unit.session.rollback()
    codes, issued = await passed(unit, who, body.code)
    return verified(unit, who, issued, codes)


@post(
    "/auth/mfa/recovery-codes",
    permission=AUTHENTICATED,
    audience="both",
    status=201,
    idempotent=False,
    step_up=True,
    returns=RecoveryCodes,
    answer_type="mfa",
)
async def renew(ctx: Context) -> Answer:
    """Replace the recovery codes."""
    who, unit = person(ctx), cast(Unit, ctx)
    if not (await second_factor.state(ctx, who.id)).enabled:
        raise Conflict(
            "There is no authenticator; set one up with POST /auth/mfa/setup.", code="mfa_not_set_up"
        )
    codes = await second_factor.renew_recovery_codes(unit, who.id)
    await ctx.audit("recovery_codes_renewed", "users", who.id)
    return Answer(
        type="mfa",
        id=str(who.id),
        attributes=RecoveryCodes(recovery_codes=codes),
        status=201,
        headers={"Cache-Control": "no-store"},
    )


@delete("/auth/mfa", permission=AUTHENTICATED, audience="both", step_up=True)
async def remove(ctx: Context) -> None:
    """Remove one's own authenticator, unless the organisation requires a second factor and there is no other."""
    who = person(ctx)
    held = await second_factor.state(ctx, who.id)
    if held.required and not held.passkeys:
        raise Conflict(
            "Your organisation requires a second factor; ask an administrator to reset it for another device.",
            code="mfa_required",
        )
    await second_factor.remove(cast(Unit, ctx), who.id)


@post("/users/{id:uuid}/reset-mfa", permission=MANAGE, status=204, step_up=True)
async def reset(ctx: Context, id: UUID) -> None:
    """Take away the second factor of somebody who lost it; logs them out everywhere."""
    await manageable(ctx, id)
    await second_factor.reset(cast(Unit, ctx), id)


async def passed(unit: Unit, who: KernelPrincipal, code: str) -> tuple[list[str], Issued | None]:
    """Take a code as what the session's state asks for; returns new recovery codes and the session that follows.

    Raises `Invalid` for a wrong code, after counting it.
    """
    kernel, tenant = unit.kernel, unit.tenant_id
    async with kernel.unit(tenant, principal=who, request=unit.request) as own:
        first = who.confined != REQUIRED and await second_factor.awaits_first_code(own, who.id)
        enabled = (await second_factor.state(own, who.id)).enabled
        codes = await second_factor.confirm(own, who, code) if first or not enabled else None
        right = codes is not None or (enabled and not first and await second_factor.prove(own, who.id, code))
        issued = await go_on(own, who) if right else None
    if not right:
        raise second_factor.wrong_code()
    return codes or [], issued


async def go_on(unit: Unit, who: KernelPrincipal) -> Issued | None:
    """Let a session that has shown its second factor go on; returns the one that follows, if another does."""
    if who.confined:
        return await finish(unit, who)
    if who.session_id is not None:
        await second_factor.mark_proven(unit, who.session_id)
    return None


def qr_code(address: str) -> str:
    """Return the QR code of an address as an SVG image."""
    return segno.make(address, error="m").svg_inline(scale=5, border=2, dark="#000", light="#fff")


def stepping(ctx: Context) -> KernelPrincipal:
    """Return the person who shows a second factor; raises `Conflict` for a browser in the midst of its log-in."""
    who = person(ctx)
    if who.by_cookie and who.confined:
        raise Conflict("A browser passes its second step on the page for it.", code="use_the_page")
    return who


def verified(
    unit: Unit, who: KernelPrincipal, issued: Issued | None, codes: list[str], *, status: int = 200
) -> Answer:
    """Return the answer to a second factor that was shown: the session that follows, or the one that goes on."""
    known = (
        tokens(issued).attributes
        if issued
        else SessionTokens(access_token="", refresh_token="", expires_at=unit.now)
    )
    return Answer(
        type="sessions",
        id=str(issued.session_id if issued else who.session_id),
        attributes=Verified(**msgspec.structs.asdict(known), recovery_codes=codes),
        status=status,
        headers={"Cache-Control": "no-store"},
    )


ALL = (show, setup, verify, renew, remove, reset)
