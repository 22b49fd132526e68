"""A browser's way to a provider and back: where it leaves, and where it comes for what arrived."""

from typing import Any
from uuid import UUID

from litestar import Response

from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.identity_providers import LASTS
from psa_sdk.sign_in_pages import PREFIXES, cookie_name, cookie_of, lead, lead_in, origin_of, wish_of
from psa_sdk.web import WebRequest, WebRoute
from psa_sso_saml.api import SAML_PROVIDERS
from psa_sso_saml.logins import collect, known_provider, leave


def web_routes(audience: Audience) -> list[WebRoute]:
    """Return the addresses of an audience."""
    prefix, cookie = PREFIXES[audience], f"psa_saml_{audience}"

    async def start(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        known = await known_provider(ctx, way, origin_of(ctx, request), audience)
        wanted, links = wish_of(ctx, request, SAML_PROVIDERS.key_of(way), prefix)
        url, kept = leave(ctx, known, next_page=wanted, links=links)
        return lead(url, [cookie_of(ctx, cookie, kept, seconds=LASTS)])

    async def finish(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        known = await known_provider(ctx, way, origin_of(ctx, request), audience)
        kept = request.cookies.get(cookie_name(ctx, cookie), "")
        begun, next_page = await collect(ctx, known, request.query_params.get("arrived", ""), kept, "cookie")
        return lead_in(begun, next_page, prefix, cookie_of(ctx, cookie, "", seconds=0))

    return SAML_PROVIDERS.web_routes(audience, start=start, finish=finish)
