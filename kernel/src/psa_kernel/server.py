"""HTTP serving: uvicorn in our loop, with deadlines for what clients send and a tamed garbage collector."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
import uvicorn
from litestar.types import ASGIApp
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from psa_kernel.config import Config
from psa_kernel.process import settle_memory

HEADER_SECONDS = 10.0
"""How long a client may take from connecting, or from a request's first byte, to the end of its headers."""
BODY_PAUSE_SECONDS = 30.0
"""The longest pause inside a request's body."""
ANSWER_PAUSE_SECONDS = 30.0
"""The longest that a client may leave what it asked for unread; an answer in parts holds a connection so long."""
SLOWEST_READING = 1024
"""In bytes per second: who reads less of an answer than that leaves it unread."""
GRACE_SECONDS = 20
"""How long running requests may take to finish when the server stops."""


class PunctualProtocol(HttpToolsProtocol):
    """uvicorn's protocol, closing connections that don't finish what they send or don't read what they asked for."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _rest: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # pyright: ignore[reportArgumentType]
        self._allow(HEADER_SECONDS)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._received()
        self._read_on()
        self._rest_arrived()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        cycle = cast("RequestResponseCycle | None", self.cycle)  # none before the first request
        if cycle is not None and cycle.more_body and self._deadline is None:
            self._allow(BODY_PAUSE_SECONDS)

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._allow(HEADER_SECONDS)

    @override
    def on_headers_complete(self) -> None:
        self._received()
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        self._received()
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._received()
        self._rest_arrived()
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        # Answered before the body was there: whoever goes on sending it, however slowly, is closed.
        cycle = self.cycle
        if cycle.response_complete and cycle.more_body and not self.transport.is_closing():
            self._rest = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_on()
        self._await_reading()

    @override
    def resume_writing(self) -> None:
        self._read_on()
        super().resume_writing()

    def _await_reading(self) -> None:
        """Give up an answer that isn't read on; one that is read slowly arrives, however large it is."""
        left = self.transport.get_write_buffer_size()
        enough = min(left, ANSWER_PAUSE_SECONDS * SLOWEST_READING)

        def look() -> None:
            if left - self.transport.get_write_buffer_size() >= enough:
                self._await_reading()
            else:
                self.transport.abort()

        self._unread = self.loop.call_later(ANSWER_PAUSE_SECONDS, look)

    def _read_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _rest_arrived(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _allow(self, seconds: float) -> None:
        self._received()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _received(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        # Nobody reads more while the handler is behind; that pause is ours, not the client's.
        if self.flow.read_paused:
            self._allow(BODY_PAUSE_SECONDS)
        elif not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handling: the process decides when to stop."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle_memory()
        if self._ready is not None:
            await self._ready()


def bind(config: Config) -> socket.socket:
    """Listen on the configured address; port 0 picks a free one. Raises `OSError` naming the address."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # Named, so that asyncio, where it is the loop, sends what is short at once.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen(2048)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        wanted = f"{config.host}:{config.port}"
        raise OSError(
            error.errno,
            f"{wanted} can't be listened on ({error.strerror}); choose another --port, 0 for a free one",
        ) from error
    return listener


def listening(config: Config, listener: socket.socket) -> Config:
    """Return the settings with the port that is listened on, which is in the addresses that letters and pages tell."""
    return msgspec.structs.replace(config, port=listener.getsockname()[1])


def address(listener: socket.socket) -> str:
    """Return the URL of a listening socket; a wildcard address is written as localhost's."""
    host, port = str(listener.getsockname()[0]), int(listener.getsockname()[1])
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    app: ASGIApp | Any,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    ready: Callable[[], Awaitable[None]] | None = None,
    leaving: Callable[[], None] | None = None,
) -> None:
    """Serve until `stop` is set, then finish running requests.

    `ready` runs once requests are accepted, `leaving` when no more are: it ends answers that have no end.
    """
    configuration = uvicorn.Config(
        app,
        http=PunctualProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the application believes only the proxies that the operator names
        timeout_keep_alive=65,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(configuration, ready)

    async def leave() -> None:
        await stop.wait()
        if leaving is not None:
            leaving()
        server.should_exit = True

    waiting = asyncio.create_task(leave())
    try:
        await server.serve([listener])
    finally:
        waiting.cancel()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set the event on SIGINT and SIGTERM; a second one ends the process the usual way."""
    loop = asyncio.get_running_loop()

    def received(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, received, number)
