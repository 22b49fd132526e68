"""Load: a closed loop of connections over real HTTP, and the processor time that the servers spend on it."""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import msgspec

CONNECTIONS = 8

Next = Callable[[], bytes]
"""Makes the next request."""


class Work(msgspec.Struct, frozen=True):
    """Some slices of load on one server."""

    requests: int
    seconds: float
    server: float
    """Seconds of processor time of the HTTP process."""
    database: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cost(self) -> float:
        """Milliseconds of processor time per request, server and database together."""
        return (self.server + self.database) / self.requests * 1000

    @property
    def median(self) -> float:
        """The median latency in milliseconds."""
        return statistics.median(self.latencies) * 1000

    def __str__(self) -> str:
        of_server, of_database = self.server / self.requests * 1000, self.database / self.requests * 1000
        return (
            f"{self.rate:6.0f}/s  p50 {self.median:6.2f} ms  "
            f"processor {of_server:.2f} + {of_database:.2f} = {self.cost:.2f} ms"
        )


class Contestant(msgspec.Struct):
    """One of those that are compared: a server's address and process, and the requests it gets."""

    name: str
    address: tuple[str, int]
    pid: int
    next: Next
    status: int = 200
    connections: int = CONNECTIONS


class _Client(asyncio.Protocol):
    """A keep-alive connection that sends the next request when an answer is whole."""

    def __init__(self, contestant: Contestant, latencies: list[float], stop: asyncio.Event) -> None:
        self._contestant = contestant
        self._latencies = latencies
        self._stop = stop
        self._buffer = bytearray()
        self._missing = -1
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(self._contestant.next())

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            if int(head[9:12]) != self._contestant.status:
                self._end(RuntimeError(bytes(self._buffer[:2000]).decode()))
                return
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            self._missing = length - (len(self._buffer) - end - 4)
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self._latencies.append(time.perf_counter() - self._sent)
            self._buffer.clear()
            self._missing = -1
            if self._stop.is_set():
                self._end()
            else:
                self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("The server closed the connection."))

    def _end(self, error: Exception | None = None) -> None:
        if not self.done.done():
            if error:
                self.done.set_exception(error)
            else:
                self.done.set_result(None)
        assert self._transport is not None
        self._transport.close()


def processor_time(pid: int) -> float:
    """Return the seconds of processor time that a process has spent in all its threads."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total / 1e9


class Meter:
    """Reads the processor time of the database's processes, those that end meanwhile left out."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster

    def read(self) -> dict[int, float]:
        """Return the time of each process of the database."""
        text = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children").read_text()
        return {int(pid): processor_time(int(pid)) for pid in text.split()}

    def since(self, before: dict[int, float]) -> float:
        """Return what was spent since `read`."""
        return sum(spent - before.get(pid, 0.0) for pid, spent in self.read().items())


async def slice_of(contestant: Contestant, seconds: float, meter: Meter) -> Work:
    """Load one contestant for some seconds."""
    loop = asyncio.get_running_loop()
    stop, latencies = asyncio.Event(), list[float]()
    database, server, started = meter.read(), processor_time(contestant.pid), time.perf_counter()
    clients: list[_Client] = []
    for _ in range(contestant.connections):
        _, client = await loop.create_connection(
            lambda: _Client(contestant, latencies, stop), *contestant.address
        )
        clients.append(client)
    loop.call_later(seconds, stop.set)
    await asyncio.gather(*(client.done for client in clients))
    elapsed = time.perf_counter() - started
    return Work(
        len(latencies),
        elapsed,
        processor_time(contestant.pid) - server,
        meter.since(database),
        tuple(latencies),
    )


class Comparison(msgspec.Struct):
    """The slices of two contestants, taken by turns."""

    names: tuple[str, str]
    first: list[Work]
    second: list[Work]

    @classmethod
    async def of(
        cls, first: Contestant, second: Contestant, meter: Meter, *, rounds: int = 9, seconds: float = 1.5
    ) -> Self:
        """Load both by turns, after a turn each that doesn't count; whoever begins alternates."""
        for contestant in (first, second):
            await slice_of(contestant, 2.0, meter)
        found = cls((first.name, second.name), [], [])
        for number in range(rounds):
            turns = [(first, found.first), (second, found.second)]
            for contestant, works in turns if number % 2 else reversed(turns):
                works.append(await slice_of(contestant, seconds, meter))
        return found

    @property
    def throughput(self) -> float:
        """The median over the rounds of the first's throughput in units of the second's."""
        return self._ratio(lambda work: work.rate)

    @property
    def thrift(self) -> float:
        """The same of requests per second of processor time, which neighbours on the machine disturb less."""
        return self._ratio(lambda work: 1 / work.cost)

    @property
    def slowness(self) -> float:
        """The same of the median latency."""
        return self._ratio(lambda work: work.median)

    def _ratio(self, of: Callable[[Work], float]) -> float:
        return statistics.median(of(a) / of(b) for a, b in zip(self.first, self.second, strict=True))

    def __str__(self) -> str:
        lines = [
            f"{name:>32}  {_typical(works)}"
            for name, works in zip(self.names, (self.first, self.second), strict=True)
        ]
        lines.append(f"{'ratio':>32}  throughput {self.throughput:.2f}  per processor time {self.thrift:.2f}")
        return "\n".join(lines)


def _typical(works: Sequence[Work]) -> Work:
    return sorted(works, key=lambda work: work.rate)[len(works) // 2]


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return an HTTP/1.1 request as bytes."""
    fields = {"Host": "localhost", "Accept": "application/vnd.api+json"} | headers
    if body:
        fields |= {"Content-Type": "application/vnd.api+json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode() + body
