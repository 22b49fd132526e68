"""Declared routes asked from inside: found by path, permission first, answered with what the function returns."""

import datetime
import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast, get_type_hints
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request

from psa_kernel.boot.paths import parameters
from psa_kernel.builtin.auth.second_factor import require_proof
from psa_kernel.http.query_struct import decode_query
from psa_kernel.jsonapi.bodies import decode_attributes
from psa_kernel.registry import Registry
from psa_sdk.errors import Forbidden, NotFound
from psa_sdk.routes import AUTHENTICATED, PUBLIC, Route

if TYPE_CHECKING:
    from psa_kernel.principal import KernelPrincipal
    from psa_kernel.unit_of_work import Unit

_CONVERT: dict[str, Callable[[str], Any]] = {
    "uuid": UUID,
    "int": int,
    "date": datetime.date.fromisoformat,
    "str": str,
    "path": str,
}


class _Way(msgspec.Struct, frozen=True, eq=False):
    plugin: str
    route: Route
    pattern: re.Pattern[str]
    kinds: Mapping[str, str]


class _Ways:
    """The declared routes of a registry by method, the plain ones before those with parameters."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        ways = [_way(plugin, route) for plugin, route in registry.routes]
        self.by_method: dict[str, list[_Way]] = {}
        for way in sorted(ways, key=lambda way: len(way.kinds)):
            self.by_method.setdefault(way.route.method, []).append(way)

    def find(self, method: str, path: str) -> tuple[_Way, dict[str, Any]]:
        for way in self.by_method.get(method, ()):
            match = way.pattern.fullmatch(path)
            if match is not None:
                try:
                    return way, {
                        name: _CONVERT[way.kinds[name]](text) for name, text in match.groupdict().items()
                    }
                except ValueError:
                    continue
        raise NotFound(f"There is nothing at {path}.", code="no_such_route")


def _way(plugin: str, route: Route) -> _Way:
    kinds = parameters(route.path)
    pattern = re.sub(
        r"\\\{([a-z_][a-z0-9_]*)(?::[a-z]+)?\\\}",
        lambda match: f"(?P<{match[1]}>{'.+' if kinds[match[1]] == 'path' else '[^/]+'})",
        re.escape(route.path),
    )
    return _Way(plugin, route, re.compile(pattern), kinds)


@functools.lru_cache(maxsize=8)
def _ways(key: int, registry: "_ByIdentity") -> _Ways:
    return _Ways(registry.registry)


class _ByIdentity:
    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def __hash__(self) -> int:
        return id(self.registry)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.registry is self.registry


async def asked(
    unit: "Unit",
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Mapping[str, Any] | None,
    request: Request[Any, Any, Any] | None = None,
) -> Any:
    """Call a declared route's function as its handler would; raises what the route raises."""
    registry = unit.kernel.registry
    way, values = _ways(id(registry), _ByIdentity(registry)).find(method, path)
    route = way.route
    if not unit.kernel.enabled(unit.tenant_facts, way.plugin):
        raise NotFound(f"The module {way.plugin} is switched off.", code="module_disabled")
    if route.audience not in {"both", unit.principal.audience}:
        raise Forbidden(f"This needs a {route.audience} log-in.", code="wrong_audience")
    if route.permission not in {PUBLIC, AUTHENTICATED}:
        unit.require(route.permission)
    if route.step_up:
        await require_proof(unit, cast("KernelPrincipal", unit.principal))
    wanted = inspect.signature(route.handle).parameters
    hints = get_type_hints(route.handle, include_extras=True)
    arguments = {name: value for name, value in values.items() if name in wanted}
    if "query" in hints:
        arguments["query"] = decode_query(urlencode(query), hints["query"])
    if "body" in hints:
        document = msgspec.json.encode({"data": {"attributes": body or {}}})
        arguments["body"] = decode_attributes(document, hints["body"])
    if "ctx" in wanted:
        arguments["ctx"] = unit
    if "request" in wanted:
        arguments["request"] = request
    return await route.handle(**arguments)
