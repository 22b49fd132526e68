"""A browser's way to a provider and back: two addresses for each provider, and a cookie in between."""

from collections.abc import Mapping
from typing import Any, Final
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
from psa_sso_oidc import attempts
from psa_sso_oidc.api import key_of
from psa_sso_oidc.logins import Returned, come_back, leave, provider_of
from psa_sso_oidc.routes import callback_path

_ANSWER: Final = ("state", "code", "iss", "error", "error_description")


def web_routes(audience: Audience) -> list[WebRoute]:
    """Return the addresses of an audience."""
    prefix, cookie = PREFIXES[audience], f"psa_sso_{audience}"

    async def start(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        provider = await provider_of(ctx, way, audience)
        known = request.cookies.get(cookie_name(ctx, cookie), "")
        # Two tabs share the secret: what follows from it differs for each attempt.
        secret = known if attempts.is_secret(known) else attempts.new_secret()
        wanted, links = own_page(request.query_params.get("next", ""), prefix), None
        if asked := request.query_params.get("link", ""):
            if not link_wished(ctx, key_of(way), asked):
                raise Unauthenticated("Ask for the link in your profile once more.", code="login_expired")
            wanted, links = f"{prefix}/profile", ctx.principal.id
        redirect_uri = origin_of(ctx, request) + callback_path(audience, way)
        url = await leave(ctx, provider, secret, redirect_uri, next_page=wanted, links=links)
        return lead(url, [cookie_of(ctx, cookie, secret, seconds=attempts.LASTS)])

    async def callback(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        returned = Returned(
            provider=way,
            audience=audience,
            secret=request.cookies.get(cookie_name(ctx, cookie), ""),
            answer=_parameters(request),
            redirect_uri=origin_of(ctx, request) + callback_path(audience, way),
            transport="cookie",
        )
        begun, next_page = await come_back(ctx, returned)
        return lead_in(begun, next_page, prefix, cookie_of(ctx, cookie, "", seconds=0))

    def refuse(problem: Problem, scope: Mapping[str, Any]) -> Response[Any]:
        return refusal(problem, prefix)

    return [
        WebRoute(
            plugin="sso_oidc",
            method="GET",
            path=f"{prefix}/sso/oidc/{{id:uuid}}/{name}",
            permission=PUBLIC,
            handle=handle,
            refuse=refuse,
            audience=audience,
        )
        for name, handle in (("start", start), ("callback", callback))
    ]


def _parameters(request: WebRequest) -> dict[str, str]:
    """Return the provider's answer; a parameter that is there twice makes it none (RFC 6749 3.1)."""
    sent = request.query_params
    return {name: sent[name] for name in _ANSWER if len(sent.getall(name, [])) == 1}
