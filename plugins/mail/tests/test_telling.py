"""Who hears of what mail can't settle by itself, and clients who are asked how they found the help."""

import re
from datetime import timedelta
from uuid import UUID

import pytest_asyncio

from psa_console.notifications.inbox import latest
from psa_mail.collecting import collect
from psa_sdk.testing import Client, Kit

from .post_office import PostOffice, mail, opened
from .servers import PASSWORD, USER, certificate, smtp_server

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Psa-Action": "1"}


@pytest_asyncio.fixture(loop_scope="session")
async def desk(psa_bench) -> PostOffice:
    """A tenant with every module that is installed."""
    return await PostOffice.open(await Kit.open(await psa_bench.install("multi")))


async def bell(desk: PostOffice, who: Client) -> list[tuple[str, str]]:
    async with desk.kit.unit(who) as ctx:
        return [(row["kind"], row["title"]) for row in await latest(ctx, 20)]


async def page(client: Client, path: str) -> str:
    answer = await client.get(f"http://localhost{path}", headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_client_is_asked_by_mail_once_and_answers_by_its_link_or_in_the_portal(desk):
    company = await desk.company("client.example")
    contact = await desk.contact("ada@client.example", company)
    client = await desk.kit.portal(company, contact_id=contact)
    helper = await desk.staff.account_id()
    ticket = await desk.make(
        "tickets", title="No toner", company=company, contact=contact, assigned_to=helper
    )
    async with smtp_server() as server:
        await desk.make(
            "email-transports", name="Way", from_address=USER, host="127.0.0.1", port=server.port, username=USER,
            secret=PASSWORD, certificate=certificate(),
        )  # fmt: skip
        await desk.move(ticket, "closed")
        await desk.kit.drain()
        await desk.move(ticket, "closed")
        await desk.kit.drain()
    [(to, content)] = [one for one in server.taken if b"/portal/survey/" in one[1]]
    text = opened(content).get_body(("plain",)).get_content()
    path, rating = re.findall(r"(/portal/survey/[\w.-]+)\?rating=(\d)", text)[3]
    assert (to, rating, opened(content)["Auto-Submitted"]) == (["ada@client.example"], "4", "auto-generated")
    assert 'value="4" class="vh" checked' in await page(desk.kit.anonymous(), f"{path}?rating=4")
    surveys = (await desk.admin.get("/satisfaction-surveys")).json()["data"]
    assert [one["attributes"]["rating"] for one in surveys] == [None], "following a link rates nothing"

    url = f"http://localhost/portal/tickets/{ticket}"
    assert 'value="4"' in await page(client, f"/portal/tickets/{ticket}")
    said = await client.request("POST", f"{url}/rating", content=b"rating=5&comment=Quick", headers=FORM)
    assert said.status_code == 200, said.text
    assert "You may still change it" in await page(client, f"/portal/tickets/{ticket}")
    report = await page(desk.admin, "/ui/satisfaction?group=company")
    assert "100 %" in report
    assert "Quick" in report


async def test_what_mail_cannot_settle_reaches_the_bell_of_who_can(desk):
    """MAIL-05, MAIL-15: the assignee of a held thread; of mailboxes and waiting mail whoever operates them."""
    helper = await desk.staff.account_id()
    [new] = await desk.receive(mail(to=desk.address, id="first@x.example", subject="Ticking"))
    await desk.admin.patch(f"/tickets/{new['ticket']}", relationships={"assigned_to": helper})
    storm = [
        mail(to=desk.address, id=f"s{n}@x.example", In_Reply_To="<first@x.example>", text=f"Tick {n}")
        for n in range(13)
    ]
    await desk.receive(*storm)
    rung = await bell(desk, desk.staff)
    assert rung.count(("thread_held", "Ticking")) == 1
    assert "thread_held" not in [kind for kind, _ in await bell(desk, desk.admin)]

    flood = [mail("bot@flood.example", desk.address, f"Alarm {n}", id=f"f{n}@x.example") for n in range(23)]
    assert [one["state"] for one in await desk.receive(*flood)].count("held") == 3
    mailbox = (await desk.shown("email-mailboxes", desk.mailbox))["name"]
    assert (await bell(desk, desk.admin)).count(("mail_held", mailbox)) == 1

    broken = await desk.make(
        "email-mailboxes", name="Away", address="away@desk.example.com", host="127.0.0.1", port=9, secret="x",
        security="tls",
    )  # fmt: skip
    for _ in range(7):
        async with desk.kit.unit() as ctx:
            await ctx.send(collect, mailbox_id=broken)
        await desk.kit.drain()
        desk.kit.advance(timedelta(minutes=5))
    assert ("mailbox_troubled", "Away") in await bell(desk, desk.admin)
    assert "mailbox_troubled" not in [kind for kind, _ in await bell(desk, desk.staff)]


async def test_the_assignee_hears_of_a_reply_that_nobody_took(desk):
    company = await desk.company("refusing.example")
    contact = await desk.contact("bob@refusing.example", company)
    helper = await desk.staff.account_id()
    ticket = await desk.make(
        "tickets", title="No sound", company=company, contact=contact, assigned_to=helper
    )
    async with smtp_server() as server:
        server.answers["bob@refusing.example"] = "550 5.1.1 User unknown"
        await desk.make(
            "email-transports", name="Way", from_address=USER, host="127.0.0.1", port=server.port, username=USER,
            secret=PASSWORD, certificate=certificate(),
        )  # fmt: skip
        await desk.reply(UUID(str(ticket)), "Is it plugged in?")
    assert ("mail_not_delivered", "No sound") in await bell(desk, desk.staff)
