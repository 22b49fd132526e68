"""Microsoft Graph and the Gmail API as far as their documentation says what they answer, as a process of their own.

Run as a program it serves on a free port and writes the port to its output. Below `/control` a test puts messages in and
sees what was asked.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import Request, urlopen

TOKEN = "good-token"
PAGE = 2


class Vendors:
    """What both providers hold: messages by id, with what became of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.raws: dict[str, bytes] = {}
        self.labels: dict[str, list[str]] = {}
        self.order: list[str] = []
        self.first_history = 0
        self.refuse: dict[str, list[Any]] = {}
        self.seen: dict[str, Any] = {
            "asked": [], "read": [], "moved": {}, "sent": [], "subscriptions": [], "watches": [], "renewed": [],
        }  # fmt: skip
        self.numbers = itertools.count(1)

    def control(self, what: str, body: Any) -> Any:
        if what == "deliver":
            for one, raw in body.items():
                self.raws[one] = base64.b64decode(raw)
                self.labels[one] = ["INBOX", "UNREAD"]
                self.order.append(one)
        elif what == "forget":
            self.first_history = len(self.order)
        elif what == "refuse":
            self.refuse = body
        return {**self.seen, "labels": self.labels}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes, url: str) -> Any:
        for begin, (status, content) in self.refuse.items():
            if path.startswith(begin):
                return status, content
        if path.startswith("/v1.0/"):
            return self.graph(method, path.removeprefix("/v1.0"), query, body, url)
        return self.gmail(method, path, query, body)

    # Microsoft Graph

    def graph(self, method: str, path: str, query: dict[str, list[str]], body: bytes, url: str) -> Any:
        if path == "/subscriptions":
            self.seen["subscriptions"].append(json.loads(body))
            return 201, {"id": f"sub-{next(self.numbers)}"}
        if path.startswith("/subscriptions/"):
            self.seen["renewed"].append(path.rpartition("/")[2])
            return 200, {"id": path.rpartition("/")[2]}
        if path.endswith("/messages/delta"):
            start = int(query.get("$skip", ["0"])[0])
            after = min(start + PAGE, len(self.order))
            kind = "nextLink" if after < len(self.order) else "deltaLink"
            link = f"{url}/v1.0{path}?$skip={after}"
            return 200, {"value": [{"id": one} for one in self.order[start:after]], f"@odata.{kind}": link}
        if path.endswith("/sendMail"):
            self.seen["sent"].append(base64.b64encode(base64.b64decode(body)).decode())
            return 202, b""
        one = path.partition("/messages/")[2].partition("/")[0]
        if one not in self.raws:
            return 404, {}
        if path.endswith("/$value"):
            return 200, self.raws[one]
        if path.endswith("/move"):
            self.seen["moved"][one] = json.loads(body)["destinationId"]
            return 201, {}
        assert (method, json.loads(body)) == ("PATCH", {"isRead": True})
        self.seen["read"].append(one)
        return 200, {}

    # Gmail

    def gmail(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> Any:
        if path == "/upload/gmail/v1/users/me/messages/send":
            assert query["uploadType"] == ["media"]
            self.seen["sent"].append(base64.b64encode(body).decode())
            return 200, {"id": "sent"}
        rest = path.removeprefix("/gmail/v1/users/me")
        start = int(query.get("pageToken", ["0"])[0])
        match rest:
            case "/profile":
                return 200, {"historyId": str(1000 + len(self.order))}
            case "/labels":
                return 200, {"labels": [{"id": "Label_7", "name": "Done"}]}
            case "/messages":
                newest = [one for one in reversed(self.order) if query["labelIds"][0] in self.labels[one]]
                found: dict[str, Any] = {"messages": [{"id": one} for one in newest[start : start + PAGE]]}
                return 200, found | (
                    {"nextPageToken": str(start + PAGE)} if start + PAGE < len(newest) else {}
                )
            case "/history":
                since = int(query["startHistoryId"][0]) - 1000
                if since < self.first_history:
                    return 404, {"error": {"code": 404, "message": "Requested entity was not found."}}
                added = self.order[since:]
                found = {"historyId": str(1000 + len(self.order))}
                if added:
                    page = added[start : start + PAGE]
                    found["history"] = [{"messagesAdded": [{"message": {"id": one}}]} for one in page]
                return 200, found | (
                    {"nextPageToken": str(start + PAGE)} if start + PAGE < len(added) else {}
                )
            case "/messages/batchModify":
                change = json.loads(body)
                for one in change["ids"]:
                    kept = [label for label in self.labels[one] if label not in change["removeLabelIds"]]
                    self.labels[one] = kept + change.get("addLabelIds", [])
                return 204, b""
            case "/watch":
                self.seen["watches"].append(json.loads(body))
                return 200, {"historyId": "1", "expiration": "4102444800000"}
        one = rest.removeprefix("/messages/")
        if one not in self.raws:
            return 404, {}
        assert query["format"] == ["raw"]
        return 200, {"id": one, "raw": base64.urlsafe_b64encode(self.raws[one]).decode()}


def serve() -> None:
    vendors = Vendors()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def reply(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = unquote(parts.path)
            with vendors.lock:
                if path.startswith("/control/"):
                    status, content = 200, vendors.control(path.removeprefix("/control/"), json.loads(body))
                else:
                    vendors.seen["asked"].append(f"{self.command} {path}")
                    if path.endswith("/token"):
                        status, content = 200, {"access_token": TOKEN, "expires_in": 3599}
                    elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                        status, content = 401, {"error": {"code": "InvalidAuthenticationToken"}}
                    else:
                        url = f"http://{self.headers['Host']}"
                        status, content = vendors.answer(self.command, path, parse_qs(parts.query), body, url)
            told = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PATCH = reply  # noqa: N815 - the library's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)  # noqa: T201 - how whoever started it hears of the port
    server.serve_forever()


class Double:
    """The process, from the side of a test."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    async def _control(self, what: str, body: Any) -> Any:
        request = Request(f"{self.url}/control/{what}", json.dumps(body).encode())
        return json.loads(await asyncio.to_thread(lambda: urlopen(request).read()))

    async def deliver(self, raws: dict[str, bytes]) -> None:
        """Let messages arrive in the inbox."""
        await self._control("deliver", {one: base64.b64encode(raw).decode() for one, raw in raws.items()})

    async def forget_history(self) -> None:
        """Forget what Gmail's history said so far."""
        await self._control("forget", None)

    async def refuse(self, answers: dict[str, tuple[int, Any]]) -> None:
        """Answer paths that begin so with a status and a document."""
        await self._control("refuse", answers)

    async def seen(self) -> dict[str, Any]:
        """Return what was asked and done."""
        return await self._control("seen", None)

    async def sent(self) -> list[bytes]:
        """Return the messages that left."""
        return [base64.b64decode(one) for one in (await self.seen())["sent"]]


@contextlib.asynccontextmanager
async def vendors() -> AsyncIterator[Double]:
    """Run both providers in a process of their own."""
    process = subprocess.Popen([sys.executable, str(Path(__file__))], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield Double(int(await asyncio.to_thread(process.stdout.readline)))
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    serve()
