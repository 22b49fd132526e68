"""Log-in and log-out of a shell."""

from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response

from psa_sdk.context import Context
from psa_sdk.errors import Invalid, Problem
from psa_sdk.routes import AUTHENTICATED, PUBLIC
from psa_sdk.web import Browser, WebRequest, WebRoute
from psa_web import answers
from psa_web.arguments import form_of, struct_of
from psa_web.serving import Server


class LogIn(msgspec.Struct):
    """The log-in's form."""

    email: str
    password: str
    organisation: str = ""
    next: str = ""


def gate_routes(server: Server) -> list[WebRoute]:
    """Return the routes of a shell's log-in and log-out."""
    frame, site = server.frame, server.site

    async def show(ctx: Context, request: WebRequest) -> Response[Any]:
        if ctx.principal.kind != "anonymous":
            return answers.redirect(frame.prefix + "/")
        return _form(ctx, request, next_page=request.query_params.get("next", ""))

    def _form(
        ctx: Context,
        request: WebRequest,
        *,
        next_page: str,
        email: str = "",
        fault: str = "",
        status: int = 200,
    ) -> Response[Any]:
        place = site.here(ctx, request, frame)
        data = {"next": next_page, "email": email, "fault": fault, "title": place.gettext("Log in")}
        text = site.render(place, frame.login, data)
        headers = {"Content-Security-Policy": site.content_security(), "Cache-Control": "no-store"}
        return answers.html(text, request, status=status, headers=headers)

    async def enter(ctx: Context, request: WebRequest) -> Response[Any]:
        form: LogIn = struct_of(await form_of(request), LogIn, Invalid)
        try:
            cookie = await ctx.service(Browser).log_in(
                frame.audience, form.email, form.password, form.organisation
            )
        except Problem as problem:
            if problem.status >= 500:
                raise
            return _form(
                ctx,
                request,
                next_page=form.next,
                email=form.email,
                fault=str(problem),
                status=problem.status,
            )
        return answers.redirect(_safe(form.next, frame.prefix), {"Set-Cookie": cookie.header()})

    async def leave(ctx: Context, request: WebRequest) -> Response[Any]:
        cookie = await ctx.service(Browser).log_out()
        return answers.json(
            {"go": f"{frame.prefix}/login", "hard": True}, headers={"Set-Cookie": cookie.header()}
        )

    return [
        server.route("web", "GET", "/login", PUBLIC, show),
        server.route("web", "POST", "/login", PUBLIC, enter, max_body=1 << 14),
        server.route("web", "POST", "/logout", AUTHENTICATED, leave),
    ]


def _safe(target: str, prefix: str) -> str:
    """Return a path of the same shell, nothing else: no other site gets people who just logged in."""
    parts = urlsplit(target)
    own = not parts.scheme and not parts.netloc and target.startswith(prefix + "/") and "\\" not in target
    return target if own else prefix + "/"
