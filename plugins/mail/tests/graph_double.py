"""A mailbox of Microsoft Graph, as far as its documentation says what it answers: delta, $value, PATCH, move, sendMail."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import unquote

import msgspec


class GraphDouble:
    def __init__(self) -> None:
        self.messages: dict[str, bytes] = {}
        self.read: list[str] = []
        self.moved: dict[str, str] = {}
        self.sent: list[bytes] = []
        self.asked: list[str] = []
        self.url = ""

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split("\r\n")[0].split(" ", 2)
        length = next(
            (
                int(line.split(":")[1])
                for line in head.split("\r\n")
                if line.lower().startswith("content-length:")
            ),
            0,
        )
        body = await reader.readexactly(length)
        self.asked.append(f"{method} {path}")
        status, content = self._answer(method, unquote(path), body, head)
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()

    def _answer(self, method: str, path: str, body: bytes, head: str) -> tuple[int, bytes]:
        if path.endswith("/oauth2/v2.0/token"):
            return 200, b'{"access_token": "good-token", "expires_in": 3599}'
        if "authorization: bearer good-token" not in head.lower():
            return 401, b'{"error": {"code": "InvalidAuthenticationToken"}}'
        if "/messages/delta" in path:
            known = list(self.messages)
            start = int(path.partition("$skip=")[2] or 0)
            page = [{"id": one} for one in known[start : start + 2]]
            more = start + 2 < len(known)
            link = (
                f"{self.url}/v1.0/users/x/mailFolders/inbox/messages/delta?$skip={min(start + 2, len(known))}"
            )
            return 200, msgspec.json.encode(
                {"value": page, "@odata.nextLink" if more else "@odata.deltaLink": link}
            )
        if path.endswith("/sendMail"):
            self.sent.append(base64.b64decode(body))
            return 202, b""
        one = path.partition("/messages/")[2].partition("/")[0]
        if one not in self.messages:
            return 404, b"{}"
        if path.endswith("/$value"):
            return 200, self.messages[one]
        if method == "PATCH":
            assert msgspec.json.decode(body) == {"isRead": True}
            self.read.append(one)
            return 200, b"{}"
        if path.endswith("/move"):
            self.moved[one] = msgspec.json.decode(body)["destinationId"]
            return 201, b"{}"
        return 400, b"{}"


@contextlib.asynccontextmanager
async def graph_double() -> AsyncIterator[GraphDouble]:
    double = GraphDouble()
    server = await asyncio.start_server(double.serve, "127.0.0.1", 0)
    double.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield double
    finally:
        server.close()
