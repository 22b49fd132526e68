"""One request to an application in this process, without a client's pools, redirects and cookies: walks ask thousands."""

import asyncio
import datetime
import time
from typing import Any

import httpx

_PEER = ("192.0.2.7", 4711)
"""Where requests seem to come from."""


async def answer_of(app: Any, request: httpx.Request) -> httpx.Response:
    """Send a request to an ASGI application and return its whole answer."""
    url = request.url
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": _PEER,
        "root_path": "",
    }
    waiting = [request.content]
    status, headers, parts = 0, list[tuple[bytes, bytes]](), list[bytes]()
    whole = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        await whole.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            assert not status, "The answer began twice."
            status, headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            assert status, "The answer has no beginning."
            assert not whole.is_set(), "The answer goes on after its end."
            if request.method != "HEAD":
                parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                whole.set()

    started = time.perf_counter()
    await app(scope, receive, send)
    assert whole.is_set(), "The answer has no end."
    answer = httpx.Response(status, headers=headers, content=b"".join(parts), request=request)
    answer.elapsed = datetime.timedelta(seconds=time.perf_counter() - started)
    return answer
