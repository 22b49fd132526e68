"""Mailboxes over a real IMAP server: nothing lost, nothing twice, trouble seen (MAIL-03, MAIL-15)."""

from datetime import timedelta
from uuid import UUID

import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from psa_mail.collecting import collect, look_round
from psa_mail.health import Health, after_failure, pause_after

from .post_office import PostOffice, mail
from .servers import PASSWORD, USER, ImapServer, imap_server, token_server


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def shared_server():
    async with imap_server() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def server(shared_server):
    return shared_server.empty()


async def imap_mailbox(office: PostOffice, server: ImapServer, **values) -> UUID:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "folder": server.folder,
        "security": "none",
        "username": USER,
        "secret": PASSWORD,
        **values,
    }
    return await office.make(
        "email-mailboxes",
        name=f"IMAP {office.kit.number()}",
        address=f"imap{office.kit.number()}@desk.example.com",
        **given,
    )


async def received(office: PostOffice, mailbox: UUID) -> list[dict]:
    answer = await office.admin.get(
        "/incoming-emails", params={"filter[mailbox]": str(mailbox), "page[size]": 100}
    )
    return [one["attributes"] for one in answer.json()["data"]]


async def look(office: PostOffice, mailbox: UUID) -> dict:
    """Let the mailbox be read and return it, its health included."""
    async with office.kit.unit() as ctx:
        await ctx.send(collect, mailbox_id=mailbox)
    await office.kit.drain()
    return await office.shown("email-mailboxes", mailbox)


@given(st.integers(1, 500), st.integers(1, 500))
def test_pauses_grow_and_end_at_an_hour(first, second):
    """MAIL-15"""
    short, long = sorted((first, second))
    assert timedelta(minutes=1) <= pause_after(short) <= pause_after(long) <= timedelta(hours=1)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.datetimes())
def test_five_refused_log_ins_pause_and_a_quarter_of_an_hour_alerts_once(logins, now):
    """MAIL-15"""
    health, alerts, at = Health(), 0, now
    for count, login in enumerate(logins):
        verdict = after_failure(health, at, "no", login=login)
        refused = sum(logins[: count + 1])
        assert verdict.pause == (login and refused >= 5)
        alerts += verdict.alert and not verdict.pause
        kept = {name: verdict.values.get(name, getattr(health, name)) for name in Health.__struct_fields__}
        health = Health(**kept)
        at += pause_after(health.failures)
    assert alerts <= 1
    assert alerts == 1 or len(logins) < 5 or sum(logins) >= 5


async def test_new_mail_is_read_once_and_marked_after_the_commit(office, server):
    """MAIL-03: in the order of arrival; \\Seen only follows what is stored."""
    mailbox = await imap_mailbox(office, server)
    server.deliver(
        *(mail(sender=f"s{n}@x.example", id=f"i{n}@x.example", subject=f"Number {n}") for n in range(30))
    )
    shown = await look(office, mailbox)
    assert (shown["state"], shown["failures"], shown["last_error"]) == ("working", 0, "")
    rows = await received(office, mailbox)
    assert {one["state"] for one in rows} == {"processed"}
    assert sorted(one["title"] for one in rows) == sorted(f"Number {n}" for n in range(30))
    assert all("\\Seen" in flags for flags in server.flags()[-30:])
    server.deliver(mail(id="i30@x.example"))
    await look(office, mailbox)
    assert len(await received(office, mailbox)) == 31
    resynced = await office.admin.post(f"/email-mailboxes/{mailbox}/resync")
    assert resynced.status_code == 200
    await office.kit.drain()
    assert len(await received(office, mailbox)) == 31


async def test_a_crash_between_storing_and_commit_loses_nothing(office, server, monkeypatch):
    """MAIL-02, MAIL-03: rolled back, the position stays and the mail is read again, once."""
    mailbox = await imap_mailbox(office, server)
    await look(office, mailbox)
    server.deliver(mail(id="crash@x.example"))
    async with office.kit.unit() as ctx:
        try:
            async with ctx.savepoint():
                await collect.run(ctx, mailbox_id=mailbox)
                raise RuntimeError("the process ends here")
        except RuntimeError:
            pass
    assert "crash@x.example" not in [one["message_id"] for one in await received(office, mailbox)]
    await look(office, mailbox)
    await look(office, mailbox)
    assert [one["message_id"] for one in await received(office, mailbox)].count("crash@x.example") == 1


