"""Statements that are sent ahead of the next one, whose answers nobody waits for.

PostgreSQL works through what it gets in order, but the driver waits for each answer before it sends more. The bounds
of a transaction and the rows of the outbox have no answer that anybody reads: they travel with the statement after
them and save a round trip each. They are sent without a Sync, so after a failure PostgreSQL skips everything up to
the next one, and the connection is given up: what followed was not executed, and nothing commits.
"""

import asyncio
import datetime
import struct
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

_log = structlog.get_logger(__name__)
FRESH_SECONDS: Final = 0.5
"""How long a connection that has answered is believed to be alive."""
_ASIDE: Final = frozenset(b"SNA")
"""Settings, notices and notifications, which are the driver's whenever they come."""
_KNOWN: Final = _ASIDE | frozenset(b"12nDC")
"""And parse complete, bind complete, no data, a row, command complete: anything else is a failure."""
_HEAD = struct.Struct("!ci")
Value = str | int | UUID | datetime.datetime | None


class ServingConnection(asyncpg.Connection):
    """A pooled connection that can be sent statements ahead."""

    __slots__ = ("_names", "_rested_at")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Begin as asyncpg does."""
        super().__init__(*arguments, **named)
        self._names: dict[str, bytes] = {}
        self._rested_at = -FRESH_SECONDS

    async def begin(self, statements: Sequence[str]) -> None:
        """Begin a transaction: ahead when the connection answered a moment ago, else its answer is waited for."""
        if self.has_names and time.monotonic() - self._rested_at < FRESH_SECONDS:
            messages = (_parse(b"", text) + _bind(b"", ()) + _EXECUTE for text in statements)
            self._write(b"".join(messages), len(statements))
        else:
            await self.execute("; ".join(statements))

    async def rest(self) -> None:
        """Roll back what a session left open; the pool calls it whenever a connection is given back.

        All session state is transaction-local, so `RESET ALL` and its round trip aren't needed.
        """
        transport: Any = self._transport  # pyright: ignore[reportAttributeAccessIssue]
        if self.is_in_transaction() or isinstance(transport.get_protocol(), _Answers):
            await self.execute("ROLLBACK")
        self._rested_at = time.monotonic()

    @property
    def has_names(self) -> bool:
        """Whether prepared statements stay: not behind a transaction pooler."""
        return self._stmt_cache_enabled  # pyright: ignore[reportAttributeAccessIssue]

    def send_ahead(self, statement: str, values: Sequence[Value]) -> None:
        """Send a statement, prepared once per connection; PostgreSQL knows the values' types from it."""
        me: Any = self
        if me._query_loggers:
            with me._time_and_log(statement, values, None):
                pass  # Whoever counts statements counts these too.
        name, parsed = self._names.get(statement), b""
        if name is None:
            name = self._names[statement] = b"psa_ahead_%d" % len(self._names)
            parsed = _parse(name, statement)
        self._write(parsed + _bind(name, values) + _EXECUTE, 1)

    def _write(self, messages: bytes, number: int) -> None:
        transport: Any = self._transport  # pyright: ignore[reportAttributeAccessIssue]
        reader = transport.get_protocol()
        if not isinstance(reader, _Answers):
            reader = _Answers(transport, reader)
            transport.set_protocol(reader)
        reader.expected += number
        transport.write(messages)


class _Answers(asyncio.Protocol):
    """Takes the answers to what was sent ahead off the stream, then gives the stream back to the driver."""

    def __init__(self, transport: Any, driver: Any) -> None:
        self._transport = transport
        self._driver = driver
        self._buffer = b""
        self.expected = 0

    def data_received(self, data: bytes) -> None:
        buffer, at = self._buffer + data, 0
        while self.expected and len(buffer) - at >= _HEAD.size:
            kind, length = _HEAD.unpack_from(buffer, at)
            end = at + 1 + length
            if kind[0] not in _KNOWN:
                answer = buffer[at + _HEAD.size :].replace(b"\0", b" ").decode("utf-8", "replace")
                _log.error("a statement sent ahead failed", answer=answer)
                self._transport.abort()
                return
            if len(buffer) < end:
                break
            if kind == b"C":
                self.expected -= 1
            elif kind[0] in _ASIDE:
                self._driver.data_received(buffer[at:end])
            at = end
        self._buffer = buffer[at:]
        if not self.expected:
            rest, self._buffer = self._buffer, b""
            self._transport.set_protocol(self._driver)
            if rest:
                self._driver.data_received(rest)

    def connection_lost(self, exc: Exception | None) -> None:
        self._driver.connection_lost(exc)

    def eof_received(self) -> bool | None:
        return self._driver.eof_received()

    def pause_writing(self) -> None:
        self._driver.pause_writing()

    def resume_writing(self) -> None:
        self._driver.resume_writing()


def _message(kind: bytes, body: bytes) -> bytes:
    return _HEAD.pack(kind, len(body) + 4) + body


def _parse(name: bytes, statement: str) -> bytes:
    return _message(b"P", name + b"\0" + statement.encode() + b"\0\0\0")


def _bind(name: bytes, values: Sequence[Value]) -> bytes:
    """Return the message that binds values as text, to the unnamed portal."""
    parts = [b"\0", name, b"\0\0\0", struct.pack("!h", len(values))]
    for value in values:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            text = (value.isoformat() if isinstance(value, datetime.datetime) else str(value)).encode()
            parts += (struct.pack("!i", len(text)), text)
    return _message(b"B", b"".join((*parts, b"\0\0")))


_EXECUTE: Final = _message(b"E", b"\0\0\0\0\0")
