"""What holders of permissions see and do about others: rights to grant, invitations, resets, unlocking."""

import datetime
from typing import cast
from uuid import UUID

import msgspec

from psa_kernel.access import Grants
from psa_kernel.builtin.auth import accounts, lockout
from psa_kernel.builtin.auth.guards import require_account_within
from psa_kernel.builtin.auth.roles import code_grants
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Conflict, NotFound
from psa_sdk.identity import Directory
from psa_sdk.routes import Answer, AnswerList, get, post

MANAGE = "auth.users.update"


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """The one-time token of somebody who has no password yet, to be handed to them."""

    token: str
    expires_at: datetime.datetime


class PermissionRead(msgspec.Struct, frozen=True, kw_only=True):
    """A permission that roles can grant, and the standard roles that code grants it to."""

    name: str
    title: str
    audience: Audience
    sensitive: bool
    roles: tuple[str, ...]


@get("/auth/permissions", permission="auth.roles.read", returns=PermissionRead, answer_type="permissions")
async def list_permissions(ctx: Context) -> AnswerList:
    """List what can be granted."""
    registry = cast(Unit, ctx).kernel.registry
    standard = {role: Grants(grants) for role, grants in code_grants(registry).items()}
    return AnswerList(
        items=[
            Answer(
                type="permissions",
                id=name,
                attributes=PermissionRead(
                    name=name,
                    title=permission.title,
                    audience=permission.audience,
                    sensitive=permission.sensitive,
                    roles=tuple(role for role, grants in standard.items() if grants.allows(name)),
                ),
            )
            for name, permission in sorted(registry.permissions.items())
        ]
    )


@post(
    "/users/{id:uuid}/invitations",
    permission=MANAGE,
    status=201,
    idempotent=False,
    returns=Invitation,
    answer_type="invitations",
)
async def invite(ctx: Context, id: UUID) -> Answer:
    """Invite somebody who has no password yet, in place of earlier invitations."""
    facts = await manageable(ctx, id)
    if facts.account.status != "invited":
        raise Conflict(
            f"{facts.account.name} has accepted already; send a password reset instead.", code="not_invited"
        )
    directory = ctx.service(Directory)
    minted = await directory.password_token(await directory.request_password(id))
    return Answer(
        type="invitations",
        attributes=Invitation(token=minted.token, expires_at=minted.expires_at),
        status=201,
        headers={"Cache-Control": "no-store"},
    )


@post("/users/{id:uuid}/password-resets", permission=MANAGE, status=204)
async def send_reset(ctx: Context, id: UUID) -> None:
    """Send somebody a link to set a new password; nobody else learns it."""
    await manageable(ctx, id)
    await ctx.service(Directory).request_password(id)


@post("/users/{id:uuid}/unlock", permission=MANAGE, status=204)
async def unlock(ctx: Context, id: UUID) -> None:
    """Let somebody try again at once after too many wrong passwords."""
    facts = await manageable(ctx, id)
    await lockout.unlock(ctx, facts.account)


@post("/users/{id:uuid}/end-sessions", permission=MANAGE, status=204)
async def end_all_sessions(ctx: Context, id: UUID) -> None:
    """Log somebody out everywhere."""
    await manageable(ctx, id)
    await ctx.service(Directory).end_sessions(id, reason="ended_by_administrator")


async def manageable(ctx: Context, id: UUID) -> accounts.LoginFacts:
    """Return an account that the principal may manage; raises `NotFound` or `Forbidden`."""
    facts = await accounts.by_id(ctx, id)
    if facts is None or not await ctx.records.exists("users", id):
        raise NotFound(f"There is no user {id}.")
    await require_account_within(ctx, id)
    return facts


ALL = (list_permissions, invite, send_reset, unlock, end_all_sessions)
