"""The table of routes: Litestar's, filled in one go."""

from collections.abc import Iterable
from typing import Any

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types.internal_types import RouteHandlerMapItem


class RoutingTable(Litestar):
    """A Litestar application of many routes.

    Litestar looks through all its routes and checks its whole table anew for each handler that it registers:
    with the thousands that plugins bring, every start would take seconds for it.
    """

    def __init__(self, handlers: Iterable[HTTPRouteHandler], **options: Any) -> None:
        """Register handlers; `options` are Litestar's."""
        self._by_path: dict[str, RouteHandlerMapItem] = {}
        super().__init__(route_handlers=(), **options)
        for handler in handlers:
            for route in Router.register(self, handler):
                assert isinstance(route, HTTPRoute)
                self._by_path[route.path] = {
                    method: each for each in route.route_handlers for method in each.http_methods
                }
        for route in self.routes:
            assert isinstance(route, HTTPRoute)
            for each in route.route_handlers:
                each.on_registration(self)
            route.create_handler_map()
        self.asgi_router.construct_routing_trie()

    @property
    def route_handler_method_map(self) -> dict[str, RouteHandlerMapItem]:
        """The handlers by path and method."""
        return self._by_path
