"""Asking a person: what an application wants, in words, and what becomes of their answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from psa_oauth import clients, devices, granting, redirects, scopes
from psa_oauth.issuer import issuer_of
from psa_oauth.requests import Asked, ClientFacts, Refused, Unanswerable, judge
from psa_oauth.tokens import typed
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Forbidden, Invalid
from psa_sdk.sign_in import SignIn
from psa_sdk.tables import new_id
from psa_sdk.ui import Go, Show
from psa_sdk.web import Browser, BrowserSession, WebRequest
from psa_web.api import here

_VERBS: Final = {"read": "see", "create": "create", "update": "change", "delete": "delete"}
_IDENTITY: Final = {
    scopes.OPENID: "Know who you are",
    scopes.PROFILE: "Your name, language and time zone",
    scopes.EMAIL: "Your e-mail address",
    scopes.OFFLINE: "Go on while you are away",
}
_PASSED: Final = (
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "login_after",
)
"""What a page passes on: `prompt` and `max_age` have become `login_after` by then."""
Form = Mapping[str, Sequence[str]]


class Right(msgspec.Struct, frozen=True):
    """A scope in words; `held` tells whether the person has anything of it to give."""

    scope: str
    words: str
    held: bool


class Typed(msgspec.Struct, kw_only=True):
    """The address of the devices' page."""

    user_code: str = ""


async def ask(ctx: Context, request: WebRequest) -> Mapping[str, Any] | Go:
    """Load the page that asks; a request that isn't in order goes back or is told here."""
    parameters = {name: request.query_params.getall(name) for name in request.query_params}
    session = await _session(ctx)
    try:
        asked = judge(parameters, await _client(ctx, parameters))
        not_before = asked.not_before(ctx.now.timestamp())
        recent = session is not None and _is_recent(session, not_before)
        if asked.silent:
            if session is None or not recent:
                raise asked.refused("login_required", "Nobody is logged in, or for too long.")
            return await _answer_silently(ctx, asked, session, issuer_of(ctx, request))
        if session is not None and not recent and asked.came_back and _since(session, not_before):
            raise asked.refused(
                "unmet_authentication_requirements", "Nobody tells when the person proved who they are."
            )
    except Unanswerable as problem:
        return {"problem": str(problem)}
    except Refused as problem:
        return Go(url=problem.address(issuer_of(ctx, request)), away=True)
    given = {name: values[-1] for name, values in parameters.items()}
    given |= {"login_after": str(not_before)} if not_before else {}
    passed = [(name, given[name]) for name in _PASSED if name in given]
    if not recent:
        return _log_in(
            ctx, f"{request.url.path}?{urlencode(passed)}", again=session is not None or not_before > 0
        )
    return {
        "client": asked.client,
        "rights": await _rights(ctx, asked.scopes),
        "passed": passed,
        "back": asked,
    }


async def answer(ctx: Context, request: WebRequest, form: Form) -> Go:
    """Send the browser back to the application with a code, or with a no."""
    await _require_person(ctx)
    parameters = {name: values for name, values in form.items() if name in _PASSED}
    issuer = issuer_of(ctx, request)
    try:
        asked = judge(parameters, await _client(ctx, parameters))
        session = await _session(ctx)
        if session is None or not _is_recent(session, asked.not_before(ctx.now.timestamp())):
            raise asked.refused("login_required", "The person would have to log in once more.")
        allowed = _allowed(await _rights(ctx, asked.scopes))
        if form.get("decision", [""])[-1] != "allow" or not allowed:
            raise asked.refused("access_denied", "The person said no.")
    except Unanswerable as problem:
        raise Invalid(str(problem)) from problem
    except Refused as problem:
        return Go(url=problem.address(issuer), away=True)
    await _remember(ctx, asked.client, allowed)
    code = await granting.write_code(ctx, asked, ctx.principal.id, allowed, session, issuer)
    return _with_code(asked, code, issuer)


async def _session(ctx: Context) -> BrowserSession | None:
    """Return the session of a person who is logged in to the end."""
    return await ctx.service(Browser).session() if ctx.principal.kind == "user" else None


def _is_recent(session: BrowserSession, not_before: int) -> bool:
    """Tell whether somebody proved who they are since an instant; 0 is content with any session."""
    proven = session.logged_in_at
    return not_before == 0 or (proven is not None and int(proven.timestamp()) >= not_before)


def _since(session: BrowserSession, instant: int) -> bool:
    return int(session.began_at.timestamp()) >= instant


def _log_in(ctx: Context, page: str, *, again: bool) -> Go:
    """Lead by the log-in, or by what is left of it, to a page."""
    confined = ctx.service(Browser).confined
    if confined == "password_expired":
        return Go(url="/password")
    if confined:
        return Go(url=f"/second-step?{urlencode({'next': page})}")
    return Go(url=f"/login?{urlencode({'next': page} | ({'again': '1'} if again else {}))}")


async def _answer_silently(ctx: Context, asked: Asked, session: BrowserSession, issuer: str) -> Go:
    """Answer with a code where the person allowed all of it before (OpenID Connect Core 3.1.2.1); raises `Refused`."""
    allowed = _allowed(await _rights(ctx, asked.scopes))
    known: Sequence[str] | None = await ctx.db.fetch_value(
        "SELECT scopes FROM oauth.consent WHERE account = $1 AND client = $2",
        ctx.principal.id,
        asked.client.id,
    )
    impersonated = await ctx.service(Browser).impersonation() is not None
    if impersonated or not allowed or scopes.beyond(allowed, known or ()):
        raise asked.refused("consent_required", "The person has to be asked.")
    who = ctx.principal.id
    # A page only reads; what is written here is of no use to anybody but the application.
    async with ctx.outside(), ctx.service(SignIn).unit() as unit:
        code = await granting.write_code(unit, asked, who, allowed, session, issuer)
        return _with_code(asked, code, issuer)


