"""What one can do with identity providers."""

from uuid import UUID

from psa_sdk import Answer, Context, post
from psa_sdk.access import Audience
from psa_sdk.network import Network
from psa_sdk.sign_in_pages import PREFIXES
from psa_sso_oidc.api import PROVIDERS
from psa_sso_oidc.checking import registration_of, try_out
from psa_sso_oidc.shapes import Checked

UPDATE = "sso_oidc.oidc_providers.update"


@post(
    "/oidc-providers/{id:uuid}/check",
    permission=UPDATE,
    returns=Checked,
    answer_type="oidc-provider-checks",
    idempotent=False,
)
async def check(ctx: Context, id: UUID) -> Answer:
    """Try a provider out: read its metadata and keys, and ask whether it knows client id and secret."""
    provider = await ctx.records.get(PROVIDERS, id)
    redirect_uri = ctx.service(Network).home + callback_path(provider["audience"], id)
    registration = await registration_of(ctx, provider)
    async with ctx.outside():
        checked = await try_out(ctx, registration, redirect_uri)
    await ctx.audit("checked", PROVIDERS, id, works=checked.works, detail=checked.detail[:500])
    return Answer(type="oidc-provider-checks", id=str(id), attributes=checked)


def start_path(audience: Audience, provider: UUID) -> str:
    """Return where a browser begins a log-in."""
    return f"{PREFIXES[audience]}/sso/oidc/{provider}/start"


def callback_path(audience: Audience, provider: UUID) -> str:
    """Return where a provider sends browsers back to: a path of its own, so that none answers for another."""
    return f"{PREFIXES[audience]}/sso/oidc/{provider}/callback"


ALL = (check,)
