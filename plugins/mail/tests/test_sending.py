"""What goes out, over a real SMTP server: taken once, tried again, refused for good; letters, passwords (MAIL-06)."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from psa_mail.addresses import Person, comparable, parted, people, tagged
from psa_mail.composing import Draft, composed
from psa_sdk.errors import Invalid
from psa_sdk.identity import Directory
from psa_sdk.mail import Letter, Mailer
from psa_sdk.testing import Kit

from .post_office import NEEDED, PostOffice, mail, opened
from .servers import PASSWORD, USER, certificate, smtp_server, token_server

LETTER = Letter(
    to=("Ada <ada@client.example>", "bob@client.example"), subject="Invoice 17", text="Here it is."
)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(psa_bench) -> PostOffice:
    """A tenant that really sends."""
    return await PostOffice.open(await Kit.open(await psa_bench.install("multi", plugins=NEEDED)))


async def transport(desk: PostOffice, port: int, **values) -> UUID:
    given = {
        "host": "127.0.0.1", "port": port, "security": "starttls", "username": USER, "secret": PASSWORD,
        "certificate": certificate(), "from_name": "Example Desk", **values,
    }  # fmt: skip
    return await desk.make("email-transports", name=f"Way {desk.kit.number()}", from_address=USER, **given)


async def send(desk: PostOffice, letter: Letter = LETTER) -> UUID:
    async with desk.kit.unit() as ctx:
        queued = await ctx.service(Mailer).send(letter)
    await desk.kit.drain()
    return queued


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=300))
def test_no_text_begins_another_header(name, subject, text):
    """S23: CRLF in names and subjects."""
    draft = Draft(
        sender=Person("a@example.com", name),
        to=[Person("b@example.com", name)],
        subject=subject,
        text="".join(c for c in text if c.isprintable() or c == "\n"),
        message_id="1@example.com",
        date=datetime(2026, 6, 1, tzinfo=UTC),
    )
    made = composed(draft)
    head = made.partition(b"\r\n\r\n")[0]
    assert b"\n" not in head.replace(b"\r\n", b"")
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert {one.lower() for one in names} <= {
        b"from", b"to", b"subject", b"date", b"message-id", b"content-type", b"content-transfer-encoding", b"mime-version",
    }  # fmt: skip
    assert made.isascii()


@given(st.emails(), st.from_regex(r"t\.[0-9]{1,9}\.[a-z2-7]{16}", fullmatch=True))
def test_a_tag_comes_off_as_it_went_on(address, tag):
    plain = parted(address)[0]
    longer = tagged(plain, tag)
    assert parted(longer) == (plain, tag) or longer == plain
    assert len(longer.rpartition("@")[0].encode()) <= 64 or longer == plain


@given(st.lists(st.emails(), max_size=5))
def test_lists_of_addresses_are_read_back(addresses):
    simple = [one for one in addresses if people([one])]
    assert [one.email for one in people([", ".join(simple)])] == list(
        dict.fromkeys(comparable(one) for one in simple)
    )


@pytest.mark.parametrize(("security", "login"), [("starttls", True), ("tls", False)])
async def test_mail_leaves_over_tls_with_a_log_in(desk, security, login):
    async with smtp_server(security=security, login=login) as server:
        authentication = "password" if login else "none"
        way = await transport(desk, server.port, security=security, authentication=authentication)
        queued = await send(desk)
        tested = await desk.admin.post(f"/email-transports/{way}/test", {"to": "admin@desk.example.com"})
    assert tested.json()["data"]["attributes"]["works"] is True
    [(to, content), _] = server.taken
    assert to == ["ada@client.example", "bob@client.example"]
    assert [one[1] for one in server.logins] == ([PASSWORD.encode()] * 2 if login else [])
    shown = opened(content)
    assert (shown["Subject"], shown["Auto-Submitted"]) == ("Invoice 17", "auto-generated")
    assert shown["From"].addresses[0].display_name == "Example Desk"
    row = await desk.shown("outgoing-emails", queued)
    assert (row["state"], row["attempts"]) == ("sent", 1)


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(desk):
    async with smtp_server() as server:
        await transport(desk, server.port, certificate="")
        queued = await send(desk)
    row = await desk.shown("outgoing-emails", queued)
    assert (row["state"], server.taken, server.logins) == ("queued", [], [])
    assert "certificate" in row["error"].lower()


async def test_what_is_taken_later_is_tried_again_and_what_is_refused_is_not(desk):
    async with smtp_server() as server:
        await transport(desk, server.port)
        server.answers["DATA"] = "451 4.7.1 Greylisted"
        queued = await send(desk)
        first = await desk.shown("outgoing-emails", queued)
        server.answers.clear()
        desk.kit.advance(timedelta(minutes=2))
        await desk.kit.drain()
        second = await desk.shown("outgoing-emails", queued)
        assert len(server.taken) == 1
        server.answers["bob@client.example"] = "550 5.1.1 User unknown"
        partly = await desk.shown("outgoing-emails", await send(desk))
        server.answers["ada@client.example"] = "550 5.1.1 User unknown"
        wholly = await desk.shown("outgoing-emails", await send(desk))
    assert (first["state"], first["attempts"], second["state"], second["attempts"]) == (
        "queued",
        1,
        "sent",
        2,
    )
    assert "Greylisted" in first["error"]
    assert (partly["state"], wholly["state"]) == ("sent", "failed")
    assert "bob@client.example: 550 5.1.1 User unknown" in partly["error"]
    assert second["message_id"]


async def test_xoauth2_is_spoken_to_providers_that_want_it(desk):
    """A token from the provider's server; a refused one leaves the mail queued."""
    async with token_server() as tokens, smtp_server() as server:
        await transport(
            desk,
            server.port,
            authentication="microsoft",
            client_id="app",
            directory="client.example",
            authority=tokens.url,
        )
        await send(desk)
        assert server.logins[-1] == (USER, b"good-token")
        assert "scope=https%3A%2F%2Foutlook.office365.com%2F.default" in tokens.asked[0]
    assert len(server.taken) == 1


