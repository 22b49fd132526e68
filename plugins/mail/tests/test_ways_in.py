"""The other ways in and out: Microsoft Graph, the Gmail API, LMTP, HTTP, and the bell of IDLE."""

import array
import asyncio
import base64
import contextlib
import fcntl
import functools
import json
import smtplib
import socket
import termios
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from psa_mail import imap, lmtp, subscriptions
from psa_mail.collecting import collect
from psa_mail.peers import Peer
from psa_sdk.mail import Letter, Mailer
from psa_sdk.testing import Kit

from .post_office import NEEDED, PostOffice, mail, opened
from .servers import PASSWORD, PATIENCE, USER, certificate, imap_server, server_tls
from .vendors import Double, vendors

GRAPH = {"kind": "graph", "authentication": "microsoft", "client_id": "app", "directory": "client.example"}
GMAIL = {"kind": "gmail", "authentication": "google", "client_id": "app:word"}


@pytest_asyncio.fixture(loop_scope="session")
async def desk(psa_bench) -> PostOffice:
    """A tenant that really sends."""
    return await PostOffice.open(await Kit.open(await psa_bench.install("multi", plugins=NEEDED)))


def at(double: Double, **account: str) -> dict[str, str]:
    """Return what leads a mailbox or transport to the double."""
    where = double.url if account["kind"] == "graph" else f"{double.url}/token"
    return {**account, "secret": "s", "host": "127.0.0.1", "authority": where}


async def look(desk: PostOffice, mailbox: UUID, times: int = 1) -> dict:
    for _ in range(times):
        async with desk.kit.unit() as ctx:
            await ctx.send(collect, mailbox_id=mailbox)
        await desk.kit.drain()
    return await desk.shown("email-mailboxes", mailbox)


async def titles(desk: PostOffice, mailbox: UUID) -> list[str]:
    params = {"filter[mailbox]": str(mailbox), "page[size]": "100", "sort": "created_at"}
    answer = await desk.admin.get("/incoming-emails", params=params)
    return [one["attributes"]["title"] for one in answer.json()["data"]]


async def hello(desk: PostOffice, double: Double) -> list[EmailMessage]:
    """Send a letter; returns the letters that the double has."""
    async with desk.kit.unit() as ctx:
        await ctx.service(Mailer).send(Letter(to=("ada@client.example",), subject="Hello", text="By the API"))
    await desk.kit.drain()
    return [one for one in map(opened, await double.sent()) if one["Subject"] == "Hello"]


async def test_graph_reads_by_delta_marks_moves_and_sends(desk):
    """The mailbox of Microsoft 365, page by page; everything once; the same bytes as they came."""
    async with vendors() as double:
        raws = {f"AAMk{n}=": mail(id=f"g{n}@x.example", subject=f"Graph {n}") for n in range(5)}
        await double.deliver(raws)
        account = at(double, **GRAPH)
        mailbox = await desk.make(
            "email-mailboxes",
            name="365",
            address="desk@ms.example.com",
            after_reading="move",
            archive_folder="archive",
            **account,
        )
        shown = await look(desk, mailbox, 2)
        assert (shown["state"], shown["last_error"]) == ("working", "")
        assert await titles(desk, mailbox) == [f"Graph {n}" for n in range(5)]
        await desk.make("email-transports", name="365", from_address="desk@ms.example.com", **account)
        [sent] = await hello(desk, double)
        assert sent.get_body(("plain",)).get_content().strip() == "By the API"
        seen = await double.seen()
    assert sorted(seen["read"]) == sorted(raws)
    assert set(seen["moved"].values()) == {"archive"}
    assert sum("/token" in one for one in seen["asked"]) == 1, "one token serves both"


