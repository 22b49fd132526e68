"""The table of routes: Litestar's, in parts that are made when they are first asked for."""

from collections.abc import Iterable, Sequence
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

_API = ["api", "v1"]


class RoutingTable:
    """An ASGI application of many routes.

    Litestar studies the signature, parameters and middleware of each handler before it serves: with the thousands
    that plugins bring, every start would take seconds for it. So the routes of one beginning, such as
    `/api/v1/tickets`, are an application of their own, which the first request to one of them makes.
    """

    def __init__(self, handlers: Iterable[HTTPRouteHandler], **options: Any) -> None:
        """Sort handlers by the beginnings of their paths; `options` are Litestar's."""
        self.handlers: Sequence[HTTPRouteHandler] = tuple(handlers)
        self._options = options
        self._declared: dict[str, list[HTTPRouteHandler]] = {}
        self._made: dict[str, Litestar] = {}
        for handler in self.handlers:
            for beginning in {_beginning(path) for path in handler.paths}:
                assert "{" not in beginning, f"{handler.paths} begins with a parameter."
                self._declared.setdefault(beginning, []).append(handler)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection by the part that knows its path; none has any other."""
        beginning = _beginning(scope["path"]) if scope["type"] == "http" else ""
        await self._part(beginning if beginning in self._declared else "")(scope, receive, send)

    def _part(self, beginning: str) -> Litestar:
        if beginning not in self._made:
            self._made[beginning] = Litestar(self._declared.get(beginning, ()), **self._options)
        return self._made[beginning]


def _beginning(path: str) -> str:
    """Return the part of a path that tells routes apart: its first segment, after the API's own.

    Example:
        >>> _beginning("/api/v1/tickets/{id:uuid}/notes"), _beginning("/api/v1"), _beginning("/login/")
        ('tickets', '', '/login')
    """
    segments = [segment for segment in path.split("/") if segment]
    if segments[:2] == _API:
        return segments[2] if len(segments) > 2 else ""
    return f"/{segments[0]}" if segments else ""
