"""What sign-ins by browser share, whatever their protocol: addresses, cookies, redirects, and links that are wished.

Linking an identity to one's own account is asked for in the profile and done by a log-in at the provider. The button
gives a token for a minute (`link_token`), so that no other page can send somebody there (`link_wished`).
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response
from litestar.datastructures import Cookie

from psa_sdk.access import Audience
from psa_sdk.admission import Admission, Person, Refused, domain_allowed
from psa_sdk.context import Context
from psa_sdk.errors import Problem, Unauthenticated
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities, SignedIn, SignIn
from psa_sdk.signing import Signer, read_token, write_token
from psa_sdk.web import WebRequest

PREFIXES: Final[Mapping[Audience, str]] = {"staff": "/ui", "portal": "/portal"}
"""Where the pages of the shells are."""
PURPOSE: Final = "sign-in-link"
LASTS: Final = 60
"""Seconds from the button in the profile to the provider."""
_LONGEST: Final = 1800
"""Letters of a wanted page, such as an application's question: it travels in a cookie or a provider's state."""


def own_page(target: str, prefix: str) -> str:
    r"""Return a page of a shell, and no other address that a link could smuggle in.

    Example:
        >>> [own_page(one, "/ui") for one in ("/ui/tickets?q=1", "//evil.example", "/ui/..//evil", "/ui\\x")]
        ['/ui/tickets?q=1', '/ui/', '/ui/', '/ui/']
    """
    path = target.partition("?")[0]
    inside = path.startswith(f"{prefix}/") and "//" not in path and ".." not in path
    return target if inside and "\\" not in target and target.isprintable() else f"{prefix}/"


def is_secure(ctx: Context) -> bool:
    """Tell whether people reach the pages over TLS."""
    return ctx.service(Network).home.startswith("https:")


def origin_of(ctx: Context, request: WebRequest) -> str:
    """Return scheme and host that the browser is at, where its cookies are."""
    scheme = "https" if is_secure(ctx) else request.url.scheme
    return f"{scheme}://{request.headers.get('host', '')}"


def cookie_name(ctx: Context, name: str, path: str = "/") -> str:
    """Return a cookie's name, bound to the host over TLS; one of a narrower path can't be."""
    prefix = "__Host-" if path == "/" else "__Secure-"
    return f"{prefix if is_secure(ctx) else ''}{name}"


def cookie_of(ctx: Context, name: str, value: str, *, seconds: int, path: str = "/") -> Cookie:
    """Return a cookie that comes along when a provider's redirect leads back; an empty value ends it."""
    return Cookie(
        key=cookie_name(ctx, name, path),
        value=value,
        max_age=seconds if value else 0,
        path=path,
        httponly=True,
        samesite="lax",
        secure=is_secure(ctx),
    )


def lead(url: str, cookies: Sequence[Cookie] = (), headers: Mapping[str, str] | None = None) -> Response[Any]:
    """Lead a browser on, telling nobody where it comes from."""
    told = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", **(headers or {})}
    return Response(b"", status_code=303, media_type="text/html", headers=told, cookies=list(cookies))


def lead_in(begun: SignedIn | None, next_page: str, prefix: str, *cookies: Cookie) -> Response[Any]:
    """Lead a browser to the page that was wanted, its second step before where one is asked for."""
    session = {"Set-Cookie": begun.cookie.header()} if begun and begun.cookie else {}
    wanted = own_page(next_page, prefix)
    if begun and begun.confined.startswith("mfa_"):
        return lead(f"{prefix}/second-step?{urlencode({'next': wanted})}", cookies, session)
    return lead(wanted, cookies, session)


def refusal(problem: Problem, prefix: str) -> Response[Any]:
    """Lead a browser that was refused back to the log-in, which says so."""
    said = "sso_expired" if problem.code == "login_expired" else "sso"
    return lead(f"{prefix}/login?refused={said}")


def link_token(signer: Signer, key: str, account: UUID, now: datetime.datetime) -> str:
    """Return the proof that a person has just asked to link a provider (`key`) to their account."""
    return write_token(signer, _asked(key, account), str(int(now.timestamp()) + LASTS))


def link_wished(ctx: Context, key: str, token: str) -> bool:
    """Tell whether the person in front of the browser has just asked for a link."""
    try:
        ends = int(read_token(ctx.service(Signer), _asked(key, ctx.principal.id), token))
    except ValueError:
        return False
    return 0 <= ends - ctx.now.timestamp() <= LASTS


def wish_of(ctx: Context, request: WebRequest, key: str, prefix: str) -> tuple[str, UUID | None]:
    """Return the page that a browser wants after a log-in, and the account that is to be linked in place of one.

    Raises `Unauthenticated` where a link was asked for by nobody, or too long ago.
    """
    if token := request.query_params.get("link", ""):
        if not link_wished(ctx, key, token):
            raise Unauthenticated("Ask for the link in your profile once more.", code="login_expired")
        return f"{prefix}/profile", ctx.principal.id
    wanted = own_page(request.query_params.get("next", ""), prefix)
    return (wanted if len(wanted) <= _LONGEST else f"{prefix}/"), None


async def link_account(ctx: Context, rules: Admission, who: Person, account: UUID) -> None:
    """Link a proven person to the account in front of the browser, which must be the one that asked."""
    if ctx.principal.id != account:
        raise Refused("another_account")
    if not domain_allowed(who.email, rules.email_domains):
        raise Refused("domain_refused", who.email)
    try:
        async with ctx.service(SignIn).unit() as unit:
            await unit.service(ExternalIdentities).link(rules.key, who.subject, account, tell=True)
    except Problem as problem:
        raise Refused(problem.code, who.email) from problem


def _asked(key: str, account: UUID) -> str:
    return f"{PURPOSE} {key} {account}"
