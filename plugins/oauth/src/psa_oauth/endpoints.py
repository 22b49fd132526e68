"""The protocol's endpoints for programs: tokens, devices, introspection, revocation, keys, the person."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response

from psa_oauth import clients, devices, granting, logouts, scopes, signing, tokens
from psa_oauth.issuer import issuer_of
from psa_oauth.refusals import JSON, OAuthError, answer, refusal
from psa_oauth.requests import ClientFacts
from psa_sdk import AUTHENTICATED, PUBLIC, Context, get, post
from psa_sdk.errors import Forbidden
from psa_sdk.identity import Delegations
from psa_sdk.sign_in_pages import PREFIXES

Form = Mapping[str, Sequence[str]]
_FORM: Final = "application/x-www-form-urlencoded"
_OPTIONS: Final = {
    "permission": PUBLIC,
    "body_types": (_FORM,),
    "media_type": JSON,
    "audience": "both",
    "idempotent": False,
    "keeps_refusals": True,
    "own_authorization": True,
    "max_body": 1 << 16,
}
_ONCE: Final = frozenset(
    ("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "client_id", "scope")
)


@post("/oauth/{tenant:str}/token", **_OPTIONS)
async def token(ctx: Context, request: Request[Any, Any, Any], tenant: str) -> Response[bytes]:
    """Trade a code, a refresh token, a device code or an application's own secret for an access token (RFC 6749 3.2)."""
    issuer = issuer_of(ctx, request, tenant)

    async def trade(client: ClientFacts, form: Form) -> dict[str, Any]:
        kind = _one(form, "grant_type")
        if kind not in _TRADES:
            raise OAuthError("unsupported_grant_type", f"There is no grant type {kind!r} here.")
        if kind not in client.grant_types:
            raise OAuthError("unauthorized_client", f"The application isn't registered for {kind}.")
        return await _TRADES[kind](ctx, client, form, issuer)

    return await _served(ctx, request, trade)


@post("/oauth/{tenant:str}/device", **_OPTIONS)
async def device(ctx: Context, request: Request[Any, Any, Any], tenant: str) -> Response[bytes]:
    """Begin the log-in of a device without a browser (RFC 8628 3.1)."""
    issuer = issuer_of(ctx, request, tenant)

    async def begin(client: ClientFacts, form: Form) -> dict[str, Any]:
        if devices.GRANT_TYPE not in client.grant_types:
            raise OAuthError("unauthorized_client", "The application isn't registered for devices.")
        asked = _scopes(form, client.scopes)
        if not asked:
            raise OAuthError("invalid_scope", "Ask for scopes that the application is registered for.")
        device_code, user_code = await devices.begin(ctx, client, asked)
        page = f"{issuer.rpartition('/oauth/')[0]}/ui/oauth/device"
        return {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={user_code}",
            "expires_in": int(devices.LASTS.total_seconds()),
            "interval": devices.INTERVAL,
        }

    return await _served(ctx, request, begin)


@post("/oauth/{tenant:str}/introspect", **_OPTIONS)
async def introspect(ctx: Context, request: Request[Any, Any, Any], tenant: str) -> Response[bytes]:
    """Tell an application about one of its own tokens (RFC 7662); those of others don't exist for it."""
    issuer = issuer_of(ctx, request, tenant)

    async def look(client: ClientFacts, form: Form) -> dict[str, Any]:
        if not client.confidential:
            raise OAuthError("invalid_client", "Introspection wants a secret.", status=401)
        found = await _known(ctx, client, _one(form, "token"))
        return {"active": True, "iss": issuer, **found} if found else {"active": False}

    return await _served(ctx, request, look)


@post("/oauth/{tenant:str}/revoke", **_OPTIONS)
async def revoke(ctx: Context, request: Request[Any, Any, Any], tenant: str) -> Response[bytes]:
    """End a token and all that came with it (RFC 7009); unknown ones are no error."""
    issuer_of(ctx, request, tenant)

    async def give_back(client: ClientFacts, form: Form) -> dict[str, Any]:
        found = await _known(ctx, client, _one(form, "token"))
        if found:
            await granting.end(ctx, "revoked", id=found["_family"])
        return {}

    return await _served(ctx, request, give_back)


_LOGOUT: Final = {
    "permission": PUBLIC,
    "audience": "both",
    "media_type": "text/html",
    "own_authorization": True,
}


@get("/oauth/{tenant:str}/logout", **_LOGOUT)
async def logout(ctx: Context, request: Request[Any, Any, Any], tenant: str) -> Response[bytes]:
    """Lead to the page that logs a person out (RP-Initiated Logout 2), whose cookies are the page's."""
    issuer_of(ctx, request, tenant)
    return _to_logout(request.query_params.multi_items())


@post("/oauth/{tenant:str}/logout", **_LOGOUT, body_types=(_FORM,), idempotent=False, max_body=1 << 16)
async def posted_logout(ctx: Context, request: Request[Any, Any, Any], tenant: str) -> Response[bytes]:
    """Do the same for an application that posts it."""
    issuer_of(ctx, request, tenant)
    return _to_logout((await request.form()).multi_items())


def _to_logout(sent: Iterable[tuple[str, Any]]) -> Response[bytes]:
    known = [(name, value) for name, value in sent if name in logouts.PARAMETERS and isinstance(value, str)]
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    page = f"{PREFIXES['staff']}/oauth/logout{'?' if known else ''}{urlencode(known)}"
    return Response(b"", status_code=303, media_type="text/html", headers={**headers, "Location": page})


