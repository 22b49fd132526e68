"""A connection to a directory: TLS that is checked, one message at a time, never more than was bargained for.

Messages are framed here, so that a length is judged before anything of it is read; what they mean is `sansldap`'s.
"""

import asyncio
import functools
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, Literal

from sansldap import (
    ExtendedOperations,
    ExtendedResponse,
    LDAPClient,
    LDAPError,
    LDAPMessage,
    LDAPResultCode,
)
from sansldap.asn1 import NotEnougData

Security = Literal["ldaps", "starttls"]
Step = Literal["connect", "bind", "search"]
LONGEST_MESSAGE: Final = 4 << 20
"""Bytes of one answer: a group with some ten thousand members."""
MOST_BYTES: Final = 64 << 20
"""Bytes of all answers of one connection."""
_SEQUENCE: Final = 0x30


class DirectoryTrouble(Exception):
    """A directory can't be reached or doesn't do what it should; `step` names what was being done."""

    def __init__(self, detail: str, step: Step = "connect") -> None:
        """Say what happened, for administrators."""
        self.detail = detail
        self.step: Step = step
        super().__init__(detail)


class Wire:
    """Sends requests and reads answers, one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk over an open connection."""
        self._reader = reader
        self._writer = writer
        self._left = MOST_BYTES
        self.client = LDAPClient()

    async def send(self) -> None:
        """Send what the client has to say."""
        self._writer.write(self.client.data_to_send())
        await self._writer.drain()

    async def receive(self) -> LDAPMessage:
        """Return the next answer to what was asked."""
        frame = await self._frame()
        try:
            [message] = self.client.receive(frame)
        except (LDAPError, NotEnougData, ValueError, IndexError) as error:
            raise DirectoryTrouble(f"It answers what isn't LDAP: {error}"[:300]) from error
        return message

    async def secured(self, context: ssl.SSLContext, host: str) -> "Wire":
        """Ask for TLS (RFC 4511 4.14) and return the wire inside; what came in the clear is forgotten."""
        self.client.extended_request(ExtendedOperations.LDAP_START_TLS.value)
        await self.send()
        answer = await self.receive()
        if not isinstance(answer, ExtendedResponse) or answer.result.result_code != LDAPResultCode.SUCCESS:
            raise DirectoryTrouble("It doesn't take StartTLS; use LDAPS or set TLS up there.")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport = await loop.start_tls(self._writer.transport, protocol, context, server_hostname=host)
        if transport is None:
            raise DirectoryTrouble("It hung up while TLS began.")
        protocol.connection_made(transport)
        return Wire(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    def hang_up(self) -> None:
        """Close without a word: nothing is lost, and nobody is waited for."""
        self._writer.transport.abort()

    async def _frame(self) -> bytes:
        """Return the bytes of one message: BER with a definite length (RFC 4511 5.1)."""
        try:
            head = await self._reader.readexactly(2)
            size = head[1]
            if size & 0x80:
                more = await self._reader.readexactly(size & 0x7F) if size & 0x7F <= 4 else b""
                head += more
                size = int.from_bytes(more) if more else LONGEST_MESSAGE + 1
            if head[0] != _SEQUENCE or size > LONGEST_MESSAGE:
                raise DirectoryTrouble("It answers what isn't LDAP, or far too much.")
            self._left -= size
            if self._left < 0:
                raise DirectoryTrouble(
                    f"It answers with more than {MOST_BYTES >> 20} MiB; narrow the filter."
                )
            return head + await self._reader.readexactly(size)
        except asyncio.IncompleteReadError as error:
            raise DirectoryTrouble("It hung up.") from error


@functools.lru_cache(maxsize=64)
def tls(ca_certificates: str) -> ssl.SSLContext:
    """Return what certificates are checked against: the given authorities in PEM and no others, else the system's.

    Raises `ValueError` for what can't be read.
    """
    if not ca_certificates.isascii():
        raise ValueError("PEM is ASCII.")
    try:
        context = ssl.create_default_context(cadata=ca_certificates or None)
    except ssl.SSLError as error:
        raise ValueError(str(error)) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@asynccontextmanager
async def connected(
    address: str, port: int, *, host: str, security: Security, ca_certificates: str, seconds: float
) -> AsyncGenerator[Wire]:
    """Connect to an address that was checked; the certificate must be `host`'s.

    Raises `DirectoryTrouble`.
    """
    context, wires = tls(ca_certificates), list[Wire]()
    try:
        try:
            async with asyncio.timeout(seconds):
                inside = security == "ldaps"
                reader, writer = await asyncio.open_connection(
                    address, port, ssl=context if inside else None, server_hostname=host if inside else None
                )
                wires.append(Wire(reader, writer))
                if security == "starttls":
                    wires.append(await wires[0].secured(context, host))
        except DirectoryTrouble as trouble:
            raise DirectoryTrouble(f"{host}: {trouble.detail}") from trouble
        except ssl.SSLCertVerificationError as error:
            raise DirectoryTrouble(
                f"{host}: its certificate isn't trusted ({error.verify_message})."
            ) from error
        except TimeoutError as error:
            raise DirectoryTrouble(f"{host}: no answer within {seconds:g} seconds.") from error
        except OSError as error:
            raise DirectoryTrouble(f"{host}:{port}: {error.strerror or error}") from error
        yield wires[-1]
    finally:
        for wire in reversed(wires):
            wire.hang_up()
