"""The page of those whose password has expired: until it is changed they are let in nowhere else."""

from typing import Any

import msgspec
from litestar import Response

from psa_sdk.context import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid
from psa_sdk.routes import AUTHENTICATED
from psa_sdk.web import Browser, WebRequest, WebRoute
from psa_web import answers
from psa_web.arguments import form_of, struct_of
from psa_web.serving import Server

CODE = "password_expired"


class Changed(msgspec.Struct):
    """The form of a new password."""

    current_password: str = ""
    new_password: str = ""
    repeated: str = ""


def expired_routes(server: Server) -> list[WebRoute]:
    """Return a shell's routes for people whose password has expired."""
    frame = server.frame
    if not frame.expired:
        return []

    async def ask(ctx: Context, request: WebRequest) -> Response[Any]:
        browser = ctx.service(Browser)
        if browser.confined != CODE:
            return answers.redirect(f"{frame.prefix}/")
        shortest = await browser.shortest_password(frame.audience)
        data = {"title": "Your password has expired", "shortest": shortest}
        return await server.gate(ctx, request, frame.expired, data)

    async def change(ctx: Context, request: WebRequest) -> Response[Any]:
        form: Changed = struct_of(await form_of(request), Changed, Invalid)
        if form.new_password != form.repeated:
            raise Invalid(faults=[Fault(detail="The two new passwords differ.", pointer="/repeated")])
        body = {"current_password": form.current_password, "new_password": form.new_password}
        await ctx.service(Documents).call("POST", "/auth/password", body=body)
        return answers.json({"go": f"{frame.prefix}/", "hard": True})

    return [
        server.route("auth", "GET", "/password", AUTHENTICATED, ask, confined=(CODE,)),
        server.route("auth", "POST", "/password", AUTHENTICATED, change, confined=(CODE,), max_body=1 << 14),
    ]
