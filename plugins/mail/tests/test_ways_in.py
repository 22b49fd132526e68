"""The other ways in and out: Microsoft Graph, LMTP, HTTP, and the bell of IDLE."""

import asyncio
import smtplib
import socket

from psa_mail import imap, lmtp, oauth
from psa_mail.collecting import collect
from psa_mail.peers import Peer
from psa_sdk.mail import Letter, Mailer
from psa_sdk.testing import Kit

from .graph_double import graph_double
from .post_office import NEEDED, PostOffice, mail, opened
from .servers import PASSWORD, PATIENCE, USER, imap_server


async def test_graph_reads_by_delta_marks_moves_and_sends(psa_bench):
    """The mailbox of Microsoft 365, page by page; everything once; the same bytes as they came."""
    office = await PostOffice.open(await Kit.open(await psa_bench.install("multi", plugins=NEEDED)))
    async with graph_double() as double:
        account = {
            "kind": "graph", "authentication": "microsoft", "client_id": "app", "directory": "client.example",
            "secret": "s", "host": "127.0.0.1", "authority": double.url,
        }  # fmt: skip
        mailbox = await office.make(
            "email-mailboxes",
            name="365",
            address="desk@ms.example.com",
            after_reading="move",
            archive_folder="archive",
            **account,
        )
        double.messages |= {f"AAMk{n}=": mail(id=f"g{n}@x.example", subject=f"Graph {n}") for n in range(5)}
        for _ in range(2):
            async with office.kit.unit() as ctx:
                await ctx.send(collect, mailbox_id=mailbox)
            await office.kit.drain()
        shown = await office.shown("email-mailboxes", mailbox)
        answer = await office.admin.get("/incoming-emails", params={"filter[mailbox]": str(mailbox)})
        assert (shown["state"], shown["last_error"]) == ("working", "")
        assert sorted(one["attributes"]["title"] for one in answer.json()["data"]) == [
            f"Graph {n}" for n in range(5)
        ]
        assert sorted(double.read) == sorted(double.messages)
        assert set(double.moved.values()) == {"archive"}
        await office.make("email-transports", name="365", from_address="desk@ms.example.com", **account)
        async with office.kit.unit() as ctx:
            await ctx.service(Mailer).send(
                Letter(to=("ada@client.example",), subject="Hello", text="By Graph")
            )
        await office.kit.drain()
        [sent] = [opened(one) for one in double.sent if opened(one)["Subject"] == "Hello"]
        assert sent.get_body(("plain",)).get_content().strip() == "By Graph"
        assert sum("/token" in one for one in double.asked) == 1, "one token serves both"
        oauth._kept.clear()


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


async def test_idle_rings_when_mail_arrives_and_ends_when_it_is_told():
    """RFC 2177"""
    async with imap_server() as server:
        peer = Peer(
            kind="imap", host="127.0.0.1", port=server.port, addresses=("127.0.0.1",), security="none",
            authentication="password", username=USER, secret=PASSWORD, client_id="", directory="", authority="",
            certificate="", account=USER,
        )  # fmt: skip
        loop, rung = asyncio.get_running_loop(), asyncio.Event()
        stop, stopped = socket.socketpair()
        waiting = loop.run_in_executor(
            None,
            lambda: imap.wait_for_mail(
                peer, "", "INBOX", stop, lambda: loop.call_soon_threadsafe(rung.set), PATIENCE
            ),
        )
        async with asyncio.timeout(PATIENCE):
            while not rung.is_set():
                await asyncio.to_thread(server.deliver, mail(id="idle@x.example"))
                await asyncio.wait({asyncio.ensure_future(rung.wait())}, timeout=0.5)
            stopped.send(b"x")
            await waiting
    stop.close()
    stopped.close()


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
