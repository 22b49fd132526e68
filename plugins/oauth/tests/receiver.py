"""An application's own server, which is told by real HTTP when somebody logs out."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs


class Receiver:
    """Keeps the logout tokens that come; `status` is what it answers, `moved` where it redirects to."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/told?app=1"
        self.status, self.moved = 200, ""
        self.tokens: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        sizes = [int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:")]
        body = (await reader.readexactly(sizes[0])).decode() if sizes else ""
        assert head[0] == "POST /told?app=1 HTTP/1.1", head[0]
        self.tokens += parse_qs(body)["logout_token"]
        moved = f"Location: {self.moved}\r\n" if self.moved else ""
        writer.write(
            f"HTTP/1.1 {self.status} X\r\n{moved}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    def taken(self) -> list[str]:
        """Return what came since the last time."""
        tokens, self.tokens = self.tokens, []
        return tokens


@asynccontextmanager
async def receiving(**said: Any) -> AsyncGenerator[Receiver]:
    """Serve an application on the loopback."""
    receiver = Receiver(0)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = receiver.url.replace(":0/", f":{server.sockets[0].getsockname()[1]}/")
    for name, value in said.items():
        setattr(receiver, name, value)
    async with server:
        yield receiver
