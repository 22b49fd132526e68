"""A day of mail over real IMAP and SMTP servers while the worker is killed: every message is accounted for once.

New tickets, replies, forwards, vacation answers, bounces, lists, a second installation that answers everything,
broken MIME, and what is delivered twice.
"""
# ruff: noqa: T201 - what was measured is printed for docs/operating/reliability.md

import asyncio
import random
import time
from collections import Counter

import httpx
import pytest
from reliability import promises
from reliability.installation import DESK, IMPATIENT, PATIENCE, Installation

from .servers import PASSWORD, USER, ImapServer, SmtpServer, imap_server, smtp_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROBOT = "robot@other-desk.example"
SHARES = {
    "new": 30, "reply": 25, "forward": 4, "vacation": 10, "bounce": 5, "list": 6, "broken": 8, "loop": 1, "again": 11,
}  # fmt: skip
"""Of each hundred messages."""


@pytest.fixture
def new_installation(tmp_path, put_cluster):
    made: list[Installation] = []

    def make() -> Installation:
        made.append(Installation(tmp_path, plugins=(*DESK, "mail")))
        put_cluster(made[-1].directory)
        return made[-1]

    yield make
    for installation in made:
        installation.stop()


class Day:
    """The messages of a day, in order, and what each must become."""

    def __init__(self, size: int) -> None:
        self._dice = random.Random("a day of mail")
        self.raws: list[bytes] = []
        self.expected: dict[str, str] = {}
        self.marks: Counter[str] = Counter()
        self._asked: list[str] = []
        self._answers: Counter[str] = Counter()
        kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * size / 100))]
        self._dice.shuffle(kinds)
        # There is nothing to answer before something was asked.
        for number, kind in enumerate(["new"] * 3 + kinds[: size - 3]):
            self._write(number, kind)

    def _write(self, number: int, kind: str) -> None:
        person = f"p{number}@client.example"
        match kind:
            case "new":
                self._asked.append(self._add(number, "ticket", person))
            case "reply":
                self._add(number, "reply", person, In_Reply_To=self._thread(), text="I have more to say")
            case "forward":
                text = f"FYI\r\n---------- Forwarded message ---------\r\nFrom: x@far.example\r\n\r\nmark {number}"
                self._add(number, "ticket", person, prefix="Fwd: ", text=text)
            case "vacation":
                self._add(number, "reply", person, In_Reply_To=self._thread(), Auto_Submitted="auto-replied")
            case "bounce":
                self._add(number, "bounce", "MAILER-DAEMON@mx.example", In_Reply_To=self._thread())
            case "list":
                self._add(number, "ticket", person, List_Id="<all.client.example>")
            case "broken":
                broken = (
                    "Content-Type: multipart/mixed; boundary=never\r\nX: \xff\xfe =?utf-8?B?!!?=\r\nSubject"
                )
                self._add(number, "ticket", person, field=broken)
            case "loop":
                self._add(number, "ticket", ROBOT)
            case _:
                self.raws.append(self._dice.choice(self.raws))

    def _add(
        self, number: int, outcome: str, sender: str, *, text: str = "", prefix: str = "", field: str = "Subject",
        **headers: str,
    ) -> str:  # fmt: skip
        message_id, mark = f"day.{number}@client.example", f"mark {number}."
        lines = [f"From: {sender}", f"To: {USER}", f"Message-ID: <{message_id}>"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        content = "\r\n".join([*lines, f"{field}: {prefix}{mark}", "", f"{mark} {text}", ""])
        self.raws.append(content.encode("latin-1"))
        self.expected[message_id] = outcome
        self.marks[mark] += 1
        return message_id

    def _thread(self) -> str:
        """Return a message to answer, none too often: more than ten answers at once are a storm."""
        free = [one for one in self._asked if self._answers[one] < 8]
        chosen = self._dice.choice(free)
        self._answers[chosen] += 1
        return f"<{chosen}>"


class OtherDesk(SmtpServer):
    """A server behind which another installation answers whatever it gets, unmarked, as the worst one would."""

    def __init__(self, imap: ImapServer) -> None:
        super().__init__()
        self.answered = 0
        self._imap = imap

    async def handle_DATA(  # noqa: N802
        self, server, session, envelope
    ):
        if ROBOT in envelope.rcpt_tos:
            self.answered += 1
            text = f"From: {ROBOT}\r\nTo: {USER}\r\nMessage-ID: <loop.{self.answered}@other-desk.example>\r\n"
            text += f"Subject: We have your request {self.answered}\r\n\r\nmark loop {self.answered}.\r\n"
            await asyncio.to_thread(self._imap.deliver, text.encode())
        return await super().handle_DATA(server, session, envelope)


async def a_day(new_installation, monkeypatch, *, size: int, kills: int) -> None:
    """Deliver a day's mail in parts, a kill after each, and judge what became of it."""
    monkeypatch.setenv("PSA_OUTBOUND_NETWORKS", "127.0.0.0/8")
    day = Day(size)
    async with (
        imap_server() as imap,
        smtp_server(security="none", login=False, server=OtherDesk(imap)) as smtp,
    ):
        installation = new_installation()
        await asyncio.to_thread(installation.start, "up", prelude=IMPATIENT)
        headers = await asyncio.to_thread(installation.log_in)
        async with httpx.AsyncClient(
            base_url=f"{installation.url}/api/v1", headers=headers, timeout=60, verify=False
        ) as client:
            mailbox = await _set_up(client, imap, smtp)
            began = time.monotonic()
            parts = kills + 1
            for part in range(parts):
                chunk = day.raws[size * part // parts : size * (part + 1) // parts]
                await asyncio.to_thread(imap.deliver, *chunk)
                await _look(client, mailbox)
                if part < kills:
                    await _progress(installation)
                    # Server and worker are one process here; PostgreSQL and Valkey live on.
                    installation.kill("up")
                    await asyncio.to_thread(installation.start, "up", prelude=IMPATIENT)
            await _settled(installation, client, mailbox, day)
            seconds = time.monotonic() - began
        await _judge(installation, day, smtp)
    print(
        f"\n{len(day.raws)} messages, {kills} kills: {seconds:.0f} s, {len(smtp.taken)} sent, {smtp.answered} by the loop"
    )


async def _set_up(client: httpx.AsyncClient, imap: ImapServer, smtp: SmtpServer) -> str:
    async def make(resource: str, **attributes) -> str:
        answer = await client.post(
            f"/{resource}", json={"data": {"type": resource, "attributes": attributes}}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    await make(
        "email-transports", name="Out", from_address=USER, host="127.0.0.1", port=smtp.port, security="none",
        authentication="none",
    )  # fmt: skip
    return await make(
        "email-mailboxes", name="Desk", address=USER, host="127.0.0.1", port=imap.port, security="none", username=USER,
        secret=PASSWORD,
    )  # fmt: skip


async def _look(client: httpx.AsyncClient, mailbox: str) -> None:
    """Have the mailbox read now, from its beginning: what is known must not count twice."""
    answer = await client.post(f"/email-mailboxes/{mailbox}/resync")
    assert answer.status_code == 200, answer.text


async def _progress(installation: Installation) -> None:
    """Wait until the worker has something in hand."""
    before = await _count(installation, "SELECT count(*) AS n FROM mail.incoming WHERE state <> 'received'")
    deadline = time.monotonic() + PATIENCE
    while (
        await _count(installation, "SELECT count(*) AS n FROM mail.incoming WHERE state <> 'received'")
        < before + 5
    ):
        assert time.monotonic() < deadline, "nothing is worked on"
        await asyncio.sleep(0.02)


async def _settled(installation: Installation, client: httpx.AsyncClient, mailbox: str, day: Day) -> None:
    """Wait until all is in and worked off, and what it caused has ended."""
    wanted, deadline = len(day.expected), time.monotonic() + 20 * PATIENCE
    found = "SELECT count(*) AS n FROM mail.incoming WHERE state <> 'received' AND message_id LIKE 'day.%'"
    while await _count(installation, found) < wanted:
        assert time.monotonic() < deadline, "messages are missing"
        await asyncio.sleep(0.2)
    former = -1
    while (answered := await _count(installation, "SELECT count(*) AS n FROM mail.incoming")) != former:
        former = answered
        await promises.drained(installation)
        await _look(client, mailbox)
        await promises.drained(installation)


async def _count(installation: Installation, sql: str) -> int:
    [row] = await installation.query(sql)
    return row["n"]


async def _judge(installation: Installation, day: Day, smtp: OtherDesk) -> None:
    rows = await installation.query(
        "SELECT message_id, state, outcome, error, ticket, note FROM mail.incoming"
    )
    became = {row["message_id"]: row for row in rows}
    assert len(became) == len(rows), "a message is there twice"
    wrong = {
        one: (dict(became[one]) if one in became else None, outcome)
        for one, outcome in day.expected.items()
        if one not in became or became[one]["outcome"] != outcome
    }
    assert not wrong
    titles = Counter(row["title"] for row in await installation.query("SELECT title FROM ticketing.ticket"))
    notes = [row["content"] for row in await installation.query("SELECT content FROM comments.comment")]
    for message_id, outcome in day.expected.items():
        mark = f"mark {message_id.split('@')[0].partition('.')[2]}."
        told = sum(mark in content for content in notes)
        assert titles[mark] == (outcome == "ticket"), f"{mark} became {titles[mark]} tickets"
        assert told == (outcome in {"reply", "bounce"}), f"{mark} became {told} notes"
    robots = [row for row in rows if row["message_id"].startswith("loop.")]
    assert len(robots) == smtp.answered <= 5, "the loop went beyond its bound"
    sent = Counter(
        next(line for line in content.split(b"\r\n") if line.startswith(b"Message-ID"))
        for _, content in smtp.taken
    )
    assert not [one for one, count in sent.items() if count > 2], "a mail left again and again"


async def test_an_hour_of_mail_survives_a_kill(new_installation, monkeypatch):
    """MAIL-02, MAIL-03, MAIL-05 in small."""
    await a_day(new_installation, monkeypatch, size=40, kills=1)


@pytest.mark.thorough
async def test_a_day_of_mail_survives_three_kills(new_installation, monkeypatch):
    """MAIL-02, MAIL-03, MAIL-05: a thousand messages."""
    await a_day(new_installation, monkeypatch, size=1000, kills=3)
