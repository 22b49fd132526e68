"""The door for HTML: what plugins serve outside `/api/v1`, in units of work like everything else."""

from typing import Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from psa_kernel.boot.web_routes import AnyWebRoute, web_routes
from psa_kernel.builtin.auth.browser import check_form, require_same_origin
from psa_kernel.http.endpoint import Endpoint
from psa_kernel.kernel import Kernel
from psa_kernel.unit_of_work import Unit
from psa_sdk.routes import AUTHENTICATED, PUBLIC
from psa_sdk.web import ProtocolRoute, WebAsset, WebRoute

HTML = "text/html; charset=utf-8"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")


def web_handlers(kernel: Kernel) -> list[HTTPRouteHandler]:
    """Return the handlers of all routes that plugins make of what is installed. Raises `BootError`."""
    return [_handler(kernel, route) for route in web_routes(kernel.registry)]


def _handler(kernel: Kernel, route: AnyWebRoute) -> HTTPRouteHandler:
    if isinstance(route, WebAsset):
        return _asset(route)
    return _protocol(route) if isinstance(route, ProtocolRoute) else _route(kernel, route)


def _asset(asset: WebAsset) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> Response[Any]:
        return await asset.handle(request)

    return HTTPRouteHandler(asset.path, http_method="GET", status_code=200)(handle)


def _route(kernel: Kernel, route: WebRoute) -> HTTPRouteHandler:
    checked = route.permission not in {PUBLIC, AUTHENTICATED}

    async def handle(request: Request[Any, Any, Any]) -> Response[Any]:
        if route.method != "GET":
            require_same_origin(kernel.config, request.scope)
            await check_form(request)
        unit: Unit = request.scope["psa.unit"]  # pyright: ignore[reportTypedDictNotRequiredAccess, reportGeneralTypeIssues]
        if checked:
            unit.require(route.permission)
        return await route.handle(unit, request)

    endpoint = Endpoint(
        plugin=route.plugin,
        anonymous=route.permission == PUBLIC,
        audience="both" if route.permission == PUBLIC else route.audience,
        idempotent=False,
        body_types=FORMS,
        media_type=HTML,
        max_body=route.max_body,
        refuse=route.refuse,
        detached=route.detached,
        confined=route.confined,
        forms=True,
    )
    return HTTPRouteHandler(route.path, http_method=route.method, opt=endpoint.opt(), status_code=200)(handle)


def _protocol(route: ProtocolRoute) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> Response[Any]:
        unit: Unit = request.scope["psa.unit"]  # pyright: ignore[reportTypedDictNotRequiredAccess, reportGeneralTypeIssues]
        answered = await route.handle(unit, request)
        unit.refusal_kept = True
        return answered

    endpoint = Endpoint(
        plugin=route.plugin,
        audience="staff",
        idempotent=False,
        body_types=route.body_types,
        media_type=route.media_type,
        max_body=route.max_body,
        refuse=route.refuse,
        identify=route.identify,
    )
    return HTTPRouteHandler(route.path, http_method=route.method, opt=endpoint.opt(), status_code=200)(handle)
