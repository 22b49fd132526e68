"""Registering applications: the only answers that hold a secret."""

from typing import Final
from uuid import UUID

import msgspec

from psa_oauth import client_rules, granting, tokens
from psa_oauth.resources import (
    Addresses,
    ClientRead,
    Kinds,
    LogoutAddress,
    LogoutAddresses,
    Name,
    Scopes,
)
from psa_sdk import Answer, Context, post
from psa_sdk.errors import Conflict

CREATE: Final = "oauth.oauth_clients.create"
UPDATE: Final = "oauth.oauth_clients.update"


class Register(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new application; one without secret proves itself by PKCE alone (an app on people's own machines)."""

    name: Name
    confidential: bool = True
    redirect_uris: Addresses = msgspec.field(default_factory=list[str])
    post_logout_redirect_uris: LogoutAddresses = msgspec.field(default_factory=list[str])
    backchannel_logout_uri: LogoutAddress = ""
    grant_types: Kinds = msgspec.field(default_factory=lambda: ["authorization_code", "refresh_token"])
    scopes: Scopes


class ClientWithSecret(ClientRead, kw_only=True):
    """An application with its secret, which is shown now and never again; empty where it has none."""

    secret: str


@post(
    "/oauth-clients",
    permission=CREATE,
    status=201,
    step_up=True,
    idempotent=False,
    returns=ClientWithSecret,
    answer_type="oauth-clients",
)
async def register(ctx: Context, body: Register) -> Answer:
    """Register an application; on its own it acts as whoever registers it."""
    secret = tokens.new_secret(tokens.SECRET) if body.confidential else ""
    values = {name: getattr(body, name) for name in Register.__struct_fields__}
    hashed = tokens.digest(secret) if secret else ""
    client_id = await ctx.records.create(
        "oauth-clients", {**values, "owner": ctx.principal.id, "secret_hash": hashed}
    )
    return await _shown(ctx, client_id, secret, status=201)


@post(
    "/oauth-clients/{id:uuid}/secret",
    permission=UPDATE,
    step_up=True,
    idempotent=False,
    returns=ClientWithSecret,
    answer_type="oauth-clients",
)
async def renew_secret(ctx: Context, id: UUID) -> Answer:
    """Give an application another secret; the former one and all its tokens end at once."""
    client = await ctx.records.get("oauth-clients", id, lock=True)
    await client_rules.require_within(ctx, client["owner"])
    if not client["confidential"]:
        raise Conflict(f"{client['name']} has no secret; it proves itself by PKCE.", code="no_secret")
    secret = tokens.new_secret(tokens.SECRET)
    await ctx.db.execute("UPDATE oauth.client SET secret_hash = $2 WHERE id = $1", id, tokens.digest(secret))
    await ctx.audit("oauth_secret_renewed", "oauth-clients", id)
    await granting.end(ctx, "secret_renewed", client=id)
    return await _shown(ctx, id, secret)


async def _shown(ctx: Context, id: UUID, secret: str, status: int = 200) -> Answer:
    row = await ctx.records.get("oauth-clients", id)
    shown = {name: row[name] for name in ClientRead.__struct_fields__}
    headers = {"Location": f"/api/v1/oauth-clients/{id}"} if status == 201 else {}
    return Answer(
        type="oauth-clients",
        id=str(id),
        attributes=ClientWithSecret(**shown, secret=secret),
        status=status,
        headers={**headers, "Cache-Control": "no-store"},
    )


ALL = (register, renew_secret)
