"""What the page of a provider loads, and what its buttons do."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_scim.api import PROVIDERS, TOKENS
from psa_scim.routes import AT
from psa_scim.tables import Fault, Token
from psa_scim.token_routes import CREATE
from psa_sdk import Answer, Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault as Wrong
from psa_sdk.errors import Invalid
from psa_sdk.network import Network
from psa_sdk.ui import Done, Show

_FAULTS: Final = 10
_GROUPS: Final = 200


class TokenForm(msgspec.Struct, kw_only=True):
    """The form of a new token."""

    name: str = ""


async def connection(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load what an administrator enters at the provider, and how much it has sent."""
    if id is None:
        return None
    row = await ctx.records.get(PROVIDERS, id)
    counted = await ctx.db.fetch_one(
        "SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS people,"
        " count(*) FILTER (WHERE deleted_at IS NULL AND NOT active) AS inactive,"
        " max(updated_at) AS provisioned FROM scim.person WHERE provider = $1",
        id,
    )
    assert counted is not None
    return {"address": f"{ctx.service(Network).home}{AT}", "asked": row["last_request_at"], **counted}


async def tokens(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load a provider's tokens."""
    if id is None:
        return None
    return {
        "id": id,
        "tokens": await ctx.records.find(TOKENS, Token.provider == id, order="-created_at"),
        "now": ctx.now,
        "may_make": ctx.principal.allows(CREATE),
        "may_revoke": ctx.principal.allows("scim.scim_tokens.delete"),
    }


async def make_token(ctx: Context, id: UUID, form: TokenForm) -> Show:
    """Make a token and show it, this once."""
    name = form.name.strip()
    if not name:
        raise Invalid(faults=[Wrong(detail="Name it, so that you know it again.", pointer="/name")])
    made = await ctx.service(Documents).call("POST", f"/{PROVIDERS}/{id}/tokens", body={"name": name})
    assert isinstance(made, Answer)
    return Show(template="scim/token.html", data={"token": made.attributes.token})


async def revoke(ctx: Context, id: UUID) -> Done:
    """End a token at once."""
    await ctx.service(Documents).delete(TOKENS, id)
    return Done(toast="The token is revoked.", refresh=(TOKENS,))


async def groups(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load the groups that a provider sent, how many are in them, and the roles that they give."""
    if id is None:
        return None
    provider = await ctx.records.get(PROVIDERS, id)
    rows = await ctx.db.fetch(
        "SELECT g.display_name AS name, (SELECT count(*) FROM scim.membership m"
        " WHERE m.tenant_id = g.tenant_id AND m.directory_group = g.id) AS people"
        " FROM scim.directory_group g WHERE g.provider = $1 ORDER BY lower(g.display_name), g.id LIMIT $2",
        id,
        _GROUPS,
    )
    titles = {row["key"]: row["title"] for row in await ctx.as_system().records.find("roles")}
    mapping: Mapping[str, list[str]] = provider["group_roles"]
    sent = {row["name"] for row in rows}
    found = [
        {**row, "roles": [titles.get(role, role) for role in mapping.get(row["name"], ())]} for row in rows
    ]
    missing = [
        {"name": name, "people": None, "roles": [titles.get(role, role) for role in roles]}
        for name, roles in mapping.items()
        if name not in sent and len(rows) < _GROUPS
    ]
    return {"groups": [*found, *missing]} if found or missing else None


async def faults(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load what was refused lately; None where nothing was."""
    if id is None:
        return None
    rows = await ctx.as_system().records.find(
        "scim-faults", Fault.provider == id, order="-happened_at", limit=_FAULTS
    )
    return {"faults": rows} if rows else None
