"""Routes: a declared `psa_sdk.Route` becomes a Litestar handler."""

import inspect
from typing import Any, cast, get_type_hints

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from psa_kernel.builtin.auth.second_factor import require_proof
from psa_kernel.http.answers import API, answer
from psa_kernel.http.endpoint import Endpoint, evolution
from psa_kernel.http.query_struct import decode_query, refuse_query
from psa_kernel.jsonapi.bodies import decode_attributes
from psa_kernel.kernel import Kernel
from psa_kernel.principal import KernelPrincipal
from psa_kernel.unit_of_work import Unit
from psa_sdk.routes import AUTHENTICATED, PUBLIC, Route


def route_handlers(kernel: Kernel) -> list[HTTPRouteHandler]:
    """Return the handlers of all declared routes."""
    return [handler_of(plugin, route) for plugin, route in kernel.registry.routes]


def handler_of(plugin: str, route: Route) -> HTTPRouteHandler:
    """Return the handler of one route: permission, then arguments, then the function, then its answer."""
    wanted = inspect.signature(route.handle).parameters
    hints = get_type_hints(route.handle, include_extras=True)
    body, query = hints.get("body"), hints.get("query")
    takes = frozenset(wanted)
    checked = route.permission not in {PUBLIC, AUTHENTICATED}
    # A document of a resource understands include and fields; a function that sees the request its own.
    free_query = isinstance(route.returns, str) or "request" in takes

    async def handle(request: Request[Any, Any, Any]) -> Response[Any]:
        unit: Unit = request.scope["psa.unit"]  # pyright: ignore[reportTypedDictNotRequiredAccess, reportGeneralTypeIssues]
        if checked:
            unit.require(route.permission)
        if route.step_up:
            await require_proof(unit, cast(KernelPrincipal, unit.principal))
        raw = request.scope["query_string"].decode("latin-1")
        arguments: dict[str, Any] = {
            name: value for name, value in request.scope["path_params"].items() if name in takes
        }
        if query is not None:
            arguments["query"] = decode_query(raw, query)
        elif raw and not free_query:
            refuse_query(raw)
        if body is not None:
            arguments["body"] = decode_attributes(await request.body(), body)
        if "ctx" in takes:
            arguments["ctx"] = unit
        if "request" in takes:
            arguments["request"] = request
        unit.acting = route.permission if checked else ""
        result = await route.handle(**arguments)
        unit.acting = ""
        unit.refusal_kept = route.keeps_refusals
        kept = raw if query is None else ""
        return await answer(unit, result, status=route.status, path=request.scope["path"], query=kept)

    endpoint = Endpoint(
        plugin=plugin,
        writes=route.writes,
        anonymous=route.permission == PUBLIC,
        audience="both" if route.permission == PUBLIC else route.audience,
        idempotent=route.idempotent,
        body_types=route.body_types,
        media_type=route.media_type,
        max_body=route.max_body,
        headers=evolution(route.deprecated, route.sunset),
        confined=route.confined,
        own_authorization=route.own_authorization,
    )
    # The answer carries its own status; Litestar would refuse a function that returns one under 204.
    return HTTPRouteHandler(
        f"{API}{route.path}", http_method=route.method, opt=endpoint.opt(), status_code=200
    )(handle)
