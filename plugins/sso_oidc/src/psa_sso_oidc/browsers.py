"""A browser's way to a provider and back: two addresses for each provider, and a cookie in between."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.datastructures import Cookie

from psa_sdk import PUBLIC, Context
from psa_sdk.access import Audience
from psa_sdk.errors import Problem, Unauthenticated
from psa_sdk.network import Network
from psa_sdk.web import WebRequest, WebRoute
from psa_sso_oidc import attempts
from psa_sso_oidc.linking import is_wished
from psa_sso_oidc.logins import Returned, come_back, leave, provider_of
from psa_sso_oidc.routes import PREFIXES, callback_path

_ANSWER: Final = ("state", "code", "iss", "error", "error_description")


def web_routes(audience: Audience) -> list[WebRoute]:
    """Return the addresses of an audience."""
    prefix = PREFIXES[audience]

    async def start(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        provider = await provider_of(ctx, way, audience)
        known = request.cookies.get(_cookie_name(ctx, audience), "")
        # Two tabs share the secret: what follows from it differs for each attempt.
        secret = known if attempts.is_secret(known) else attempts.new_secret()
        wanted, links = _own_page(request.query_params.get("next", ""), prefix), None
        if asked := request.query_params.get("link", ""):
            if not is_wished(ctx, way, asked):
                raise Unauthenticated("Ask for the link in your profile once more.", code="login_expired")
            wanted, links = f"{prefix}/profile", ctx.principal.id
        redirect_uri = _redirect_uri(ctx, request, audience, way)
        url = await leave(ctx, provider, secret, redirect_uri, next_page=wanted, links=links)
        return _to(url, [_cookie(ctx, audience, secret)])

    async def callback(ctx: Context, request: WebRequest) -> Response[Any]:
        way: UUID = request.path_params["id"]
        returned = Returned(
            provider=way,
            audience=audience,
            secret=request.cookies.get(_cookie_name(ctx, audience), ""),
            answer=_parameters(request),
            redirect_uri=_redirect_uri(ctx, request, audience, way),
            transport="cookie",
        )
        begun, next_page = await come_back(ctx, returned)
        ended = [_cookie(ctx, audience, "")]
        session = {"Set-Cookie": begun.cookie.header()} if begun and begun.cookie else {}
        if begun and begun.confined.startswith("mfa_"):
            return _to(f"{prefix}/second-step", ended, session)
        return _to(_own_page(next_page, prefix), ended, session)

    def refuse(problem: Problem, scope: Mapping[str, Any]) -> Response[Any]:
        said = "sso_expired" if problem.code == "login_expired" else "sso"
        return _to(f"{prefix}/login?refused={said}")

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


def _own_page(target: str, prefix: str) -> str:
    r"""Return a page of the shell, and no other address that a link could smuggle in.

    Example:
        >>> [_own_page(one, "/ui") for one in ("/ui/tickets?q=1", "//evil.example", "/ui/..//evil", "/ui\\x")]
        ['/ui/tickets?q=1', '/ui/', '/ui/', '/ui/']
    """
    inside = target.startswith(f"{prefix}/") and "//" not in target and "\\" not in target
    return target if inside and ".." not in target and target.isprintable() else f"{prefix}/"


def _redirect_uri(ctx: Context, request: WebRequest, audience: Audience, id: UUID) -> str:
    """Return the callback at the host that the browser is at, where its cookie is."""
    scheme = "https" if _secure(ctx) else request.url.scheme
    return f"{scheme}://{request.headers.get('host', '')}{callback_path(audience, id)}"


def _secure(ctx: Context) -> bool:
    return ctx.service(Network).home.startswith("https:")


def _cookie_name(ctx: Context, audience: Audience) -> str:
    return f"{'__Host-' if _secure(ctx) else ''}psa_sso_{audience}"


def _cookie(ctx: Context, audience: Audience, secret: str) -> Cookie:
    return Cookie(
        key=_cookie_name(ctx, audience),
        value=secret,
        max_age=attempts.LASTS if secret else 0,
        httponly=True,
        # Lax: the provider's redirect is another site's link to us.
        samesite="lax",
        secure=_secure(ctx),
    )


def _to(url: str, cookies: Sequence[Cookie] = (), headers: Mapping[str, str] | None = None) -> Response[Any]:
    told = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", **(headers or {})}
    return Response(b"", status_code=303, media_type="text/html", headers=told, cookies=list(cookies))
