"""Credentials on a request: a bearer token, or a browser's cookie with the checks that cookies need.

A browser sends cookies with any site's request. So a cookie counts for unsafe methods only together with a
same-site origin and the session's CSRF token in a header, or in a field of a page's form, which no other site can
read (ASVS 3.5.1-3.5.3).
"""

import datetime
import hashlib
import hmac
from collections.abc import Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from psa_kernel.config import Config
from psa_kernel.http.proxies import is_local
from psa_sdk.access import Audience
from psa_sdk.errors import Forbidden, Unauthenticated
from psa_sdk.sign_in import SessionCookie

if TYPE_CHECKING:
    from litestar import Request

    from psa_kernel.unit_of_work import Unit

CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
AWAITED: Final = "psa.csrf"
"""In the scope: the token that a form without scripts still has to bring in its field."""
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class Presented(msgspec.Struct, frozen=True):
    """A credential as it came."""

    token: str
    by_cookie: bool


def cookie_name(config: Config, audience: Audience) -> str:
    """Return the session cookie's name; staff and portal never share one.

    `__Host-` binds it to this host over TLS; on plain HTTP, as on a developer's machine, browsers refuse that.
    """
    secure = config.public_url.startswith("https:")
    return f"__Host-psa_{audience}" if secure else f"psa_{audience}"


def session_cookie(config: Config, audience: Audience, value: str, ends: datetime.datetime) -> SessionCookie:
    """Return a session's cookie; an empty value ends it."""
    return SessionCookie(
        name=cookie_name(config, audience),
        value=value,
        expires_at=ends,
        secure=config.public_url.startswith("https:"),
    )


def origin_of(unit: "Unit", host: str) -> str:
    """Return the address under which the tenant is reached: a host of its own, else the configured one.

    `host` is the request's header as it came; only its port is taken.
    """
    config, facts = unit.kernel.config, unit.request
    public = urlsplit(config.public_url)
    own = config.multi_tenant and facts.host not in {"", public.hostname} and not is_local(facts.host)
    if public.netloc and not own:
        return f"{public.scheme}://{public.netloc}"
    return f"{facts.scheme}://{facts.host}{_port(host, facts.host)}"


def _port(host: str, name: str) -> str:
    """Return the port that a header `Host` has behind a name, with its colon; empty for what is none."""
    try:
        named = urlsplit(f"//{host}")
        port = named.port if named.hostname == name else None
    except ValueError:
        return ""
    return f":{port}" if port else ""


def csrf_token(token: str) -> str:
    """Return the CSRF token of a cookie session; pages carry it, other sites can't read them."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def credential(config: Config, scope: MutableMapping[str, Any]) -> Presented | None:
    """Return the credential of an ASGI request, a bearer token before a cookie.

    Raises `Unauthenticated` for a malformed one, `Forbidden` for a cookie that fails the CSRF check. The portal's
    cookie counts on the portal's paths, the staff's elsewhere.
    """
    given = bearer(scope)
    if given:
        return Presented(given, by_cookie=False)
    cookies = _cookies(_headers(scope))
    path = str(scope.get("path", ""))
    audience: Audience = "portal" if path.startswith(("/portal", "/api/v1/portal")) else "staff"
    token = cookies.get(cookie_name(config, audience))
    if not token:
        return None
    if scope.get("method") not in _SAFE:
        _check_csrf(config, scope, token)
    return Presented(token, by_cookie=True)


def bearer(scope: Mapping[str, Any]) -> str:
    """Return the bearer token of an ASGI request, empty without one; raises `Unauthenticated` for a malformed header."""
    authorization = _headers(scope).get("authorization", [])
    if not authorization:
        return ""
    scheme, _, token = authorization[0].partition(" ")
    if len(authorization) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            "Send one header: Authorization: Bearer <token or API key>.",
            code="authorization_malformed",
            header="Authorization",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token.strip()


def peer(scope: Mapping[str, Any]) -> str | None:
    """Return the address of the connection's other end."""
    client = scope.get("client")
    return str(client[0]) if client else None


def _check_csrf(config: Config, scope: MutableMapping[str, Any], token: str) -> None:
    headers = _headers(scope)
    sent = headers.get(CSRF_HEADER, [""])[0]
    foreign = _foreign(config, scope)
    if not foreign and not sent and headers.get("content-type", [""])[0].startswith(_FORMS):
        # A browser without scripts sends it with the body, which is read later: see `check_form`.
        scope[AWAITED] = csrf_token(token)
        return
    if foreign or not hmac.compare_digest(sent.encode(), csrf_token(token).encode()):
        raise unproven()


def unproven() -> Forbidden:
    """Return the refusal of a request that doesn't show that it comes from a page of ours."""
    return Forbidden(
        "The request doesn't come from a page of this application; reload the page and try again.",
        code="csrf",
        header="X-CSRF-Token",
    )


async def check_form(request: "Request[Any, Any, Any]") -> None:
    """Check the token that a form without scripts brings in its field, masked as pages have it; if it has to."""
    expected = request.scope.get(AWAITED)
    if expected is None:
        return
    pad, _, masked = str((await request.form()).get(CSRF_FIELD) or "").partition(".")
    try:
        pairs = zip(bytes.fromhex(pad), bytes.fromhex(masked), strict=True)
    except ValueError:
        raise unproven() from None
    sent = bytes(a ^ b for a, b in pairs).hex()
    if not hmac.compare_digest(sent, str(expected)):
        raise unproven()


def require_same_origin(config: Config, scope: Mapping[str, Any]) -> None:
    """Raise `Forbidden` for a request that another site's page makes, such as a log-in in somebody's name."""
    if _foreign(config, scope):
        raise Forbidden("The request comes from a page of another site.", code="csrf")


def _foreign(config: Config, scope: Mapping[str, Any]) -> bool:
    headers = _headers(scope)
    site = headers.get("sec-fetch-site", [""])[0]
    origin = headers.get("origin", [""])[0]
    here = f"{scope.get('scheme', 'http')}://{headers.get('host', [''])[0]}"
    own = _origin(config.public_url) or here
    at_home = origin in {"", own} or _of_tenant(config, scope, origin)
    return site not in {"", "same-origin", "none"} or not at_home


def _of_tenant(config: Config, scope: Mapping[str, Any], origin: str) -> bool:
    """Tell whether an origin is the host that the request was sent to, one of a tenant's own.

    A browser sends the host that it asks, so another site's page can't make the two agree.
    """
    facts = scope.get("psa.request")
    if facts is None:
        return False
    parts = urlsplit(origin)
    scheme = urlsplit(config.public_url).scheme or facts.scheme
    return bool(facts.host) and (parts.scheme, parts.hostname) == (scheme, facts.host)


def session_csrf(config: Config, scope: Mapping[str, Any]) -> str:
    """Return the CSRF token of the cookie session that a request comes with; empty without one."""
    presented = credential(config, {**scope, "method": "GET"})
    return csrf_token(presented.token) if presented and presented.by_cookie else ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _headers(scope: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope.get("headers", ()):
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _cookies(headers: Mapping[str, list[str]]) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    for line in headers.get("cookie", []):
        try:
            jar.load(line)
        except CookieError:
            return {}
    return {name: morsel.value for name, morsel in jar.items()}
