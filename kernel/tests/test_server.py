"""The HTTP server over real sockets: deadlines for dawdling clients, address and stop."""

import asyncio
import socket

import httpx
import pytest
from litestar import Litestar, Request, get, post

from psa_kernel import server
from psa_kernel.config import Config


@get("/slow")
async def slow(request: Request[object, object, object]) -> str:
    await asyncio.sleep(0.3)
    return "done"


@post("/length")
async def length(request: Request[object, object, object]) -> int:
    return len(await request.body())


@post("/refusing")
async def refusing() -> str:
    return "no"


@get("/long")
async def long(request: Request[object, object, object]) -> bytes:
    return bytes(50_000_000)


@pytest.fixture
async def url(monkeypatch):
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.2)
    monkeypatch.setattr(server, "BODY_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(server, "ANSWER_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(server, "settle_memory", lambda: None)
    listener, stop, ready = server.bind(Config(port=0)), asyncio.Event(), asyncio.Event()

    async def announce() -> None:
        ready.set()

    app = Litestar([slow, length, long, refusing], openapi_config=None)
    running = asyncio.create_task(server.serve(app, listener, stop, ready=announce))
    await ready.wait()
    yield server.address(listener)
    stop.set()
    await running


async def closed_within(url: str, sent: bytes, seconds: float = 2) -> bytes:
    """Send bytes, then nothing; return what comes back before the server closes."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), seconds)
    finally:
        writer.close()


async def test_a_silent_connection_is_closed(url):
    assert await closed_within(url, b"") == b""


async def test_a_half_sent_header_is_closed(url):
    assert await closed_within(url, b"GET /slow HTTP/1.1\r\nHost: example.com\r\nX-") == b""


async def test_a_half_sent_header_on_a_kept_connection_is_closed(url):
    first = b"POST /length HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\nab"
    answer = await closed_within(url, first + b"GET /slow HTTP/1.1\r\nHo")
    assert answer.endswith(b"2")


async def test_a_half_sent_body_is_closed(url):
    request = b"POST /length HTTP/1.1\r\nHost: example.com\r\nContent-Length: 20\r\n\r\nhalf"
    assert b"200" not in await closed_within(url, request)


async def test_a_body_dribbled_after_the_answer_is_cut_off(url):
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /refusing HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2000\r\n\r\n"
    writer.write(head)
    closed = asyncio.create_task(reader.read())
    async with asyncio.timeout(10):
        while not closed.done():
            writer.write(b"x")
            await asyncio.wait([closed], timeout=0.05)
    assert closed.result().endswith(b"no")
    writer.close()


async def test_an_answer_that_nobody_reads_is_given_up(url, monkeypatch):
    lost = asyncio.Event()
    until_now = server.PunctualProtocol.connection_lost

    def connection_lost(self, exc):
        lost.set()
        until_now(self, exc)

    monkeypatch.setattr(server.PunctualProtocol, "connection_lost", connection_lost)
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connected:
        connected.sendall(b"GET /long HTTP/1.1\r\nHost: example.com\r\n\r\n")
        async with asyncio.timeout(10):
            await lost.wait()


async def test_an_answer_that_is_read_in_pieces_arrives(url):
    async with (
        httpx.AsyncClient(base_url=url, timeout=60, verify=False) as client,
        client.stream("GET", "/long") as answer,
    ):
        assert sum([len(part) async for part in answer.aiter_bytes()]) == 50_000_000


async def test_an_answer_that_is_read_slowly_arrives(url, monkeypatch):
    monkeypatch.setattr(server, "ANSWER_PAUSE_SECONDS", 0.5)
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /long HTTP/1.1\r\nHost: psa.example.com\r\nConnection: close\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    received = 0
    begun = asyncio.get_running_loop().time()
    while part := await reader.read(500_000):
        received += len(part)
        await asyncio.sleep(0.01)
    writer.close()
    assert received == 50_000_000
    assert asyncio.get_running_loop().time() - begun > 2 * server.ANSWER_PAUSE_SECONDS


async def test_a_slow_handler_outlives_the_deadlines(url):
    async with httpx.AsyncClient(base_url=url, timeout=60, verify=False) as client:
        assert (await client.get("/slow")).text == "done"
        assert (await client.post("/length", content=b"x" * 300_000)).text == "300000"


async def test_a_running_request_finishes_when_the_server_stops():
    listener, stop, ready = server.bind(Config(port=0)), asyncio.Event(), asyncio.Event()

    async def announce() -> None:
        ready.set()

    app = Litestar([slow], openapi_config=None)
    running = asyncio.create_task(server.serve(app, listener, stop, ready=announce))
    await ready.wait()
    async with httpx.AsyncClient(timeout=60, verify=False) as client:
        request = asyncio.create_task(client.get(f"{server.address(listener)}/slow"))
        await asyncio.sleep(0.1)
        stop.set()
        assert (await request).text == "done"
    await running


def test_a_taken_port_is_named():
    listener = server.bind(Config(port=0))
    with listener, pytest.raises(OSError, match="127.0.0.1:[0-9]+ can't be listened on"):
        server.bind(Config(port=listener.getsockname()[1]))