async def test_a_server_that_is_away_is_tried_again(desk):
    async with smtp_server() as server:
        pass
    await transport(desk, server.port)
    queued = await send(desk)
    row = await desk.shown("outgoing-emails", queued)
    assert (row["state"], row["attempts"]) == ("queued", 1)


async def test_a_letter_to_nobody_is_refused(desk):
    async with desk.kit.unit() as ctx:
        with pytest.raises(Invalid):
            await ctx.service(Mailer).send(Letter(to=("not an address",), subject="x", text="y"))


async def test_links_for_passwords_go_to_their_owner_and_are_stored_nowhere(office, outbox):
    """Invitations and resets leave by the same transport; the token is in the mail only."""
    invited = await office.make("users", email="new@desk.example.com", name="Nina New")
    async with office.kit.unit() as ctx:
        await ctx.service(Directory).request_password(invited)
    await office.kit.drain()
    [envelope] = outbox.envelopes
    assert envelope.recipients == ("new@desk.example.com",)
    text = opened(envelope).get_body(("plain",)).get_content()
    token = text.partition("/ui/reset?token=")[2].split()[0].strip("<>)")
    assert len(token) > 20
    stored = await office.kit.installation.rows(
        "SELECT body_text, body_html, title FROM mail.outgoing WHERE tenant_id = $1", office.kit.tenant_id
    )
    assert token not in str(stored)
    chosen = await office.kit.anonymous().post(
        "/auth/reset-password", {"token": token, "new_password": "a long and winding road 9"}
    )
    assert chosen.status_code == 204, chosen.text


async def test_a_link_for_a_password_leads_home_whatever_host_a_request_names(office, outbox):
    """S11: whoever asks for somebody else's reset doesn't choose where its token goes."""
    account = await (await office.kit.staff(roles=("technician",))).account_id()
    email = (await office.shown("users", account))["email"]
    for poison in (
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example"},
        {"forwarded": "host=evil.example"},
    ):
        asked = await office.kit.anonymous().post("/auth/forgot-password", {"email": email}, headers=poison)
        assert asked.status_code == 202, asked.text
        await office.kit.drain()
    texts = [opened(envelope).get_body(("plain",)).get_content() for envelope in outbox.envelopes]
    homes = [re.findall(r"(\S+)/ui/reset\?token=", text) for text in texts]
    assert homes == [["http://127.0.0.1:8080"]] * 3
    assert not [envelope for envelope in outbox.envelopes if b"evil" in envelope.content]


