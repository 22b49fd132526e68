"""Parts: panels and widgets that are fetched after their page."""

from typing import Any
from uuid import UUID

from litestar import Response

from psa_sdk.context import Context
from psa_sdk.errors import NotFound
from psa_sdk.routes import AUTHENTICATED
from psa_sdk.ui import FormPart, Panel, Widget
from psa_sdk.web import WebRequest, WebRoute
from psa_web import answers
from psa_web.serving import Server
from psa_web.slots import fill


def part_route(server: Server) -> WebRoute:
    """Return the route by which lazy parts arrive."""

    async def part(ctx: Context, request: WebRequest) -> Response[Any]:
        place = server.site.here(ctx, request, server.frame)
        wanted = request.path_params["id"]
        subject = request.query_params.get("subject")
        shown: list[Panel | Widget | FormPart] = [
            *server.site.shown("panels", Panel, place),
            *server.site.shown("widgets", Widget, place),
            *server.site.shown("form_parts", FormPart, place),
        ]
        for one in shown:
            if one.id == wanted:
                filled = await fill(place, one, UUID(subject) if subject else None, now=True)
                return answers.html(str(filled.body) if filled else "", request)
        raise NotFound(f"There is no part {wanted}.")

    return server.route("web", "GET", "/parts/{id:str}", AUTHENTICATED, part)