async def test_gmail_reads_its_inbox_then_its_history_labels_and_sends(desk):
    """Google's mailbox: what is there, then what comes; a forgotten history loses and doubles nothing."""
    async with vendors() as double:
        account = at(double, **GMAIL)
        refused = await desk.admin.post(
            "/email-mailboxes",
            {"name": "G", "address": "g@g.example.com", **account, "authentication": "password"},
        )
        assert refused.json()["errors"][0]["code"] == "gmail_needs_google"
        await double.deliver({f"a{n}": mail(id=f"a{n}@g.example", subject=f"Old {n}") for n in range(3)})
        mailbox = await desk.make(
            "email-mailboxes",
            name="Gmail",
            address="desk@g.example.com",
            after_reading="move",
            archive_folder="Done",
            **account,
        )
        shown = await look(desk, mailbox)
        assert (shown["state"], shown["last_error"]) == ("working", "")
        await double.deliver({f"b{n}": mail(id=f"b{n}@g.example", subject=f"New {n}") for n in range(3)})
        await look(desk, mailbox)
        assert sorted(await titles(desk, mailbox)) == [
            *(f"New {n}" for n in range(3)),
            *(f"Old {n}" for n in range(3)),
        ]
        seen = await double.seen()
        assert list(seen["labels"].values()) == [["Label_7"]] * 6
        assert sum(one.endswith("/messages/a0") for one in seen["asked"]) == 1, "history leads on"

        await double.deliver({"c": mail(id="c@g.example", subject="Late")})
        await double.forget_history()
        await look(desk, mailbox)
        assert (await titles(desk, mailbox)).count("Late") == 1
        await desk.make("email-transports", name="Gmail", from_address="desk@g.example.com", **account)
        [sent] = await hello(desk, double)
        assert sent["To"] == "ada@client.example"

        limited = {"error": {"code": 403, "errors": [{"reason": "rateLimitExceeded"}]}}
        await double.refuse({"/gmail": (403, limited), "/upload": (403, limited)})
        shown = await look(desk, mailbox)
        assert (shown["state"], shown["is_paused"]) == ("failing", False)
        assert "rateLimitExceeded" in shown["last_error"]
        refusals = "SELECT refused_logins FROM mail.mailbox_health WHERE mailbox = $1"
        assert (await desk.kit.installation.rows(refusals, mailbox))[0]["refused_logins"] == 0
        assert len(await hello(desk, double)) == 1
        [queued] = await desk.outgoing(state="queued", kind="letter")
        assert "403" in queued["error"]


async def test_providers_ring_when_mail_arrives(desk, monkeypatch):
    """Graph's subscription and Gmail's watch; renewed in time; a ring has the mailbox read, a forged one nothing."""
    kernel = desk.kit.installation.kernel
    monkeypatch.setattr(
        kernel, "config", msgspec.structs.replace(kernel.config, public_url="https://psa.example.com")
    )
    topic = "projects/desk/topics/mail"
    async with vendors() as double:
        ringing = await desk.make(
            "email-mailboxes", name="Ms", address="desk@ms.example.com", **at(double, **GRAPH)
        )
        watched = await desk.make(
            "email-mailboxes",
            name="G",
            address="desk@g.example.com",
            pubsub_topic=topic,
            **at(double, **GMAIL),
        )
        for mailbox in (ringing, watched):
            await look(desk, mailbox)
        for _ in range(2):
            await renewed(desk)
        seen = await double.seen()
        [subscription] = seen["subscriptions"]
        assert subscription["resource"] == "users/desk@ms.example.com/mailFolders('inbox')/messages"
        assert seen["watches"] == [
            {"topicName": topic, "labelIds": ["INBOX"], "labelFilterBehavior": "include"}
        ]
        desk.kit.advance(timedelta(hours=60))
        for mailbox in (ringing, watched):
            await look(desk, mailbox)
        await renewed(desk)
        seen = await double.seen()
        assert (seen["renewed"], len(seen["subscriptions"]), len(seen["watches"])) == (["sub-1"], 1, 2)

        path = subscription["notificationUrl"].partition("/api/v1")[2]
        token = path.rpartition("/")[2]
        assert subscription["notificationUrl"].startswith("https://")
        assert subscription["clientState"] == token
        anyone = desk.kit.anonymous()
        echo = await anyone.request("POST", f"{path}?validationToken=Validation%3A%20hi%20there")
        assert (echo.status_code, echo.text) == (200, "Validation: hi there")
        assert echo.headers["content-type"].startswith("text/plain")
        await double.deliver({"r": mail(id="ring@x.example", subject="Rung")})
        rings = (
            ({"value": [{"clientState": "forged"}]}, path, 202, 0),
            ({"value": []}, path[:-3], 404, 0),
            ({"value": [{"clientState": token, "changeType": "created"}]}, path, 202, 1),
            (
                {"message": {"data": told("desk@g.example.com")}, "subscription": "s"},
                path.replace(token, await token_for(desk, watched)),
                202,
                1,
            ),
        )
        for body, where, status, more in rings:
            before = len(await titles(desk, ringing)) + len(await titles(desk, watched))
            answer = await anyone.request(
                "POST",
                where,
                content=json.dumps(body).encode(),
                headers={"Content-Type": "application/json", "Authorization": "Bearer of.google.s"},
            )
            await desk.kit.drain()
            after = len(await titles(desk, ringing)) + len(await titles(desk, watched))
            assert (answer.status_code, after - before) == (status, more), body


