"""Passwords before a log-in: asking for a link, and choosing a password with one (a reset, or an invitation)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response

from psa_sdk.context import Context
from psa_sdk.errors import Invalid
from psa_sdk.routes import PUBLIC
from psa_sdk.web import Browser, WebRequest, WebRoute
from psa_web import answers
from psa_web.arguments import form_of, struct_of
from psa_web.serving import Server


class Forgot(msgspec.Struct):
    """Whose password is forgotten."""

    email: str = ""
    organisation: str = ""


class Chosen(msgspec.Struct):
    """A new password and the token that allows it."""

    token: str = ""
    new_password: str = ""
    repeated: str = ""


def password_routes(server: Server) -> list[WebRoute]:
    """Return a shell's routes for people who have no password, or none any more."""
    frame = server.frame
    if not frame.forgot or not frame.reset:
        return []

    async def ask(ctx: Context, request: WebRequest) -> Response[Any]:
        return await server.gate(
            ctx, request, frame.forgot, {"title": "Forgot your password?", "sent": False}
        )

    async def send(ctx: Context, request: WebRequest) -> Response[Any]:
        form: Forgot = struct_of(await form_of(request), Forgot, Invalid)
        dress = await server.dress(ctx)
        await ctx.service(Browser).forgot_password(frame.audience, form.email, form.organisation)
        data = {"title": "Look into your mail", "sent": True}
        return await server.gate(ctx, request, frame.forgot, data, dress=dress)

    async def choose(ctx: Context, request: WebRequest) -> Response[Any]:
        # Whoever is logged in here may be somebody else: the link counts, and its form comes without a session.
        return await _form(ctx, request, request.query_params.get("token", ""), leave=True)

    async def redeem(ctx: Context, request: WebRequest) -> Response[Any]:
        form: Chosen = struct_of(await form_of(request), Chosen, Invalid)
        if form.new_password != form.repeated:
            return await _form(ctx, request, form.token, faults=["The two passwords differ."])
        dress = await server.dress(ctx)
        try:
            await ctx.service(Browser).set_password(frame.audience, form.token, form.new_password)
        except Invalid as problem:
            faults = [fault.detail for fault in problem.faults]
            return await _form(ctx, request, form.token, faults=faults, dress=dress)
        return answers.redirect(f"{frame.prefix}/login?changed=1")

    async def _form(
        ctx: Context,
        request: WebRequest,
        token: str,
        *,
        faults: list[str] | None = None,
        leave: bool = False,
        dress: Mapping[str, Any] | None = None,
    ) -> Response[Any]:
        shortest = await ctx.service(Browser).shortest_password(frame.audience, token)
        data = {"title": "Choose a password", "token": token, "faults": faults or [], "shortest": shortest}
        headers = server.forgotten_cookie(request) if leave else {}
        return await server.gate(
            ctx, request, frame.reset, data, status=422 if faults else 200, headers=headers, dress=dress
        )

    return [
        server.route("web", "GET", "/forgot", PUBLIC, ask),
        server.route("web", "POST", "/forgot", PUBLIC, send, max_body=1 << 14),
        server.route("web", "GET", "/reset", PUBLIC, choose),
        server.route("web", "POST", "/reset", PUBLIC, redeem, max_body=1 << 14),
    ]
