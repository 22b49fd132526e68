"""Passkeys over the API: make, list, name, show and remove them. The same for staff and clients."""

import datetime
from collections.abc import Iterable
from typing import Annotated, Any, Final, cast
from uuid import UUID

import msgspec
from litestar import Request
from msgspec import Meta

from psa_kernel.builtin.auth import accounts, passkey_log_in, passkeys, second_factor
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.browser import origin_of
from psa_kernel.builtin.auth.login_routes import (
    SessionTokens,
    Slug,
    person,
    somebody,
    tenant_of_request,
    tokens,
)
from psa_kernel.builtin.auth.mfa_routes import Verified, stepping, verified
from psa_kernel.builtin.auth.passkeys import Site
from psa_kernel.builtin.auth.second_factor import REQUIRED, SETUP_REQUIRED
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Conflict, NotFound
from psa_sdk.routes import AUTHENTICATED, PUBLIC, Answer, AnswerList, Route, delete, get, patch, post

Asked = Request[Any, Any, Any]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Credential = Annotated[
    dict[str, Any], Meta(description="What navigator.credentials returned, by its toJSON()")
]


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey; it works on the host `site` alone."""

    name: str
    site: str
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What navigator.credentials is given as `publicKey`, in its JSON form; good once, for five minutes."""

    public_key: dict[str, Any]


class NewPasskey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A passkey just made."""

    name: Name
    credential: Credential


class Rename(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another name."""

    name: Name


class ShownPasskey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A passkey that is shown."""

    credential: Credential


class WhichTenant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The organisation, where the host doesn't tell."""

    tenant: Slug = ""


class LogIn(ShownPasskey, kw_only=True):
    """A passkey that is shown instead of a password."""

    tenant: Slug = ""


_OWN: Final[dict[str, Any]] = {"permission": AUTHENTICATED, "audience": "both", "idempotent": False}
_OPTIONS: Final = {**_OWN, "returns": Options, "answer_type": "passkey-options"}
_STEP: Final = {**_OWN, "returns": Verified, "answer_type": "sessions"}


def site_of(ctx: Context, request: Asked) -> Site:
    """Return the site that a request was made to."""
    return Site(origin_of(cast(Unit, ctx), request.headers.get("host", "")))


@get("/auth/passkeys", permission=AUTHENTICATED, audience="both", returns=Passkey, answer_type="passkeys")
async def list_passkeys(ctx: Context) -> AnswerList:
    """List one's own passkeys."""
    rows = await passkeys.listed(ctx, somebody(ctx).id)
    return AnswerList(
        items=[
            Answer(
                type="passkeys",
                id=str(row["id"]),
                attributes=Passkey(**{name: row[name] for name in Passkey.__struct_fields__}),
            )
            for row in rows
        ]
    )


@post("/auth/passkeys/options", step_up=True, confined=(SETUP_REQUIRED,), **_OPTIONS)
async def creation_options(ctx: Context, request: Asked) -> Answer:
    """Begin to make a passkey."""
    who, unit = person(ctx), cast(Unit, ctx)
    facts = await accounts.by_id(ctx, who.id)
    assert facts is not None
    return _public_key(await passkeys.registration(unit, who, facts.account, site_of(ctx, request)))


@post("/auth/passkeys", status=201, step_up=True, confined=(SETUP_REQUIRED,), **_STEP)
async def add(ctx: Context, request: Asked, body: NewPasskey) -> Answer:
    """Keep a passkey just made; the first second factor comes with recovery codes."""
    who, unit, site = stepping(ctx), cast(Unit, ctx), site_of(ctx, request)
    await unit.session.rollback()
    _, codes, issued = await passkey_log_in.add(unit, who, body.name, body.credential, site)
    return verified(unit, who, issued, codes, status=201)


