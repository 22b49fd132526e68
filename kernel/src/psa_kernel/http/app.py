"""The application: the entry, then Litestar routing to resources, declared routes and the kernel's own."""

from typing import Any

from litestar.handlers import HTTPRouteHandler

from psa_kernel.http.documentation import documentation_handlers
from psa_kernel.http.entry import Entry
from psa_kernel.http.errors import on_exception
from psa_kernel.http.health import health_handlers
from psa_kernel.http.metrics import Metrics
from psa_kernel.http.routes import route_handlers
from psa_kernel.http.routing import RoutingTable
from psa_kernel.http.unit import UnitOfWorkLayer
from psa_kernel.http.web import web_handlers
from psa_kernel.jsonapi.import_routes import import_handlers
from psa_kernel.jsonapi.operations import operations_handler
from psa_kernel.jsonapi.routes import resource_handlers
from psa_kernel.kernel import Kernel


class Application:
    """An ASGI application; `routes` is the table of its routes."""

    def __init__(self, entry: Entry, routes: RoutingTable) -> None:
        """Serve through the entry."""
        self._entry = entry
        self.routes = routes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, as ASGI 3 says."""
        await self._entry(scope, receive, send)


def create_app(kernel: Kernel) -> Application:
    """Return the application of an open kernel."""
    metrics = Metrics(kernel)
    routes = RoutingTable(
        _handlers(kernel, metrics),
        middleware=[UnitOfWorkLayer(kernel)],
        exception_handlers={Exception: on_exception},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )
    return Application(Entry(routes, kernel, metrics), routes)


def _handlers(kernel: Kernel, metrics: Metrics) -> list[HTTPRouteHandler]:
    return [
        *route_handlers(kernel),
        *resource_handlers(kernel),
        *import_handlers(kernel),
        operations_handler(),
        *health_handlers(kernel, metrics),
        *documentation_handlers(kernel),
        *web_handlers(kernel),
    ]
