"""The table of routes: Litestar's, in parts that are made when they are first asked for."""

from collections.abc import Iterable, Sequence
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from typing_extensions import override

_API = ["api", "v1"]


class _Part(Litestar):
    """Some routes. Their types are msgspec's: support for others would be imported, which takes a second of a start."""

    @staticmethod
    @override
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


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
