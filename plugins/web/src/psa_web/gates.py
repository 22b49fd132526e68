"""Log-in and log-out of a shell."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response

from psa_sdk.context import Context
from psa_sdk.errors import Invalid, Problem
from psa_sdk.routes import AUTHENTICATED, PUBLIC
from psa_sdk.sign_in import SignInWay
from psa_sdk.sign_in_pages import own_page
from psa_sdk.web import Browser, WebRequest, WebRoute
from psa_web import answers
from psa_web.arguments import form_of, struct_of
from psa_web.expired_gate import expired_routes
from psa_web.impersonation_gate import impersonation_routes
from psa_web.passkey_gate import passkey_routes, shown_at
from psa_web.password_gates import password_routes
from psa_web.second_step_gate import PAGES, second_step_routes
from psa_web.serving import Server

UNFINISHED = ("password_expired", *PAGES)
"""States of a log-in that one can leave."""

_SAID: Final = {
    "sso": "The log-in by single sign-on was refused; try again or ask your administrator.",
    "sso_expired": "The log-in took too long or was begun in another browser; try again.",
}
"""What a plugin that refuses a log-in may have said, by its word in `?refused=`."""


class LogIn(msgspec.Struct):
    """The log-in's form."""

    email: str
    password: str
    organisation: str = ""
    next: str = ""
    again: str = ""
    """`1` where somebody who may be logged in is to prove once more who they are."""


def gate_routes(server: Server) -> list[WebRoute]:
    """Return the routes of a shell's log-in and log-out."""
    frame = server.frame

    async def show(ctx: Context, request: WebRequest) -> Response[Any]:
        asked = request.query_params
        if ctx.principal.kind != "anonymous" and asked.get("again") != "1":
            return answers.redirect(frame.prefix + "/")
        return await _form(
            ctx,
            request,
            next_page=asked.get("next", ""),
            again=asked.get("again") == "1",
            fault=_SAID.get(asked.get("refused", ""), ""),
            changed=asked.get("changed") == "1",
            ways=await ctx.service(Browser).sign_in_ways(frame.audience),
        )

    async def _form(
        ctx: Context,
        request: WebRequest,
        *,
        next_page: str,
        again: bool,
        email: str = "",
        fault: str = "",
        changed: bool = False,
        status: int = 200,
        dress: Mapping[str, Any] | None = None,
        ways: Sequence[SignInWay] = (),
    ) -> Response[Any]:
        onward = ({"next": next_page} if next_page else {}) | ({"again": "1"} if again else {})
        data = {
            "next": next_page,
            "again": again,
            "onward": f"?{urlencode(onward)}" if onward else "",
            "email": email,
            "fault": fault,
            "changed": changed,
            "title": "Log in",
            "ways": ways,
            **shown_at(request, ctx),
        }
        return await server.gate(ctx, request, frame.login, data, status=status, dress=dress)

    async def enter(ctx: Context, request: WebRequest) -> Response[Any]:
        form: LogIn = struct_of(await form_of(request), LogIn, Invalid)
        dress = await server.dress(ctx)
        ways = await ctx.service(Browser).sign_in_ways(frame.audience)
        try:
            cookie = await ctx.service(Browser).log_in(
                frame.audience, form.email, form.password, form.organisation
            )
        except Problem as problem:
            if problem.status >= 500:
                raise
            return await _form(
                ctx,
                request,
                next_page=form.next,
                again=form.again == "1",
                email=form.email,
                fault=str(problem),
                status=problem.status,
                dress=dress,
                ways=ways,
            )
        return answers.redirect(own_page(form.next, frame.prefix), {"Set-Cookie": cookie.header()})

    async def leave(ctx: Context, request: WebRequest) -> Response[Any]:
        browser = ctx.service(Browser)
        ways = await browser.sign_in_ways(frame.audience)
        cookie = await browser.log_out()
        onward = next((way.leave for way in ways if way.leave), f"{frame.prefix}/login")
        return answers.json({"go": onward, "hard": True}, headers={"Set-Cookie": cookie.header()})

    return [
        server.route("web", "GET", "/login", PUBLIC, show),
        server.route("web", "POST", "/login", PUBLIC, enter, max_body=1 << 14),
        server.route("web", "POST", "/logout", AUTHENTICATED, leave, confined=UNFINISHED),
        *password_routes(server),
        *expired_routes(server),
        *second_step_routes(server, own_page),
        *passkey_routes(server, own_page, PAGES),
        *impersonation_routes(server),
    ]
