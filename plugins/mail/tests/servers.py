"""Real servers for mail, on free ports of this machine: pymap for IMAP, aiosmtpd for SMTP, tokens over HTTP."""

import asyncio
import contextlib
import datetime
import imaplib
import ipaddress
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import msgspec
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATIENCE = 30.0
USER, PASSWORD = "support@desk.example.com", "correct horse battery"
_PYMAP = """
from pymap.main import main
from pysasl.hashing import BuiltinHash
BuiltinHash.__init__.__kwdefaults__["rounds"] = 1  # half a million take a third of a second at each log-in
main()
"""


class ImapServer:
    """A folder of a pymap that is a process of its own."""

    def __init__(self, port: int, folder: str = "INBOX") -> None:
        self.port, self.folder = port, folder

    def empty(self) -> "ImapServer":
        """Return the same server with a new folder, in which nobody else's mail is."""
        made = ImapServer(self.port, f"Box{uuid4().hex[:8]}")
        with self.client() as client:
            assert client.create(made.folder)[0] == "OK"
        return made

    def anew(self) -> None:
        """Delete the folder and make it again."""
        with self.client() as client:
            assert client.delete(self.folder)[0] == "OK"
            assert client.create(self.folder)[0] == "OK"

    def validity(self) -> bytes:
        """Return the UIDVALIDITY of the folder."""
        with self.client() as client:
            answer, found = client.status(self.folder, "(UIDVALIDITY)")
        assert answer == "OK"
        return found[0]

    def deliver(self, *raws: bytes) -> None:
        with self.client() as client:
            for raw in raws:
                assert client.append(self.folder, None, None, raw)[0] == "OK"

    def flags(self, folder: str = "") -> list[str]:
        """Return the flags of the messages of a folder, in order."""
        with self.client() as client:
            if client.select(folder or self.folder)[0] != "OK":
                return []
            _, found = client.fetch("1:*", "(FLAGS)")
            return [one.decode().partition("FLAGS ")[2].rstrip(")") for one in found if one]

    @contextlib.contextmanager
    def client(self):
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=PATIENCE)
        client.login(USER, PASSWORD)
        try:
            yield client
        finally:
            client.logout()


@contextlib.asynccontextmanager
async def imap_server(port: int = 0) -> AsyncIterator[ImapServer]:
    port = port or await free_port()
    words = ("--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict")
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", _PYMAP),
            *words,
            "--demo-user",
            USER,
            "--demo-password",
            PASSWORD,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await reachable(port)
        yield ImapServer(port)
    finally:
        process.kill()
        process.wait()


class SmtpServer:
    """aiosmtpd: keeps what it takes; answers as it is told, recipient by recipient."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], bytes]] = []
        self.answers: dict[str, str] = {}
        self.logins: list[tuple[str, bytes]] = []
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server, _session, envelope, address, _options
    ):
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, _server, _session, envelope
    ):
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.taken.append((list(envelope.rcpt_tos), bytes(envelope.content)))
        return answer

    async def auth_XOAUTH2(  # noqa: N802
        self, _server, args
    ):
        import base64

        text = base64.b64decode(args[1])
        user, _, token = text.partition(b"\x01auth=Bearer ")
        self.logins.append((user.removeprefix(b"user=").decode(), token.rstrip(b"\x01")))
        return AuthResult(success=token.rstrip(b"\x01") == b"good-token")

    def password(self, _server, _session, _envelope, mechanism, data):
        self.logins.append((mechanism, bytes(data.password)))
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()))


@contextlib.asynccontextmanager
async def smtp_server(
    *, security: str = "starttls", login: bool = True, server: SmtpServer | None = None
) -> AsyncIterator[SmtpServer]:
    server = server or SmtpServer()
    tls = server_tls() if security != "none" else None
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=await free_port(),
        ssl_context=tls if security == "tls" else None,
        tls_context=tls if security == "starttls" else None,
        require_starttls=security == "starttls",
        auth_required=login,
        auth_require_tls=security == "starttls",
        authenticator=server.password if login else None,
        loop=None,
    )
    await asyncio.to_thread(controller.start)
    server.port = controller.port
    try:
        yield server
    finally:
        await asyncio.to_thread(controller.stop)


class TokenServer:
    """Gives out access tokens, or refuses, as it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: tuple[int, dict] = (200, {"access_token": "good-token", "expires_in": 3600})
        self.url = ""

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (
                int(line.split(":")[1])
                for line in head.split("\r\n")
                if line.lower().startswith("content-length")
            ),
            0,
        )
        self.asked.append((await reader.readexactly(length)).decode())
        status, body = self.answer
        content = msgspec.json.encode(body)
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def token_server() -> AsyncIterator[TokenServer]:
    tokens = TokenServer()
    server = await asyncio.start_server(tokens.serve, "127.0.0.1", 0)
    tokens.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield tokens
    finally:
        server.close()


async def free_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def reachable(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return


_MADE: dict[str, str] = {}


def certificate() -> str:
    """Return the certificate (PEM) of the servers here; it signs itself."""
    if not _MADE:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
                ),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        _MADE["certificate"] = made.public_bytes(serialization.Encoding.PEM).decode()
        _MADE["key"] = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    return _MADE["certificate"]


def server_tls() -> ssl.SSLContext:
    import tempfile

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_text(certificate() + _MADE["key"])
        context.load_cert_chain(path)
    return context
