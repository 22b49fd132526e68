"""The table of routes: Litestar's, in parts that are made when they are first asked for."""

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

from litestar import Litestar, Response
from litestar.config.app import AppConfig
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from litestar.routes import HTTPRoute
from litestar.types import Method, Scope
from typing_extensions import override

_API = ["api", "v1"]


class _Part(Litestar):
    """Some routes. Their types are msgspec's: support for others would be imported, a third of a second at each start.

    They are registered path by path. Litestar does it handler by handler, and once more for each further verb of a
    path; it also studies a handler for OPTIONS of each path, where one does for all.
    """

    def __init__(self, handlers: Iterable[HTTPRouteHandler], **options: Any) -> None:
        """Make the routes of the handlers; `options` are Litestar's."""
        super().__init__(**options)
        self.methods: dict[str, set[Method]] = {}
        """What may be asked of a path, as it is declared."""
        by_path: dict[str, list[HTTPRouteHandler]] = {}
        for handler in handlers:
            own = copy(handler)  # it may be in other parts, too
            for path in sorted(own.paths):
                by_path.setdefault(path, []).append(own)
        allow = HTTPRouteHandler(http_method="OPTIONS", sync_to_thread=False)(_allow)
        for path, found in by_path.items():
            route = HTTPRoute(path=path, route_handlers=[*found, allow])
            for handler in route.route_handlers:
                handler.owner = self
                handler.on_registration(self)
            route.create_handler_map()
            self.methods[route.path_format] = route.methods
            self.routes.append(route)
        self.asgi_router.construct_routing_trie()

    @staticmethod
    @override
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]

    @staticmethod
    @override
    def _patch_opentelemetry_middleware(config: AppConfig) -> AppConfig:
        # Looking for a package that isn't there is a tenth of the work.
        return config


def _allow(scope: Scope) -> Response[None]:
    """Answer OPTIONS with the verbs of the path."""
    part: Any = scope["litestar_app"]
    methods = part.methods[scope["path_template"]]
    return Response(
        None, status_code=204, headers={"Allow": ", ".join(sorted(methods))}, media_type="text/plain"
    )


class RoutingTable:
    """An ASGI application of many routes.

    Litestar studies the signature, parameters and middleware of each handler before it serves: with the thousands
    that plugins bring, every start would take seconds for it, and the more per handler the more there are together.
    So the routes of one beginning, such as `/api/v1/tickets` or `/ui/tickets`, are an application of their own, which
    the first request to one of them makes.
    """

    def __init__(self, handlers: Iterable[HTTPRouteHandler], **options: Any) -> None:
        """Sort handlers by the beginnings of their paths; `options` are Litestar's."""
        self.handlers: Sequence[HTTPRouteHandler] = tuple(handlers)
        self._options = options
        self._declared: dict[str, list[HTTPRouteHandler]] = {}
        self._made: dict[str, Litestar] = {}
        for handler in self.handlers:
            for beginning in {_literal(path) for path in handler.paths}:
                self._declared.setdefault(beginning, []).append(handler)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection by the part that knows its path; none has any other."""
        beginnings = _beginnings(scope["path"]) if scope["type"] == "http" else ()
        await self._part(next((one for one in beginnings if one in self._declared), ""))(scope, receive, send)

    def _part(self, beginning: str) -> Litestar:
        if beginning not in self._made:
            # With what takes any second segment, such as `/ui/{rest:path}`: it also serves what no other route does.
            handlers = [one for each in _beginnings(beginning) for one in self._declared.get(each, ())]
            self._made[beginning] = _Part(handlers, **self._options)
        return self._made[beginning]


def _literal(path: str) -> str:
    """Return the beginning that all addresses of a declared path have.

    Example:
        >>> _literal("/ui/tickets/{id:uuid}"), _literal("/ui/{rest:path}"), _literal("/")
        ('/ui/tickets', '/ui', '')
    """
    found = next((one for one in _beginnings(path) if "{" not in one), None)
    assert found is not None, f"{path} begins with a parameter."
    return found


def _beginnings(path: str) -> Sequence[str]:
    """Return the parts of a path that tell routes apart, the longest first: the API's next segment, else the first two.

    Example:
        >>> _beginnings("/api/v1/tickets/{id:uuid}/notes"), _beginnings("/ui/tickets/"), _beginnings("/")
        (('/api/v1/tickets',), ('/ui/tickets', '/ui'), ('',))
    """
    segments = [segment for segment in path.split("/") if segment]
    if segments[:2] == _API:
        return (f"/{'/'.join(segments[:3])}",)
    return tuple(f"/{'/'.join(segments[:count])}" for count in range(min(len(segments), 2), 0, -1)) or ("",)