@get("/oauth/{tenant:str}/jwks", permission=PUBLIC, audience="both", media_type=JSON, writes=True)
async def jwks(ctx: Context, request: Request[Any, Any, Any], tenant: str) -> Response[bytes]:
    """Publish the keys that id_tokens are signed with (RFC 7517)."""
    issuer_of(ctx, request, tenant)
    return answer({"keys": await signing.published(ctx)}, headers={"Cache-Control": "public, max-age=300"})


@get("/oauth-userinfo", permission=AUTHENTICATED, media_type=JSON)
async def userinfo(ctx: Context, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell an application who the person is (OpenID Connect Core 5.3)."""
    presented = request.headers.get("authorization", "").partition(" ")[2].strip()
    held = await ctx.service(Delegations).find(presented)
    row = (
        await ctx.db.fetch_one("SELECT scopes FROM oauth.family WHERE id = $1", held.family) if held else None
    )
    if held is None or row is None or scopes.OPENID not in row["scopes"]:
        raise Forbidden("This wants an access token with the scope openid.", code="insufficient_scope")
    return answer(await signing.claims_of(ctx, held.account_id, row["scopes"]))


async def _served(
    ctx: Context,
    request: Request[Any, Any, Any],
    work: Callable[[ClientFacts, Form], Awaitable[dict[str, Any]]],
) -> Response[bytes]:
    """Answer an application that has proven itself; refusals are returned, so that what they noted is kept."""
    try:
        form = await _form(request)
        client = await clients.believed(ctx, request.headers.get("authorization", ""), form)
        told = await work(client, form)
    except OAuthError as error:
        return refusal(error)
    return answer({name: value for name, value in told.items() if not name.startswith("_")})


async def _form(request: Request[Any, Any, Any]) -> Form:
    sent: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if not isinstance(value, str):
            raise OAuthError("invalid_request", "Send a form without files.")
        sent.setdefault(name, []).append(value)
    repeated = [name for name in _ONCE if len(sent.get(name, ())) > 1]
    if repeated:
        raise OAuthError("invalid_request", f"{', '.join(sorted(repeated))} is there twice.")
    return sent


def _one(form: Form, name: str) -> str:
    value = form.get(name, ("",))[-1]
    if not value:
        raise OAuthError("invalid_request", f"{name} is missing.")
    return value


def _scopes(form: Form, allowed: Sequence[str]) -> tuple[str, ...]:
    asked = scopes.parsed(form.get("scope", ("",))[-1])
    if scopes.beyond(asked, allowed):
        raise OAuthError("invalid_scope", "The scopes go beyond what the application is registered for.")
    return asked


async def _with_code(ctx: Context, client: ClientFacts, form: Form, issuer: str) -> dict[str, Any]:
    granted = await granting.take_code(
        ctx, client, _one(form, "code"), _one(form, "redirect_uri"), _one(form, "code_verifier")
    )
    return await granting.answer(ctx, client, granted, issuer=issuer)


async def _with_refresh_token(ctx: Context, client: ClientFacts, form: Form, issuer: str) -> dict[str, Any]:
    narrowed = scopes.parsed(form.get("scope", ("",))[-1])
    granted, following = await granting.take_refresh_token(ctx, client, _one(form, "refresh_token"), narrowed)
    return await granting.answer(ctx, client, granted, issuer=issuer, refresh_token=following)


async def _on_its_own(ctx: Context, client: ClientFacts, form: Form, issuer: str) -> dict[str, Any]:
    asked = _scopes(form, client.scopes) or tuple(client.scopes)
    allowed = scopes.grants(asked)
    if not allowed:
        raise OAuthError("invalid_scope", "On its own an application asks for permissions, not for a person.")
    granted = await granting.begin(ctx, client, client.owner, allowed)
    return await granting.answer(ctx, client, granted, issuer=issuer, refresh_token="")


async def _with_device_code(ctx: Context, client: ClientFacts, form: Form, issuer: str) -> dict[str, Any]:
    granted = await devices.take(ctx, client, _one(form, "device_code"))
    return await granting.answer(ctx, client, granted, issuer=issuer)


_TRADES: Final[Mapping[str, Callable[[Context, ClientFacts, Form, str], Awaitable[dict[str, Any]]]]] = {
    "authorization_code": _with_code,
    "refresh_token": _with_refresh_token,
    "client_credentials": _on_its_own,
    devices.GRANT_TYPE: _with_device_code,
}


async def _known(ctx: Context, client: ClientFacts, presented: str) -> dict[str, Any]:
    """Return what an own token that is good stands for; empty otherwise. `_family` isn't told."""
    held = await ctx.service(Delegations).find(presented)
    row = await ctx.db.fetch_one(
        "SELECT f.id, f.account, f.scopes, f.created_at, f.expires_at FROM oauth.family f"
        " LEFT JOIN oauth.refresh_token t ON t.tenant_id = f.tenant_id AND t.family = f.id AND t.token_hash = $2"
        " WHERE f.client = $1 AND f.ended_at IS NULL AND f.expires_at > $3"
        " AND (f.id = $4 OR (t.id IS NOT NULL AND t.replaced_at IS NULL))",
        client.id,
        tokens.digest(presented),
        ctx.now,
        held.family if held else None,
    )
    if row is None:
        return {}
    expires, issued, given = row["expires_at"], row["created_at"], row["scopes"]
    if held:
        # What a renewal was narrowed to.
        about = [scope for scope in given if scope in scopes.IDENTITY]
        expires, issued, given = held.expires_at, held.issued_at, [*about, *held.scopes]
    return {
        "_family": row["id"],
        "client_id": str(client.id),
        "sub": str(row["account"]),
        "scope": " ".join(given),
        "exp": int(expires.timestamp()),
        "iat": int(issued.timestamp()),
        **({"token_type": "Bearer"} if held else {}),
    }


ALL = (token, device, introspect, revoke, logout, posted_logout, jwks, userinfo)
