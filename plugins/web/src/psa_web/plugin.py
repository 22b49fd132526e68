"""The web plugin: makes routes of the pages that installed plugins declare, for the shells that are installed."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litestar import Response

from psa_sdk import Context, Manifest, Principal, Scope, hookimpl
from psa_sdk.errors import NotFound
from psa_sdk.routes import AUTHENTICATED, PUBLIC
from psa_sdk.ui import Action, Page
from psa_sdk.web import Installation, WebAsset, WebRequest, WebRoute
from psa_web import answers, resources, tables
from psa_web.account.pages import UI
from psa_web.gates import gate_routes
from psa_web.palette import palette_routes
from psa_web.parts import part_route
from psa_web.records import saved
from psa_web.records.routes import record_routes
from psa_web.serving import Server
from psa_web.site import Site, of_shell
from psa_web.stream import stream_route


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="web",
        title="Web pages",
        description="Renders the pages that plugins declare.",
        tables=tables.ALL,
        resources=resources.ALL,
        roles=saved.ROLES,
        ui=UI,
    )


@hookimpl
def psa_scope(principal: Principal, resource: str) -> Scope | None:
    """Keep saved views to those whom they are for."""
    return saved.shown_to if resource == saved.SAVED_VIEWS else None


@hookimpl
def psa_web_routes(installation: Installation) -> Sequence[WebRoute | WebAsset]:
    """Make routes of all declared pages; without a shell there are none."""
    site = Site(installation)
    if not site.frames:
        return ()
    routes: list[WebRoute | WebAsset] = list(site.statics.routes())
    for shell, frame in site.frames.items():
        server = Server(site, frame)
        routes += [server.page(plugin, page) for plugin, page in of_shell(site.all("pages", Page), shell)]
        routes += [server.action(plugin, act) for plugin, act in of_shell(site.all("actions", Action), shell)]
        routes += [*gate_routes(server), stream_route(server), *palette_routes(server), part_route(server)]
        if frame.audience == "staff":
            routes += record_routes(server)
        routes.append(_nowhere(server))
    return [*routes, _door(site)]


def _door(site: Site) -> WebRoute | WebAsset:
    """Return what leads from `/` to a shell: the one that claims the host, else the staff's."""
    frames = sorted(site.frames.values(), key=lambda frame: frame.audience != "staff")
    inviting = [(frame, frame.welcomes) for frame in frames if frame.welcomes is not None]
    first = f"{frames[0].prefix}/"
    if not inviting:
        return WebAsset(path="/", handle=_to(first))

    async def lead(ctx: Context, request: WebRequest) -> Response[Any]:
        host = request.url.hostname or ""
        for frame, welcomes in inviting:
            if await welcomes(ctx, host):
                return answers.redirect(f"{frame.prefix}/")
        return answers.redirect(first)

    refuse = Server(site, frames[0]).refuse
    return WebRoute(
        plugin="web", method="GET", path="/", permission=PUBLIC, handle=lead, refuse=refuse, audience="both"
    )


def _to(url: str) -> Callable[[WebRequest], Awaitable[Response[Any]]]:
    async def move(request: WebRequest) -> Response[Any]:
        return answers.redirect(url)

    return move


def _nowhere(server: Server) -> WebRoute:
    async def nowhere(ctx: Context, request: WebRequest) -> Response[Any]:
        raise NotFound("There is no such page.")

    return server.route("web", "GET", "/{rest:path}", AUTHENTICATED, nowhere)