@patch(
    "/auth/passkeys/{id:uuid}",
    permission=AUTHENTICATED,
    audience="both",
    returns=Passkey,
    answer_type="passkeys",
)
async def rename(ctx: Context, id: UUID, body: Rename) -> Answer:
    """Name one of one's own passkeys."""
    who = person(ctx)
    await ctx.db.execute(
        "UPDATE psa.passkey SET name = $3, updated_at = $4 WHERE id = $1 AND account = $2",
        id,
        who.id,
        body.name,
        ctx.now,
    )
    row = next((row for row in await passkeys.listed(ctx, who.id) if row["id"] == id), None)
    if row is None:
        raise NotFound(f"You have no passkey {id}.")
    attributes = Passkey(**{name: row[name] for name in Passkey.__struct_fields__})
    return Answer(type="passkeys", id=str(id), attributes=attributes)


@delete("/auth/passkeys/{id:uuid}", permission=AUTHENTICATED, audience="both", step_up=True)
async def remove(ctx: Context, id: UUID) -> None:
    """Remove one of one's own passkeys, unless it is all that a required second factor consists of."""
    who, unit = person(ctx), cast(Unit, ctx)
    held = await second_factor.state(ctx, who.id)
    if held.required and held.enabled_at is None and held.passkeys == 1:
        raise Conflict(
            "Your organisation requires a second factor; add another before you remove this one.",
            code="mfa_required",
        )
    if not await passkeys.remove(unit, who.id, id):
        raise NotFound(f"You have no passkey {id}.")
    await second_factor.forget_codes_without_factor(unit, who.id)
    await alert(unit, who.id, "passkey_removed")


@post("/auth/passkeys/confirm/options", confined=(REQUIRED,), **_OPTIONS)
async def confirm_options(ctx: Context, request: Asked) -> Answer:
    """Begin to show a passkey as a second factor."""
    return _public_key(await passkeys.request(cast(Unit, ctx), person(ctx), site_of(ctx, request)))


@post("/auth/passkeys/confirm", confined=(REQUIRED,), **_STEP)
async def confirm(ctx: Context, request: Asked, body: ShownPasskey) -> Answer:
    """Pass the second step of a log-in with a passkey, or prove oneself for a sensitive action."""
    who, unit, site = stepping(ctx), cast(Unit, ctx), site_of(ctx, request)
    await unit.session.rollback()
    return verified(unit, who, await passkey_log_in.confirm(unit, who, body.credential, site), [])


def routes(audience: Audience, prefix: str) -> Iterable[Route]:
    """Yield an audience's routes for logging in with a passkey alone."""

    @post(
        f"{prefix}/auth/passkeys/log-in/options",
        permission=PUBLIC,
        audience="both",
        idempotent=False,
        returns=Options,
        answer_type="passkey-options",
    )
    async def log_in_options(ctx: Context, request: Asked, body: WhichTenant) -> Answer:
        """Begin to log in with a passkey."""
        unit, site = cast(Unit, ctx), site_of(ctx, request)
        tenant = await tenant_of_request(unit, body.tenant)
        if tenant is None:
            raise NotFound("The request doesn't tell its tenant; send X-Tenant.", code="tenant_unknown")
        async with unit.kernel.unit(tenant.id, readonly=True, request=unit.request) as own:
            return _public_key(await passkeys.request(own, None, site))

    @post(
        f"{prefix}/auth/passkeys/log-in",
        permission=PUBLIC,
        audience="both",
        status=201,
        idempotent=False,
        returns=SessionTokens,
        answer_type="sessions",
    )
    async def log_in(ctx: Context, request: Asked, body: LogIn) -> Answer:
        """Log in with a passkey alone."""
        unit, site = cast(Unit, ctx), site_of(ctx, request)
        tenant = await tenant_of_request(unit, body.tenant)
        issued = await passkey_log_in.log_in(
            unit.kernel, tenant.id if tenant else None, audience, body.credential, site, unit.request
        )
        return tokens(issued, status=201)

    return log_in_options, log_in


def _public_key(public_key: dict[str, Any]) -> Answer:
    return Answer(
        type="passkey-options",
        attributes=Options(public_key=public_key),
        headers={"Cache-Control": "no-store"},
    )


ALL = (
    list_passkeys,
    creation_options,
    add,
    rename,
    remove,
    confirm_options,
    confirm,
    *routes("staff", ""),
    *routes("portal", "/portal"),
)
