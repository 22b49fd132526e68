"""The event stream of a shell: what changed, as server-sent events (HTML 9.2)."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Response
from litestar.response import Stream

from psa_sdk.context import Context
from psa_sdk.routes import AUTHENTICATED
from psa_sdk.web import LiveSource, WebRequest, WebRoute
from psa_web.serving import Server


def stream_route(server: Server) -> WebRoute:
    """Return the route of a shell's event stream."""

    async def listen(ctx: Context, request: WebRequest) -> Response[Any]:
        source, since = ctx.service(LiveSource), _since(request)

        async def told() -> AsyncIterator[bytes]:
            yield b"retry: 3000\n\n"
            async for place, change in source.changes(since):
                # The browser says the last id when it comes back after a lost line.
                yield b"id: %d\n" % place
                if change is None:
                    yield b": alive\n\n"
                    continue
                document = {"topic": change.topic, "id": change.id, "toast": change.toast}
                yield b"event: change\ndata: " + msgspec.json.encode(document) + b"\n\n"

        return Stream(
            told(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return server.route("web", "GET", "/events", AUTHENTICATED, listen, detached=True)


def _since(request: WebRequest) -> int | None:
    """Return the place from which a page listens: the last one that it heard, else the one it was rendered at."""
    said = request.headers.get("last-event-id") or request.query_params.get("since") or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else None
