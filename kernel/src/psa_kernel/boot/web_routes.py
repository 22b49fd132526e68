"""The routes for browsers and foreign protocols that plugins make of what is installed."""

import re
from collections.abc import Iterator, Sequence

from psa_kernel.boot.paths import PARAMETER, repeated, shape
from psa_kernel.boot.problems import BootError
from psa_kernel.registry import Registry
from psa_sdk.routes import AUTHENTICATED, PUBLIC
from psa_sdk.web import Installation, Installed, ProtocolRoute, WebAsset, WebRoute

AnyWebRoute = WebRoute | WebAsset | ProtocolRoute
_PATH = re.compile(rf"^/([^/{{}}]+(/([^/{{}}]+|{PARAMETER}))*/?)?$")


def web_routes(registry: Registry) -> Sequence[AnyWebRoute]:
    """Ask the plugins for their routes. Raises `BootError` naming all that can't be served."""
    installation = Installation(
        plugins={
            name: Installed(
                name=name,
                version=plugin.version,
                manifest=plugin.manifest,
                module=plugin.module,
                builtin=plugin.builtin,
            )
            for name, plugin in registry.plugins.items()
        },
        resources=registry.resources,
        resource_owner=registry.resource_owner,
    )
    found = [
        route for routes in registry.hooks.hook.psa_web_routes(installation=installation) for route in routes
    ]
    if problems := list(_problems(registry, found)):
        raise BootError(problems)
    return found


def _problems(registry: Registry, routes: Sequence[AnyWebRoute]) -> Iterator[str]:
    taken: set[tuple[str, str]] = set()
    for route in routes:
        method = "GET" if isinstance(route, WebAsset) else route.method
        owner = "" if isinstance(route, WebAsset) else f"{route.plugin}: "
        named = f"{owner}the route {method} {route.path}"
        if not _PATH.match(route.path):
            yield f"{named} has a malformed path; it begins with a name, parameters read {{id:uuid}}."
        for name in repeated(route.path):
            yield f"{named} has two parameters named {name}."
        if (method, shape(route.path)) in taken:
            yield f"{named} is there already."
        taken.add((method, shape(route.path)))
        asked = route.permission if isinstance(route, WebRoute) else PUBLIC
        if asked not in registry.permissions and asked not in {PUBLIC, AUTHENTICATED}:
            yield f"{named} needs the permission {asked}, which nobody declares."
