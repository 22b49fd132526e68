"""What one can do with identity providers, and what they tell us by themselves."""

from typing import Final
from uuid import UUID

import msgspec
from litestar import Response

from psa_sdk import PUBLIC, Answer, Context, post
from psa_sdk.admission import Refused
from psa_sdk.web import WebRequest
from psa_sso_oidc.api import OIDC_PROVIDERS, PROVIDERS
from psa_sso_oidc.checking import registration_of, try_out
from psa_sso_oidc.leaving import logged_out
from psa_sso_oidc.shapes import Checked
from psa_sso_oidc.source import redirect_uri

UPDATE = "sso_oidc.oidc_providers.update"
JSON: Final = "application/json"
_UNKEPT: Final = {"Cache-Control": "no-store"}


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
    registration = await registration_of(ctx, provider)
    async with ctx.outside():
        checked = await try_out(ctx, registration, redirect_uri(ctx, provider["audience"], id))
    await ctx.audit("checked", PROVIDERS, id, works=checked.works, detail=checked.detail[:500])
    return Answer(type="oidc-provider-checks", id=str(id), attributes=checked)


@post(
    "/oidc-providers/{id:uuid}/backchannel-logout",
    permission=PUBLIC,
    audience="both",
    body_types=("application/x-www-form-urlencoded",),
    media_type="application/json",
    idempotent=False,
    own_authorization=True,
    max_body=1 << 17,
)
async def backchannel_logout(ctx: Context, id: UUID, request: WebRequest) -> Response[bytes]:  # pyright: ignore[reportMissingTypeArgument]
    """Log somebody out who logged out at their provider, which says so itself."""
    provider = await OIDC_PROVIDERS.active(ctx, id)
    form = await request.form()
    try:
        await logged_out(ctx, provider, str(form.get("logout_token", "")))
    except Refused as refused:
        told = {"error": "invalid_request", "error_description": refused.reason}
        return Response(msgspec.json.encode(told), status_code=400, media_type=JSON, headers=_UNKEPT)
    return Response(b"{}", status_code=200, media_type=JSON, headers=_UNKEPT)


ALL = (check, backchannel_logout)