@pytest.mark.parametrize("audience", ["staff", "portal"])
async def test_a_changed_address_is_told_to_both_and_the_former_one_does_not_learn_the_other(
    office, outbox, audience
):
    """S11: a typing error would else tell a stranger."""
    former, present = f"former-{audience}@client.example", f"present-{audience}@client.example"
    if audience == "staff":
        client = await office.kit.staff(roles=("technician",))
    else:
        company = await office.company("client.example")
        client = await office.kit.portal(company, contact_id=await office.contact(former, company))
    account = await client.account_id()
    async with office.kit.unit() as ctx:
        await ctx.db.execute("UPDATE psa.account SET last_login_at = now() WHERE id = $1", account)
        await ctx.records.update("users", account, {"email": former})
    await office.kit.drain()
    outbox.envelopes.clear()
    changed = await office.admin.patch(f"/users/{account}", {"email": present})
    assert changed.status_code == 200, changed.text
    await office.kit.drain()
    letters = {envelope.recipients: envelope.content.decode() for envelope in outbox.envelopes}
    assert set(letters) == {(former,), (present,)}
    assert present not in letters[(former,)]
    assert all("e-mail address" in opened(content.encode())["Subject"] for content in letters.values())


async def test_notes_of_a_moment_are_one_mail_and_internal_ones_never_leave(office, outbox):
    """NTF-03, TIC-64: what is deleted or made internal before the mail leaves isn't in it."""
    await office.settings(gather_seconds=120)
    await office.contact("ada@client.example", await office.company("client.example"))
    [new] = await office.receive(mail(to=office.address, id="g@x.example"))
    outbox.envelopes.clear()
    first = await office.reply(new["ticket"], "One")
    await office.reply(new["ticket"], "Secret", note_type="internal")
    second = await office.reply(new["ticket"], "Two")
    gone = await office.reply(new["ticket"], "Wrong ticket")
    assert (await office.staff.delete(f"/comments/{gone['id']}")).status_code == 204
    assert outbox.envelopes == []
    office.kit.advance(timedelta(minutes=3))
    await office.kit.drain()
    [envelope] = outbox.envelopes
    text = opened(envelope).get_body(("plain",)).get_content()
    assert text.index("One") < text.index("Two")
    assert not [word for word in ("Secret", "Wrong ticket") if word in envelope.content.decode()]
    notes = {one["id"]: one["is_email_sent"] for one in await office.notes(new["ticket"])}
    assert (notes[first["id"]], notes[second["id"]]) == (True, True)


async def test_templates_are_the_tenants_own_words(office, outbox):
    """TIC-62: placeholders, the language, nothing that a client's name could do."""
    await office.contact("ada@client.example", await office.company("client.example"))
    refused = await office.admin.post(
        "/email-templates", {"kind": "created", "content": "{{ticket.internal}}"}
    )
    assert refused.json()["errors"][0]["code"] == "unknown_placeholder"
    await office.make(
        "email-templates",
        kind="created",
        title="Got it: {{ticket.title}}",
        content="Dear {{contact.name|you}}: {{ticket.title}}",
    )
    await office.receive(mail(to=office.address, id="t@x.example", subject="**[x](https://evil.example)**"))
    sent = opened(outbox.envelopes[0])
    assert sent["Subject"].startswith("[#T")
    assert "Got it: **[x](https://evil.example)**" in sent["Subject"]
    html = sent.get_body(("html",)).get_content()
    assert "<a " not in html
    assert "<strong>" not in html


async def test_files_of_a_note_go_along_and_pictures_stand_in_place(office, outbox):
    await office.contact("ada@client.example", await office.company("client.example"))
    [new] = await office.receive(mail(to=office.address, id="fi@x.example"))
    await office.settings(gather_seconds=60)
    note = await office.reply(new["ticket"], "See the log")
    async with office.kit.unit() as ctx:
        await ctx.files.save(b"beans: 0\n", name="coffee.log", subject=("comments", UUID(note["id"])))
        await ctx.files.save(
            b"margins", name="secret.txt", subject=("comments", UUID(note["id"])), internal=True
        )
    office.kit.advance(timedelta(minutes=2))
    await office.kit.drain()
    names = [part.get_filename() for part in opened(outbox.envelopes[-1]).iter_attachments()]
    assert names == ["coffee.log"]


async def test_a_solved_ticket_is_told_of(office, outbox):
    await office.contact("ada@client.example", await office.company("client.example"))
    [new] = await office.receive(mail(to=office.address, id="so@x.example"))
    await office.move(new["ticket"], "resolved")
    await office.kit.drain()
    sent = opened(outbox.envelopes[-1])
    assert (len(outbox.envelopes), sent["Auto-Submitted"]) == (2, "auto-generated")
    assert "is solved" in sent.get_body(("plain",)).get_content()
    [got] = await office.receive(
        mail(to=office.address, id="so2@x.example", In_Reply_To=sent["Message-ID"], text="No!")
    )
    assert (got["outcome"], (await office.ticket(new["ticket"]))["category"]) == ("reply", "open")
