"""A browser's way to a provider and back: where it leaves, and where it comes for what arrived."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response

from psa_sdk import PUBLIC, Context
from psa_sdk.access import Audience
from psa_sdk.errors import Problem, Unauthenticated
from psa_sdk.sign_in_pages import (
    PREFIXES,
    cookie_name,
    cookie_of,
    lead,
    lead_in,
    link_wished,
    origin_of,
    own_page,
    refusal,
)
from psa_sdk.web import WebRequest, WebRoute
from psa_sso_saml import attempts
from psa_sso_saml.api import key_of
from psa_sso_saml.logins import collect, leave, provider_of


def web_routes(audience: Audience) -> list[WebRoute]:
    """Return the addresses of an audience."""
    prefix, cookie = PREFIXES[audience], f"psa_saml_{audience}"

    async def start(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        known = await provider_of(ctx, way, origin_of(ctx, request), audience)
        wanted, links = own_page(request.query_params.get("next", ""), prefix), None
        if asked := request.query_params.get("link", ""):
            if not link_wished(ctx, key_of(way), asked):
                raise Unauthenticated("Ask for the link in your profile once more.", code="login_expired")
            wanted, links = f"{prefix}/profile", ctx.principal.id
        url, kept = leave(ctx, known, next_page=wanted, links=links)
        return lead(url, [cookie_of(ctx, cookie, kept, seconds=attempts.LASTS)])

    async def finish(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        known = await provider_of(ctx, way, origin_of(ctx, request), audience)
        kept = request.cookies.get(cookie_name(ctx, cookie), "")
        begun, next_page = await collect(ctx, known, request.query_params.get("arrived", ""), kept, "cookie")
        return lead_in(begun, next_page, prefix, cookie_of(ctx, cookie, "", seconds=0))

    def refuse(problem: Problem, scope: Mapping[str, Any]) -> Response[Any]:
        return refusal(problem, prefix)

    return [
        WebRoute(
            plugin="sso_saml",
            method="GET",
            path=f"{prefix}/sso/saml/{{id:uuid}}/{name}",
            permission=PUBLIC,
            handle=handle,
            refuse=refuse,
            audience=audience,
        )
        for name, handle in (("start", start), ("finish", finish))
    ]
