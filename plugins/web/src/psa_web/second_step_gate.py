"""The pages of a log-in's second step: the code of an authenticator, or setting one up where it is required."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response

from psa_sdk.context import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.routes import AUTHENTICATED
from psa_sdk.web import Browser, WebRequest, WebRoute
from psa_web import answers
from psa_web.arguments import form_of, struct_of
from psa_web.passkey_gate import SETUP, shown_at
from psa_web.serving import Server

PAGES = ("mfa_required", SETUP)
"""States of a log-in in which these pages are open."""
PATH = "/second-step"


class Code(msgspec.Struct):
    """The form of a code."""

    code: str = ""


def _next(request: WebRequest) -> str:
    """Return the page that somebody wanted when the log-in stood in the way."""
    return request.query_params.get("next", "")


def second_step_routes(server: Server, onward: Callable[[str, str], str]) -> list[WebRoute]:
    """Return a shell's routes for people who have shown their password and nothing else yet.

    `onward` makes a safe path of where somebody wanted to go.
    """
    frame = server.frame

    def here_again(request: WebRequest) -> str:
        return f"?{urlencode({'next': wanted})}" if (wanted := _next(request)) else ""

    if not frame.gate:
        return []

    async def ask(ctx: Context, request: WebRequest) -> Response[Any]:
        if ctx.service(Browser).confined not in PAGES:
            return answers.redirect(f"{frame.prefix}/")
        setup = ctx.service(Browser).confined == SETUP
        title = "Set up your authenticator" if setup else "Confirm it is you"
        data = {"title": title, "setup": setup, "gate": frame.gate, **shown_at(request, ctx)}
        data |= {"wanted": _next(request), "again": here_again(request)}
        return await server.gate(ctx, request, "web/second_step.html", data)

    async def begin(ctx: Context, request: WebRequest) -> Response[Any]:
        made = (await ctx.service(Documents).call("POST", "/auth/mfa/setup")).attributes
        place = server.site.here(ctx, request, frame)
        data = {"made": made, "action": place.url(PATH) + here_again(request), "target": "#second-step"}
        return answers.json({"html": server.site.render(place, "web/authenticator.html", data)})

    async def take(ctx: Context, request: WebRequest) -> Response[Any]:
        form: Code = struct_of(await form_of(request), Code, Invalid)
        passed = await ctx.service(Browser).second_step(form.code.strip())
        headers = {"Set-Cookie": passed.cookie.header()} if passed.cookie else {}
        target = onward(_next(request), frame.prefix)
        if not passed.recovery_codes:
            return answers.json({"go": target, "hard": True}, headers=headers)
        place = server.site.here(ctx, request, frame)
        data = {"codes": passed.recovery_codes, "onward": target}
        html = server.site.render(place, "web/recovery_codes.html", data)
        return answers.json({"html": html}, headers=headers)

    return [
        server.route("auth", "GET", PATH, AUTHENTICATED, ask, confined=PAGES),
        server.route("auth", "POST", PATH, AUTHENTICATED, take, confined=PAGES, max_body=1 << 14),
        server.route("auth", "POST", f"{PATH}/setup", AUTHENTICATED, begin, confined=(SETUP,)),
    ]
