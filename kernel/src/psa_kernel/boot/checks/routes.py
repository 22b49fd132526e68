"""Routes: functions whose arguments the kernel can give, answers it can write."""

import inspect
import re
from collections.abc import Iterator
from typing import get_type_hints

import msgspec

from psa_kernel.boot.paths import PARAMETER, parameters, repeated
from psa_kernel.registry import Registry
from psa_sdk.routes import Route

_PATH = re.compile(rf"^(/([a-z0-9][a-z0-9._-]*|{PARAMETER}))+$")
_GIVEN = frozenset(("ctx", "request", "body", "query"))


def routes(registry: Registry) -> Iterator[str]:
    """Find routes that can't be bound."""
    for name, route in registry.routes:
        for problem in _problems(registry, route):
            yield f"{name}: the route {route.method} {route.path} {problem}"


def _problems(registry: Registry, route: Route) -> Iterator[str]:
    if not _PATH.match(route.path):
        yield "has a malformed path; parts are lower case, parameters read {id:uuid}."
    for name in repeated(route.path):
        yield f"has two parameters named {name}."
    if not inspect.iscoroutinefunction(route.handle):
        yield "is handled by a function that isn't async."
        return
    try:
        hints = get_type_hints(route.handle, include_extras=True)
    except (NameError, TypeError) as error:
        yield f"has annotations that can't be resolved ({error}); import the types for real."
        return
    known = _GIVEN | parameters(route.path).keys()
    for name, argument in inspect.signature(route.handle).parameters.items():
        if argument.kind in {argument.VAR_KEYWORD, argument.VAR_POSITIONAL}:
            yield "takes * or ** arguments; name them."
        elif name not in known and argument.default is argument.empty:
            yield f"asks for {name}, which is no path parameter, ctx, request, body or query."
    for name in ("body", "query"):
        kind = hints.get(name)
        if name in inspect.signature(route.handle).parameters and not (
            isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        ):
            yield f"takes {name}, which must be annotated with a msgspec Struct."
    if isinstance(route.returns, str) and route.returns not in registry.resources:
        yield f"returns {route.returns}, which is no installed resource."
    if route.method == "GET" and "body" in inspect.signature(route.handle).parameters:
        yield "takes a body, which GET has none of."
