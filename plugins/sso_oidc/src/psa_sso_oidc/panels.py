"""What pages and buttons of single sign-on load and do."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_sdk import Answer, Context
from psa_sdk.documents import Documents
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.sign_in_pages import PREFIXES
from psa_sdk.ui import Done
from psa_sso_oidc.api import OIDC_PROVIDERS, PROVIDERS
from psa_sso_oidc.presets import PRESETS
from psa_sso_oidc.source import redirect_uri


async def registration(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load what an administrator enters at the provider, and how many people it has let in."""
    if id is None:
        return None
    row = await ctx.records.get(PROVIDERS, id)
    linked = await ctx.service(ExternalIdentities).subjects(OIDC_PROVIDERS.key_of(id))
    return {
        "callback": redirect_uri(ctx, row["audience"], id),
        "told": f"{ctx.service(Network).home}/api/v1/{PROVIDERS}/{id}/backchannel-logout",
        "logged_out": f"{ctx.service(Network).home}{PREFIXES[row['audience']]}/login",
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