async def test_a_folder_that_is_numbered_anew_gives_no_duplicates(office, server):
    """MAIL-02: another UIDVALIDITY, the same messages, as after a server was set up again."""
    raws = [mail(id=f"uv{n}@x.example") for n in range(3)]
    mailbox = await imap_mailbox(office, server)
    server.deliver(*raws)
    await look(office, mailbox)
    before, numbered = len(await received(office, mailbox)), server.validity()
    server.anew()
    assert server.validity() != numbered
    server.deliver(mail(id="uv9@x.example"), *raws)
    await look(office, mailbox)
    assert len(await received(office, mailbox)) == before + 1


async def test_read_mail_is_moved_where_it_should_go(office, server):
    mailbox = await imap_mailbox(office, server, after_reading="move", archive_folder="Done")
    await look(office, mailbox)
    before = len(server.flags("Done"))
    server.deliver(mail(id="mv@x.example"))
    await look(office, mailbox)
    assert len(server.flags("Done")) == before + 1
    assert (await look(office, mailbox))["state"] == "working"


async def test_a_server_that_is_away_is_seen_and_told_of_after_a_quarter_of_an_hour(office):
    """MAIL-15"""
    async with imap_server() as gone:
        port = gone.port
    mailbox = await imap_mailbox(office, gone)
    shown = await look(office, mailbox)
    assert (shown["state"], shown["is_paused"]) == ("failing", False)
    assert str(port) in shown["last_error"]
    office.kit.advance(timedelta(minutes=16))
    async with office.kit.unit() as ctx:
        await ctx.send(look_round)
    await office.kit.drain()
    events = await office.kit.installation.rows(
        "SELECT payload FROM psa.outbox WHERE name = 'mail.mailbox_troubled' AND tenant_id = $1",
        office.kit.tenant_id,
    )
    assert len(events) == 1
    async with imap_server(port):
        assert (await look(office, mailbox))["state"] == "working"


async def test_refused_log_ins_pause_the_mailbox_until_somebody_resumes_it(office, server):
    """MAIL-15: after five; the secret is never shown."""
    mailbox = await imap_mailbox(office, server, secret="wrong")
    for _ in range(5):
        shown = await look(office, mailbox)
    assert shown["is_paused"] is True
    assert "refused 5 times" in shown["paused_because"]
    assert shown["secret"] is True
    answer = await office.admin.patch(f"/email-mailboxes/{mailbox}", {"secret": PASSWORD})
    assert PASSWORD not in answer.text
    await office.admin.post(f"/email-mailboxes/{mailbox}/resume")
    await office.kit.drain()
    assert (await office.shown("email-mailboxes", mailbox))["state"] == "working"
    checked = await office.admin.post(f"/email-mailboxes/{mailbox}/check")
    assert checked.json()["data"]["attributes"] == {"works": True, "detail": ""}


async def test_a_token_that_is_refused_counts_as_a_refused_log_in(office, server):
    """Microsoft 365: the provider's words are shown."""
    async with token_server() as tokens:
        tokens.answer = (
            401,
            {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"},
        )
        mailbox = await imap_mailbox(
            office,
            server,
            authentication="microsoft",
            client_id="app",
            directory="client.example",
            authority=tokens.url,
        )
        shown = await look(office, mailbox)
    assert "AADSTS7000215" in shown["last_error"]
    assert "grant_type=client_credentials" in tokens.asked[0]


async def test_what_only_the_server_can_see_is_no_mail_server(office):
    """S20"""
    answer = await office.admin.post(
        "/email-mailboxes",
        {"name": "Inward", "address": "in@desk.example.com", "host": "169.254.169.254", "port": 143},
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "address_refused")
