"""Acting as somebody else in a browser: begin from their record, end from the banner on every page."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from psa_sdk.context import Context
from psa_sdk.errors import Invalid
from psa_sdk.routes import AUTHENTICATED
from psa_sdk.web import Browser, WebRequest, WebRoute
from psa_web import answers
from psa_web.arguments import form_of, struct_of
from psa_web.serving import Server


class Why(msgspec.Struct):
    """The form by which it begins."""

    reason: str = ""


def impersonation_routes(server: Server) -> list[WebRoute]:
    """Return a shell's routes; it begins among staff and goes on in the shell of the other's audience."""
    frame = server.frame
    homes = {one.audience: f"{one.prefix}/" for one in server.site.frames.values()}

    async def begin(ctx: Context, request: WebRequest) -> Response[Any]:
        form: Why = struct_of(await form_of(request), Why, Invalid)
        if len(form.reason.strip()) < 3:
            raise Invalid("Say why; it is kept in the audit log.", pointer="/reason")
        person: UUID = request.path_params["id"]
        audience, cookie = await ctx.service(Browser).impersonate(person, form.reason.strip()[:500])
        return answers.json({"go": homes[audience], "hard": True}, headers={"Set-Cookie": cookie.header()})

    async def end(ctx: Context, request: WebRequest) -> Response[Any]:
        cookie = await ctx.service(Browser).end_impersonation()
        return answers.json({"go": homes["staff"], "hard": True}, headers={"Set-Cookie": cookie.header()})

    ending = server.route("auth", "POST", "/impersonation/end", AUTHENTICATED, end)
    if frame.audience != "staff":
        return [ending]
    return [
        ending,
        server.route(
            "auth", "POST", "/impersonate/{id:uuid}", "auth.users.impersonate", begin, max_body=1 << 13
        ),
    ]