def _with_code(asked: Asked, code: str, issuer: str) -> Go:
    told = {"code": code, "iss": issuer} | ({"state": asked.state} if asked.state else {})
    return Go(url=redirects.answer(asked.redirect_uri, told), away=True)


async def ask_for_device(ctx: Context, query: Typed) -> Mapping[str, Any]:
    """Load the page on which the code of a device is typed, and then asked about."""
    device = await devices.waiting(ctx, query.user_code) if query.user_code else None
    if device is None:
        return {"user_code": query.user_code, "unknown": bool(query.user_code)}
    rights = await _rights(ctx, device.scopes)
    return {"user_code": device.user_code, "client": device.client, "rights": rights}


async def find_device(ctx: Context, form: Typed) -> Go:
    """Look a typed code up."""
    if await devices.waiting(ctx, form.user_code) is None:
        raise Invalid("No device shows this code, or it is too old.", pointer="/user_code")
    return Go(url=f"/oauth/device?user_code={typed(form.user_code)}")


async def answer_device(ctx: Context, request: WebRequest, form: Form) -> Show:
    """Let a device in, or not."""
    await _require_person(ctx)
    device = await devices.waiting(ctx, form.get("user_code", [""])[-1])
    if device is None:
        raise Invalid("No device shows this code, or it is too old.")
    allowed = _allowed(await _rights(ctx, device.scopes))
    yes = form.get("decision", [""])[-1] == "allow" and bool(allowed)
    session = await _session(ctx)
    proven = session.logged_in_at if session else None
    issuer = issuer_of(ctx, request)
    if not await devices.decide(ctx, device, ctx.principal.id, allowed if yes else None, proven, issuer):
        raise Invalid("No device shows this code, or it is too old.")
    if yes:
        await _remember(ctx, device.client, allowed)
    return Show(template="oauth.console/device_done.html", data={"client": device.client, "yes": yes})


async def _require_person(ctx: Context) -> None:
    """An application's own token must not allow it more, nor somebody who acts as another."""
    if ctx.principal.kind != "user":
        raise Forbidden("Only a person who is logged in can allow this.", code="person_needed")
    if await ctx.service(Browser).impersonation() is not None:
        raise Forbidden("End the impersonation first; this is the owner's alone.", code="impersonating")


async def _client(ctx: Context, parameters: Form) -> ClientFacts | None:
    return await clients.find(ctx, (parameters.get("client_id") or [""])[-1])


async def _remember(ctx: Context, client: ClientFacts, allowed: Sequence[str]) -> None:
    """Write the consent down; what was allowed before stays allowed."""
    await ctx.db.execute(
        "INSERT INTO oauth.consent AS c (id, created_at, account, client, scopes, granted_at)"
        " VALUES ($1, $2, $3, $4, $5, $2) ON CONFLICT (tenant_id, account, client) DO UPDATE SET granted_at = $2,"
        " version = c.version + 1, scopes = ARRAY(SELECT DISTINCT unnest(c.scopes || EXCLUDED.scopes) ORDER BY 1)",
        new_id(),
        ctx.now,
        ctx.principal.id,
        client.id,
        sorted(allowed),
    )
    await ctx.audit("oauth_allowed", "oauth-clients", client.id, scopes=list(allowed))


async def _rights(ctx: Context, asked: Iterable[str]) -> list[Right]:
    me = (await ctx.service(Documents).call("GET", "/auth/me")).attributes
    return [
        Right(
            scope,
            words_of(scope),
            scope in scopes.IDENTITY or any(scopes.covers(scope, held) for held in me.permissions),
        )
        for scope in asked
    ]


def _allowed(rights: Iterable[Right]) -> list[str]:
    return [right.scope for right in rights if right.held]


def words_of(scope: str) -> str:
    """Return what a scope means, in the reader's language."""
    place = here()
    if scope in _IDENTITY:
        return place.gettext(_IDENTITY[scope])
    if scope == "*":
        return place.gettext("Everything that you may do")
    installation = place.site.installation
    plugin, _, rest = scope.removesuffix(".*").partition(".")
    if not rest:
        title = installation.plugins[plugin].manifest.title if plugin in installation.plugins else plugin
        return place.gettext("%(thing)s: everything that you may do") % {"thing": place.gettext(title)}
    if scope.endswith(".*"):
        resource = installation.resources.get(rest.replace("_", "-"))
        title = place.gettext(resource.title) if resource else rest
        return place.gettext("%(thing)s: everything that you may do") % {"thing": title}
    noun, _, verb = rest.rpartition(".")
    resource = installation.resources.get(noun.replace("_", "-"))
    if resource is not None and verb in _VERBS:
        words = {"thing": place.gettext(resource.title), "verb": place.gettext(_VERBS[verb])}
        return place.gettext("%(thing)s: %(verb)s") % words
    declared = installation.plugins[plugin].manifest.permissions if plugin in installation.plugins else ()
    return next((place.gettext(one.title) for one in declared if one.name == scope), scope)
