"""Servers of mailboxes and transports: which one, how to log in, and a connection to a checked address."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from psa_sdk import Context
from psa_sdk.errors import Invalid, NotFound, Problem
from psa_sdk.network import Network

CONNECT_SECONDS = 15.0
_HOSTS = {
    ("imap", "microsoft"): "outlook.office365.com",
    ("imap", "google"): "imap.gmail.com",
    ("imap", "google_service"): "imap.gmail.com",
    ("smtp", "microsoft"): "smtp.office365.com",
    ("smtp", "google"): "smtp.gmail.com",
    ("smtp", "google_service"): "smtp.gmail.com",
}


class LoginRefused(Exception):
    """The server, or who gives out tokens, doesn't take the credentials."""


class PeerTrouble(Exception):
    """The server can't be reached or doesn't do what it should; trying again may help."""


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A server and how to log in; the secret in the clear, so never kept or logged."""

    kind: str
    host: str
    port: int
    addresses: Sequence[str]
    security: Literal["tls", "starttls", "none"]
    authentication: str
    username: str
    secret: str
    client_id: str
    directory: str
    authority: str
    certificate: str
    account: str
    """The address whose mailbox it is."""

    def __repr__(self) -> str:
        """Never show the secret."""
        return f"Peer({self.kind}, {self.host}:{self.port})"


async def peer_of(ctx: Context, resource: str, row: Mapping[str, Any]) -> Peer:
    """Return the server of a mailbox or transport.

    Raises `PeerTrouble` where its address is refused or unknown, `LoginRefused` where a password would travel in the
    clear.
    """
    kind, authentication = row["kind"], row["authentication"]
    host = row["host"] or _HOSTS.get((kind, authentication), "")
    network = ctx.service(Network)
    addresses: Sequence[str] = ()
    if kind in {"imap", "smtp"}:
        try:
            addresses = await network.addresses(host, row["port"])
        except Problem as problem:
            raise PeerTrouble(str(problem)) from problem
        inside = all(network.is_opened(one) for one in addresses)
        if row["security"] == "none" and authentication != "none" and not inside:
            raise LoginRefused("Without TLS the log-in would travel in the clear; choose tls or starttls.")
    secret = ""
    with contextlib.suppress(NotFound):
        secret = await ctx.as_system().reveal(resource, row["id"], "secret", shown=False)
    account = row["address"] if "address" in row else row["from_address"]
    return Peer(
        kind=kind,
        host=host,
        port=row["port"],
        addresses=tuple(addresses),
        security=row["security"],
        authentication=authentication,
        username=row["username"] or account,
        secret=secret,
        client_id=row["client_id"],
        directory=row["directory"],
        authority=row["authority"].rstrip("/"),
        certificate=row["certificate"],
        account=account,
    )


def origin_of_api(peer: Peer, usual: str) -> str:
    """Return where a provider's API is: the usual place, or that of another cloud whose host is named."""
    if not peer.host:
        return usual
    known = urlsplit(peer.authority)
    return f"{known.scheme}://{known.netloc}" if known.hostname == peer.host else f"https://{peer.host}"


def tls(peer: Peer) -> ssl.SSLContext:
    """Return what the server's certificate is checked against: the system's authorities, or the given one."""
    try:
        return ssl.create_default_context(cadata=peer.certificate or None)
    except (ssl.SSLError, ValueError) as error:
        raise Invalid(
            f"The certificate of {peer.host} can't be read: {error}", code="bad_certificate"
        ) from error


def connected(peer: Peer, *, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """Connect to one of the checked addresses; with TLS from the start where the peer says so. Blocks."""
    trouble: OSError | None = None
    for address in peer.addresses:
        try:
            plain = socket.create_connection((address, peer.port), timeout=seconds)
        except OSError as error:
            trouble = error
            continue
        if peer.security != "tls":
            return plain
        try:
            return tls(peer).wrap_socket(plain, server_hostname=peer.host)
        except OSError as error:
            plain.close()
            trouble = error
    raise PeerTrouble(f"{peer.host}:{peer.port} can't be reached: {trouble or 'no address'}")


async def connected_plainly(peer: Peer) -> socket.socket:
    """Connect without TLS, for libraries that add it themselves."""
    bare = msgspec.structs.replace(peer, security="none")
    found = await asyncio.to_thread(connected, bare)
    found.setblocking(False)
    return found
