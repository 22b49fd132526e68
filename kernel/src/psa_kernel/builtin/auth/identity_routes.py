"""Which accounts of identity providers let somebody in: one's own, linked and unlinked, and other people's."""

import datetime
from typing import cast
from uuid import UUID

import msgspec

from psa_kernel.builtin.auth.external_identities import StoredIdentities
from psa_kernel.builtin.auth.login_routes import person, somebody
from psa_kernel.builtin.auth.sign_in import ways
from psa_kernel.builtin.auth.user_routes import MANAGE, manageable
from psa_kernel.signing import TenantSigner
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import NotFound
from psa_sdk.routes import AUTHENTICATED, Answer, AnswerList, delete, get, post
from psa_sdk.sign_in_pages import link_token


class IdentityRead(msgspec.Struct, frozen=True, kw_only=True):
    """An account as a provider knows it; `name` is the provider's, empty where it is no way to log in at present."""

    provider: str
    subject: str
    name: str
    linked_at: datetime.datetime


class LinkBegun(msgspec.Struct, frozen=True, kw_only=True):
    """Where a browser logs in at the provider, within a minute, to link what it knows of the person."""

    page: str


@get(
    "/auth/identities",
    permission=AUTHENTICATED,
    audience="both",
    returns=IdentityRead,
    answer_type="identities",
)
async def list_own(ctx: Context) -> AnswerList:
    """List what lets oneself in besides passwords and passkeys."""
    who = somebody(ctx)
    return await _listed(ctx, who.id, who.audience)


@post(
    "/auth/sso/{provider:uuid}/link",
    permission=AUTHENTICATED,
    audience="both",
    idempotent=False,
    step_up=True,
    returns=LinkBegun,
    answer_type="identity-links",
)
async def link(ctx: Context, provider: UUID) -> Answer:
    """Begin to link one's account at a provider."""
    who, unit = person(ctx), cast(Unit, ctx)
    way = next((way for _, way in await ways(unit, who.audience) if way.id == provider), None)
    if way is None:
        raise NotFound(f"There is no way to log in {provider}.")
    token = link_token(TenantSigner(unit), way.key, who.id, ctx.now)
    return Answer(
        type="identity-links",
        attributes=LinkBegun(page=f"{way.page}?link={token}"),
        headers={"Cache-Control": "no-store"},
    )


@delete("/auth/identities/{id:uuid}", permission=AUTHENTICATED, audience="both", step_up=True)
async def unlink_own(ctx: Context, id: UUID) -> None:
    """Let an identity no longer log oneself in."""
    await _unlink(ctx, person(ctx).id, id)


@get("/users/{id:uuid}/identities", permission=MANAGE, returns=IdentityRead, answer_type="identities")
async def list_of(ctx: Context, id: UUID) -> AnswerList:
    """List what lets somebody in besides passwords and passkeys."""
    return await _listed(ctx, id, (await manageable(ctx, id)).account.audience)


@delete("/users/{id:uuid}/identities/{identity:uuid}", permission=MANAGE, step_up=True)
async def unlink(ctx: Context, id: UUID, identity: UUID) -> None:
    """Let an identity no longer log somebody in; sessions that it began go on until they are ended."""
    await manageable(ctx, id)
    await _unlink(ctx, id, identity)


async def _listed(ctx: Context, account: UUID, audience: Audience) -> AnswerList:
    names = {way.key: way.title for _, way in await ways(cast(Unit, ctx), audience)}
    return AnswerList(
        items=[
            Answer(
                type="identities",
                id=str(row["id"]),
                attributes=IdentityRead(
                    provider=row["provider"],
                    subject=row["subject"],
                    name=names.get(row["provider"], ""),
                    linked_at=row["created_at"],
                ),
            )
            for row in await StoredIdentities(ctx).of(account)
        ]
    )


async def _unlink(ctx: Context, account: UUID, id: UUID) -> None:
    identities = StoredIdentities(ctx)
    row = next((row for row in await identities.of(account) if row["id"] == id), None)
    if row is None:
        raise NotFound(f"There is no linked identity {id}.")
    await identities.unlink(row["provider"], account_id=account, tell=True)


ALL = (list_own, link, unlink_own, list_of, unlink)