async def renewed(desk: PostOffice) -> None:
    async with desk.kit.unit() as ctx:
        await ctx.send(subscriptions.subscribe)
    await desk.kit.drain()


async def token_for(desk: PostOffice, mailbox: UUID) -> str:
    async with desk.kit.unit() as ctx:
        return subscriptions.token_of(ctx, mailbox)


def told(address: str) -> str:
    """Return what Gmail has Pub/Sub tell."""
    return base64.b64encode(json.dumps({"emailAddress": address, "historyId": 7}).encode()).decode()


async def test_lmtp_takes_what_is_committed_and_refuses_whom_it_does_not_know(office):
    """RFC 2033: an answer for each recipient; a token in the address threads."""
    kernel = office.kit.installation.kernel
    server = await lmtp.serve(kernel, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def deliver(to: list[str], raw: bytes):
        with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE) as client:
            return client.sendmail("ada@client.example", to, raw)

    local, domain = office.address.split("@")
    raw = mail(to="undisclosed@x.example", id="lmtp@x.example")
    refused = await asyncio.to_thread(deliver, [f"{local}+any@{domain}", "nobody@desk.example.com"], raw)
    again = await asyncio.to_thread(deliver, [office.address], raw)
    server.close()
    await office.kit.drain()
    answer = await office.admin.get("/incoming-emails", params={"filter[message_id]": "lmtp@x.example"})
    [got] = answer.json()["data"]
    assert (list(refused), again, got["attributes"]["outcome"]) == (["nobody@desk.example.com"], {}, "ticket")
    assert got["attributes"]["verdict"] == "human"


async def test_a_message_is_handed_in_over_http_with_a_key_for_it(office):
    """S21: only with the permission; repeated, it changes nothing."""
    raw, path = mail(id="push@x.example"), f"/email-mailboxes/{office.mailbox}/messages"
    headers = {"Content-Type": "message/rfc822", "X-Envelope-To": office.address}
    key = await office.kit.api_key("mail.messages.push", "mail.email_mailboxes.read")
    answers = [await key.request("POST", path, content=raw, headers=headers) for _ in range(2)]
    stranger = await office.kit.api_key("ticketing.tickets.read")
    refused = await stranger.request("POST", path, content=raw, headers=headers)
    await office.kit.drain()
    assert [one.json()["data"]["attributes"]["is_new"] for one in answers] == [True, False]
    assert [one.status_code for one in (*answers, refused)] == [202, 202, 403]
    assert (
        len(
            await office.kit.installation.rows(
                "SELECT 1 FROM mail.incoming WHERE message_id = 'push@x.example'"
            )
        )
        == 1
    )


