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
        source = ctx.service(LiveSource)

        async def told() -> AsyncIterator[bytes]:
            yield b"retry: 3000\n\n"
            async for change in source.changes():
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
