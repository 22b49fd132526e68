"""A browser's way to a provider and back: two addresses for each provider, and a cookie in between; and out again."""

from typing import Any, Final
from uuid import UUID

from litestar import Response

from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.errors import NotFound
from psa_sdk.identity_providers import LASTS
from psa_sdk.sign_in_pages import PREFIXES, cookie_name, cookie_of, lead, lead_in, origin_of, wish_of
from psa_sdk.web import WebRequest, WebRoute
from psa_sso_oidc import attempts
from psa_sso_oidc.api import OIDC_PROVIDERS
from psa_sso_oidc.leaving import logout_address
from psa_sso_oidc.logins import Returned, come_back
from psa_sso_oidc.logins import leave as leave_for

_KEPT: Final = 72 * 3600
"""Seconds: the longest that a browser's session lasts."""
_LONGEST: Final = 3500
"""Browsers keep no more than 4096 bytes; a provider does without a hint."""
_ANSWER: Final = ("state", "code", "iss", "error", "error_description")


def web_routes(audience: Audience) -> list[WebRoute]:
    """Return the addresses of an audience."""
    prefix, cookie = PREFIXES[audience], f"psa_sso_{audience}"
    # Only this one page gets to see who a person is at the provider.
    left, leave_path = f"psa_sso_left_{audience}", OIDC_PROVIDERS.leave_path(audience)

    def redirect_uri(ctx: Context, request: WebRequest, way: UUID) -> str:
        return origin_of(ctx, request) + OIDC_PROVIDERS.path(audience, way, "callback")

    async def start(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        provider = await OIDC_PROVIDERS.active(ctx, way, audience)
        known = request.cookies.get(cookie_name(ctx, cookie), "")
        # Two tabs share the secret: what follows from it differs for each attempt.
        secret = known if attempts.is_secret(known) else attempts.new_secret()
        wanted, links = wish_of(ctx, request, OIDC_PROVIDERS.key_of(way), prefix)
        back = redirect_uri(ctx, request, way)
        anew = request.query_params.get("again") == "1"
        url = await leave_for(ctx, provider, secret, back, next_page=wanted, links=links, anew=anew)
        return lead(url, [cookie_of(ctx, cookie, secret, seconds=LASTS)])

    async def callback(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        returned = Returned(
            provider=way,
            audience=audience,
            secret=request.cookies.get(cookie_name(ctx, cookie), ""),
            answer=_parameters(request),
            redirect_uri=redirect_uri(ctx, request, way),
            transport="cookie",
        )
        arrived = await come_back(ctx, returned)
        word = arrived.id_token if len(arrived.id_token) <= _LONGEST else ""
        kept = f"{way}.{word}" if arrived.begun else ""
        return lead_in(
            arrived.begun,
            arrived.next_page,
            prefix,
            cookie_of(ctx, cookie, "", seconds=0),
            cookie_of(ctx, left, kept, seconds=_KEPT, path=leave_path),
        )

    async def leave(ctx: Context, request: WebRequest) -> Response[Any]:
        if ctx.principal.kind != "anonymous":
            return lead(f"{prefix}/")
        way, _, word = request.cookies.get(cookie_name(ctx, left, leave_path), "").partition(".")
        home = f"{prefix}/login"
        try:
            provider = await OIDC_PROVIDERS.active(ctx, UUID(way), audience)
        except (ValueError, NotFound):
            return lead(home)
        url = await logout_address(ctx, provider, word, origin_of(ctx, request) + home)
        return lead(url or home, [cookie_of(ctx, left, "", seconds=0, path=leave_path)])

    return OIDC_PROVIDERS.web_routes(audience, start=start, callback=callback, leave=leave)


def _parameters(request: WebRequest) -> dict[str, str]:
    """Return the provider's answer; a parameter that is there twice makes it none (RFC 6749 3.1)."""
    sent = request.query_params
    return {name: sent[name] for name in _ANSWER if len(sent.getall(name, [])) == 1}
