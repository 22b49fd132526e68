"""Logging a person out for an application (OpenID Connect RP-Initiated Logout 1.0): at once, or after asking them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response

from psa_oauth import clients, logouts, signing
from psa_oauth.issuer import issuer_of
from psa_oauth.logouts import PARAMETERS, Logout, Present
from psa_sdk import Context
from psa_sdk.sign_in_pages import PREFIXES, lead
from psa_sdk.signing import Signer, read_token, write_token
from psa_sdk.ui import Go
from psa_sdk.web import Browser, WebRequest

PATH: Final = "/oauth/logout"
_CONFIRMED: Final = "confirmed"
_PURPOSE: Final = "oauth-logout"
_LASTS: Final = 60
"""Seconds from the button to the page that logs out: no page of others can send anybody there."""
Form = Mapping[str, Sequence[str]]


async def ask(ctx: Context, request: WebRequest) -> Mapping[str, Any] | Response[Any]:
    """Log somebody out whom the request is proven to be about, or who said yes; ask anybody else."""
    parameters = {name: request.query_params.getall(name) for name in request.query_params}
    present = await _present(ctx)
    if present is None and not ctx.service(Browser).organisation:
        # Nothing here tells whose this is: a host of many organisations.
        return {"done": True}
    asked = await _judged(ctx, request, parameters, present)
    if present is None:
        return lead(asked.address) if asked.address else {"done": True}
    if asked.proven or _has_confirmed(ctx, request.query_params.get(_CONFIRMED, "")):
        return await _leave(ctx, asked)
    passed = [(name, value) for name in PARAMETERS for value in parameters.get(name, ())]
    return {"client": asked.client, "address": asked.address, "passed": passed}


async def confirm(ctx: Context, form: Form) -> Go:
    """Go on to log out: the person wants it."""
    passed = [(name, value) for name in PARAMETERS for value in form.get(name, ())]
    text = f"{ctx.principal.id}~{int(ctx.now.timestamp()) + _LASTS}"
    passed.append((_CONFIRMED, write_token(ctx.service(Signer), _PURPOSE, text)))
    return Go(url=f"{PREFIXES['staff']}{PATH}?{urlencode(passed)}", away=True)


async def _present(ctx: Context) -> Present | None:
    if ctx.principal.kind != "user":
        return None
    session = await ctx.service(Browser).session()
    return Present(account=ctx.principal.id, session=session.id if session else None)


async def _judged(ctx: Context, request: WebRequest, parameters: Form, present: Present | None) -> Logout:
    told = parameters.get("id_token_hint", ())
    hint = await signing.read_hint(ctx, issuer_of(ctx, request), told[0]) if len(told) == 1 else None
    client = await clients.find(ctx, logouts.client_named(parameters, hint))
    return logouts.judge(parameters, hint, client, present)


async def _leave(ctx: Context, asked: Logout) -> Response[Any]:
    """End the session; without an address that is registered people stay here, or log out at their provider too."""
    browser = ctx.service(Browser)
    ways = await browser.sign_in_ways("staff")
    cookie = await browser.log_out()
    here = next((way.leave for way in ways if way.leave), f"{PREFIXES['staff']}{PATH}")
    return lead(asked.address or here, headers={"Set-Cookie": cookie.header()})


def _has_confirmed(ctx: Context, token: str) -> bool:
    try:
        account, _, ends = read_token(ctx.service(Signer), _PURPOSE, token).partition("~")
    except ValueError:
        return False
    return account == str(ctx.principal.id) and 0 <= int(ends) - ctx.now.timestamp() <= _LASTS
