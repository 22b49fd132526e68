"""What pages and buttons of single sign-on load and do."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_sdk import Answer, Context
from psa_sdk.documents import Documents
from psa_sdk.errors import NotFound
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.sign_in_pages import link_token
from psa_sdk.signing import Signer
from psa_sdk.ui import Done, Go
from psa_sso_oidc.api import PROVIDERS, key_of
from psa_sso_oidc.logins import provider_of
from psa_sso_oidc.presets import PRESETS
from psa_sso_oidc.routes import callback_path, start_path
from psa_sso_oidc.tables import Provider


async def registration(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load what an administrator enters at the provider, and how many people it has let in."""
    if id is None:
        return None
    row = await ctx.records.get(PROVIDERS, id)
    linked = await ctx.service(ExternalIdentities).subjects(key_of(id))
    return {
        "callback": ctx.service(Network).home + callback_path(row["audience"], id),
        "logged_out": f"{ctx.service(Network).home}{'/portal' if row['audience'] == 'portal' else '/ui'}/login",
        "kind": PRESETS[row["preset"]].title,
        "people": len(linked),
    }


async def check(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Try providers out and tell the first trouble."""
    for one in ids:
        answer = await ctx.service(Documents).call("POST", f"/{PROVIDERS}/{one}/check")
        assert isinstance(answer, Answer)
        if not answer.attributes.works:
            return Done(toast=answer.attributes.detail[:300])
    return Done(toast="The connection works")


async def links(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load the providers that a person can link to their account, and which are; None where there are none."""
    audience = ctx.principal.audience
    wanted = (Provider.audience == audience) & Provider.is_active.eq(True)
    rows = await ctx.as_system().records.find(PROVIDERS, wanted, order="position")
    identities = ctx.service(ExternalIdentities)
    found = [
        {
            "id": row["id"],
            "name": row["name"],
            "linked": ctx.principal.id in (await identities.subjects(key_of(row["id"]))).values(),
        }
        for row in rows
    ]
    return {"providers": found} if found else None


async def link(ctx: Context, id: UUID) -> Go:
    """Send a person to a provider, to link what it knows of them to their account."""
    provider = await provider_of(ctx, id, ctx.principal.audience)
    token = link_token(ctx.service(Signer), key_of(id), ctx.principal.id, ctx.now)
    return Go(url=f"{start_path(provider['audience'], id)}?link={token}", away=True)


async def unlink(ctx: Context, id: UUID) -> Done:
    """Let a provider no longer log a person in."""
    if not await ctx.service(ExternalIdentities).unlink(key_of(id), account_id=ctx.principal.id):
        raise NotFound("Your account isn't linked there.")
    return Done(toast="The link is removed", refresh=("profile",))
