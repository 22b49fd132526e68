"""R11, R12: clients that leave in the middle, dawdle or don't listen cost nobody else anything."""
# ruff: noqa: T201 - what was measured is printed for docs/operating/reliability.md

import asyncio
import contextlib
import json
import random
import socket
import time
from uuid import uuid4

import httpx
import pytest

from psa_kernel import server
from psa_kernel.http import limits

from . import promises
from .installation import JSON_API, Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
POOL = 16
CLIENTS = 24
HURRIED = (
    "from psa_kernel import server; from psa_kernel.http import limits; server.HEADER_SECONDS = 2;"
    " server.BODY_PAUSE_SECONDS = server.ANSWER_PAUSE_SECONDS = limits.BODY_SECONDS = 3"
)


@pytest.fixture
def installation(new_installation) -> Installation:
    made = new_installation("multi")
    made.start("up")
    return made


def request(
    installation: Installation, headers: dict[str, str], method: str, path: str, body: object = None
) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{installation.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


def ticket(mark: str) -> dict[str, object]:
    return {"type": "tickets", "attributes": {"title": mark}}


def three(title: str) -> dict[str, object]:
    """Return three tickets to be made together."""
    return {"atomic:operations": [{"op": "add", "data": ticket(title)} for _ in range(3)]}


async def longest_answer(installation: Installation, headers: dict[str, str], clients: int) -> float:
    """Return the seconds that who waits longest waits for three tickets, of clients who ask at once; after a first try."""
    async with httpx.AsyncClient(
        base_url=installation.url, headers=headers, timeout=60, verify=False
    ) as client:

        async def asked() -> float:
            began = time.monotonic()
            answer = await client.post("/api/v1/operations", json=three("whole"))
            assert answer.status_code == 200, answer.text
            return time.monotonic() - began

        await asked()
        return max(await asyncio.gather(*(asked() for _ in range(clients))))


async def test_clients_that_hang_up_leave_nothing_half_done(installation, pytestconfig):
    """R12: 1000 requests, each cut off at a random moment; three hundred of them unless `--thorough`."""
    headers = installation.log_in()
    atomic = f'{JSON_API};ext="https://jsonapi.org/ext/atomic"'
    both = {**headers, "Content-Type": atomic, "Accept": atomic}
    dice = random.Random(12)
    count = 1000 if pytestconfig.getoption("--thorough") else 300
    patience = await longest_answer(installation, both, CLIENTS)

    async def hang_up(number: int) -> None:
        mark = f"request {number}"
        if number % 3 == 0:
            sent = request(installation, headers, "GET", "/api/v1/tickets?include=status,priority")
        elif number % 3 == 1:
            keyed = {**headers, "Idempotency-Key": str(uuid4())}
            sent = request(installation, keyed, "POST", "/api/v1/tickets", {"data": ticket(mark)})
        else:
            sent = request(installation, both, "POST", "/api/v1/operations", three(f"{mark} part"))
        _, writer = await asyncio.open_connection("127.0.0.1", installation.port)
        writer.write(sent[: dice.randint(1, len(sent))] if number % 10 == 0 else sent)
        # The moment is what is random here, from before the first query to after the commit.
        await asyncio.sleep(dice.uniform(0, patience))
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    waiting = iter(range(count))

    async def client() -> None:
        for number in waiting:
            await hang_up(number)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await promises.connections_idle(installation, at_most=POOL)
    parts = await installation.query(
        "SELECT title, count(*) AS n FROM ticketing.ticket WHERE title LIKE '% part' GROUP BY title"
    )
    assert parts, "nothing was committed: that proves nothing"
    assert {row["n"] for row in parts} == {3}, "some of the operations of one request"
    (row,) = await installation.query(
        "SELECT (SELECT count(*) FROM ticketing.ticket) AS tickets,"
        " (SELECT count(*) FROM psa.audit_entry WHERE resource = 'tickets' AND action = 'created') AS audited,"
        " (SELECT count(*) FROM psa.outbox WHERE name = 'tickets.created') AS told,"
        " (SELECT count(*) FROM psa.idempotency_key WHERE status IS NULL) AS claimed,"
        " (SELECT count(*) FROM ticketing.ticket WHERE title LIKE 'request %') AS cut_off"
    )
    assert row["tickets"] == row["audited"] == row["told"]
    assert row["claimed"] == 0
    assert row["cut_off"] < 4 * count // 3, "nobody hung up in time: that proves nothing"
    async with httpx.AsyncClient(
        base_url=installation.url, headers=headers, timeout=60, verify=False
    ) as client_:
        answers = await asyncio.gather(*(client_.get("/api/v1/tickets") for _ in range(2 * POOL)))
    assert {answer.status_code for answer in answers} == {200}, "a connection of the pool is missing"
    assert "internal_error" not in installation.processes["up"].said


def test_clients_have_ten_seconds_for_headers_and_thirty_for_bodies_and_answers():
    """R11"""
    assert server.HEADER_SECONDS == 10
    assert server.BODY_PAUSE_SECONDS == server.ANSWER_PAUSE_SECONDS == limits.BODY_SECONDS == 30


async def test_dawdling_clients_are_closed_while_others_are_served(new_installation):
    """R11, in a hurry: two seconds for headers, three for bodies and answers."""
    installation = new_installation("multi")
    installation.start("up", prelude=HURRIED)
    headers = installation.log_in()
    async with httpx.AsyncClient(
        base_url=installation.url, headers=headers, timeout=60, verify=False
    ) as client:
        note = {"data": ticket("x" * 200)}
        for _ in range(20):
            assert (await client.post("/api/v1/tickets", json=note)).status_code == 201
    await installation.query(
        "INSERT INTO ticketing.ticket SELECT (jsonb_populate_record(t, jsonb_build_object('id', psa.new_id(),"
        " 'number', t.number + 1000 * n, 'description', repeat('y', 4000)))).* FROM ticketing.ticket t,"
        " generate_series(1, 100) n"
    )
    calm = await latencies(installation, headers, 40)
    started = time.monotonic()

    async def until_closed(first: bytes, then: bytes = b"", *, read: bool = True) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", installation.port, limit=1024)
        try:
            writer.write(first)
            if read:
                closing = asyncio.create_task(drain(reader))
                while not closing.done():
                    await asyncio.wait([closing], timeout=0.5)
                    if not closing.done() and then:
                        writer.write(then)
            return time.monotonic() - started
        finally:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    half_headers = request(installation, headers, "GET", "/api/v1/tickets")[:-2] + b"X-Slow: "
    body = request(installation, headers, "POST", "/api/v1/tickets", note)
    half_body = body[: -len(json.dumps(note)) + 5]
    export = request(installation, headers, "GET", "/api/v1/tickets.csv?fields[tickets]=title,description")
    deaf = [silent(installation, export) for _ in range(POOL + 4)]
    header_times = asyncio.gather(*(until_closed(half_headers, b"y") for _ in range(100)))
    body_times = asyncio.gather(*(until_closed(half_body, b"z") for _ in range(60)))
    async with asyncio.timeout(120):
        busy = await latencies(installation, headers, 40)
        assert max(await header_times) < 20
        assert max(await body_times) < 50
    await promises.connections_idle(installation, at_most=POOL)
    for connected in deaf:
        connected.close()
    print(f"\np95 calm {calm * 1000:.0f} ms, beside dawdlers {busy * 1000:.0f} ms")
    assert busy < max(4 * calm, 0.5)
    assert "internal_error" not in installation.processes["up"].said


async def drain(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(65536):
            pass


def silent(installation: Installation, sent: bytes) -> socket.socket:
    """Ask for something and read nothing of it; nor does the system take more than a little."""
    connected = socket.socket()
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connected.connect(("127.0.0.1", installation.port))
    connected.sendall(sent)
    return connected


async def one(installation: Installation, headers: dict[str, str]) -> tuple[int, float]:
    async with httpx.AsyncClient(
        base_url=installation.url, headers=headers, timeout=40, verify=False
    ) as client:
        began = time.monotonic()
        answer = await client.get("/api/v1/ticket-statuses")
        return answer.status_code, time.monotonic() - began


async def latencies(installation: Installation, headers: dict[str, str], count: int) -> float:
    """Return the 95th percentile of some requests, all of which must succeed."""
    seconds = []
    for _ in range(count):
        status, took = await one(installation, headers)
        assert status == 200
        seconds.append(took)
    return sorted(seconds)[int(count * 0.95)]