def imap_peer(port: int, **changes: str) -> Peer:
    return msgspec.structs.replace(
        Peer(
            kind="imap", host="127.0.0.1", port=port, addresses=("127.0.0.1",), security="none",
            authentication="password", username=USER, secret=PASSWORD, client_id="", directory="", authority="",
            certificate="", account=USER,
        ),
        **changes,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def watched(peer: Peer) -> AsyncIterator[asyncio.Event]:
    """Hold IDLE on a mailbox; yields the bell."""
    loop, bell = asyncio.get_running_loop(), asyncio.Event()
    stop, stopped = socket.socketpair()
    ring = functools.partial(loop.call_soon_threadsafe, bell.set)
    waiting = asyncio.create_task(
        asyncio.to_thread(imap.wait_for_mail, peer, "", "INBOX", stop, ring, PATIENCE)
    )
    with stop, stopped:
        try:
            async with asyncio.timeout(PATIENCE):
                yield bell
        finally:
            stopped.send(b"x")
            await waiting


async def test_idle_rings_when_mail_arrives_and_ends_when_it_is_told():
    """RFC 2177"""
    async with imap_server() as server, watched(imap_peer(server.port)) as bell:
        while not bell.is_set():
            await asyncio.to_thread(server.deliver, mail(id="idle@x.example"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), timeout=0.5)


@pytest.mark.parametrize("security", ["none", "tls"])
async def test_idle_reads_lines_that_arrive_in_pieces(security: str, monkeypatch: pytest.MonkeyPatch):
    """A line cut in two is neither lost nor taken for the end."""
    connected, sockets = imap.connected, list[socket.socket]()

    def remembered(peer: Peer) -> socket.socket:
        sockets.append(connected(peer))
        return sockets[-1]

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.strip().partition(b" ")
            if command == b"CAPABILITY":
                writer.write(b"* CAPABILITY IMAP4rev1 IDLE\r\n")
            elif command == b"IDLE":
                for piece in (b"+ idling\r\n* 1 FETCH ", b"(FLAGS (\\Seen))\r\n* 2 "):
                    writer.write(piece)
                    await read_by(sockets[0])
                writer.write(b"EXISTS\r\n")
                await reader.readline()
            elif command == b"LOGOUT":
                break
            writer.write(tag + b" OK done\r\n")
        writer.close()

    monkeypatch.setattr(imap, "connected", remembered)
    secure = server_tls() if security == "tls" else None
    async with await asyncio.start_server(speak, "127.0.0.1", 0, ssl=secure) as server:
        port = server.sockets[0].getsockname()[1]
        peer = imap_peer(port, security=security, host="localhost", certificate=certificate())
        async with watched(peer) as bell:
            await bell.wait()


async def read_by(reader: socket.socket) -> None:
    """Wait until nothing that was sent is left to be read."""
    left = array.array("i", [1])
    while left[0]:
        await asyncio.sleep(0)
        fcntl.ioctl(reader, termios.FIONREAD, left)


async def test_a_page_of_mails_costs_the_same_however_many_there_are(office):
    """No statement per mail: two tickets' audiences, three or thirty rows."""
    await office.contact("ada@client.example", await office.company("client.example"))
    await office.receive(*(mail(to=office.address, id=f"n{n}@x.example", subject=f"{n}") for n in range(3)))
    admin = office.admin
    async with office.kit.statements() as few:
        await admin.get("/incoming-emails", params={"include": "ticket,mailbox"})
    await office.receive(*(mail(to=office.address, id=f"m{n}@x.example", subject=f"{n}") for n in range(12)))
    async with office.kit.statements() as many:
        await admin.get("/incoming-emails", params={"include": "ticket,mailbox"})
    assert len(many) == len(few)
