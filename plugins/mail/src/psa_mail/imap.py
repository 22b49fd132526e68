"""Reading over IMAP (RFC 9051): what is new by UID, flags or moves afterwards, and IDLE. Blocking; run in threads."""

import imaplib
import re
import select
import socket
import ssl
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.imapclient import SocketTimeout

from psa_mail.peers import LoginRefused, Peer, PeerTrouble, connected, tls

READ_SECONDS = 60.0
_ARRIVED = re.compile(rb"\* \d+ (EXISTS|RECENT)\r?\n")
MOST_BYTES = 64 * 1024 * 1024


class Position(msgspec.Struct, frozen=True):
    """How far a folder has been read; another `uidvalidity` makes the uids mean nothing (RFC 9051 2.3.1.1)."""

    uidvalidity: int = 0
    uid: int = 0


class Fetched(msgspec.Struct, frozen=True):
    """A message as it came."""

    uid: int
    raw: bytes


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Some new messages in the order of arrival, where that leaves us, and whether there are more."""

    messages: Sequence[Fetched]
    position: Position
    more: bool
    too_large: Sequence[int] = ()


class _Connected(imaplib.IMAP4):
    """The library's own client on a connection that is there already."""

    def __init__(self, given: socket.socket) -> None:
        self._given = given
        super().__init__()

    def _create_socket(self, timeout: float | None) -> socket.socket:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._given

    # `IMAPClient.idle_check` reads without blocking, and so loses or refuses a line of which a part is there.
    # Here only the look whether more has come doesn't block, and it takes nothing away.

    def pending(self) -> bool:
        """Return whether something was received that hasn't been read; what `select` can't tell."""
        self.sock.settimeout(0)
        try:
            return bool(self.file.peek(1))  # pyright: ignore[reportAttributeAccessIssue] - a BufferedReader
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.sock.settimeout(READ_SECONDS)

    def line(self) -> bytes:
        """Read a line to its end. Raises `EOFError`."""
        line = self.readline()
        if not line.endswith(b"\n"):
            raise EOFError("the server hung up")
        return line


class _Client(IMAPClient):
    def __init__(self, peer: Peer, given: socket.socket) -> None:
        self._given = given
        super().__init__(
            peer.host,
            peer.port,
            ssl=False,
            use_uid=True,
            timeout=SocketTimeout(connect=15, read=READ_SECONDS),  # pyright: ignore[reportArgumentType]
        )

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802 - the library's name  # pyright: ignore[reportIncompatibleMethodOverride]
        self.connected = _Connected(self._given)
        return self.connected


@contextmanager
def opened(peer: Peer, token: str = "") -> Generator[Any]:
    """Connect and log in. Raises `LoginRefused` or `PeerTrouble`, also for what happens inside."""
    given = connected(peer)
    client: Any = None
    try:
        client = _Client(peer, given)
        if peer.security == "starttls":
            client.starttls(tls(peer))
        _log_in(client, peer, token)
        yield client
        with suppress(IMAPClientError, imaplib.IMAP4.error, OSError):  # a courtesy; the work is done
            client.logout()
    except LoginError as error:
        raise LoginRefused(str(error)[:500]) from error
    except (IMAPClientError, imaplib.IMAP4.error, OSError, EOFError) as error:
        raise PeerTrouble(f"{peer.host}: {error}"[:500]) from error
    finally:
        if client is not None:
            _hang_up(client)
        given.close()


def _log_in(client: Any, peer: Peer, token: str) -> None:
    if peer.authentication == "password":
        client.login(peer.username, peer.secret)
    elif peer.authentication != "none":
        client.oauth2_login(peer.username, token)


def _hang_up(client: Any) -> None:
    try:
        client.shutdown()
    except (OSError, imaplib.IMAP4.error, AttributeError):
        return


def new_messages(peer: Peer, token: str, folder: str, position: Position, most: int) -> Batch:
    """Return the next messages behind a position. Nothing is marked: flags follow the commit (MAIL-03)."""
    with opened(peer, token) as client:
        chosen = client.select_folder(folder, readonly=True)
        validity = int(chosen[b"UIDVALIDITY"])
        begin = position.uid if position.uidvalidity == validity else 0
        # `n:*` always names the last message too, also where it is older than n.
        found = sorted(uid for uid in client.search(["UID", f"{begin + 1}:*"]) if uid > begin)
        wanted = found[:most]
        sizes = (
            {uid: data.get(b"RFC822.SIZE", 0) for uid, data in client.fetch(wanted, ["RFC822.SIZE"]).items()}
            if wanted
            else {}
        )
        messages: list[Fetched] = []
        for uid in wanted:
            if sizes.get(uid, 0) > MOST_BYTES:
                continue
            data = client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
            if b"BODY[]" in data:
                messages.append(Fetched(uid, bytes(data[b"BODY[]"])))
        return Batch(
            messages=messages,
            position=Position(validity, wanted[-1] if wanted else begin),
            more=len(found) > len(wanted),
            too_large=[uid for uid in wanted if sizes.get(uid, 0) > MOST_BYTES],
        )


def put_away(
    peer: Peer, token: str, folder: str, uidvalidity: int, uids: Sequence[int], move_to: str
) -> None:
    """Mark messages as seen, and move them where a folder is named; those that are gone are fine."""
    with opened(peer, token) as client:
        chosen = client.select_folder(folder)
        if int(chosen[b"UIDVALIDITY"]) != uidvalidity or not uids:
            return
        client.add_flags(list(uids), [rb"\Seen"], silent=True)
        if not move_to:
            return
        if not client.folder_exists(move_to):
            client.create_folder(move_to)
        if b"MOVE" in client.capabilities():
            client.move(list(uids), move_to)
        else:
            client.copy(list(uids), move_to)
            client.add_flags(list(uids), [rb"\Deleted"], silent=True)
            if b"UIDPLUS" in client.capabilities():
                client.uid_expunge(list(uids))
            else:
                client.expunge()


def wait_for_mail(
    peer: Peer, token: str, folder: str, stop: socket.socket, ring: Any, seconds: float
) -> None:
    """Hold IDLE (RFC 2177) for some time and call `ring` at each arrival; ends when `stop` can be read."""
    with opened(peer, token) as client:
        if b"IDLE" not in client.capabilities():
            select.select([stop], [], [], seconds)
            return
        client.select_folder(folder, readonly=True)
        client.idle()
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            if not client.connected.pending():
                readable, _, _ = select.select([stop, client.socket()], [], [], left)
                if stop in readable:
                    break
                if not readable:
                    continue
            line = client.connected.line()
            if _ARRIVED.match(line):
                ring()
            if line.startswith(b"* BYE"):
                break
        client.idle_done()
