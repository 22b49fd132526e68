"""Mail that no person wrote moves nothing and is never answered; loops end (MAIL-04, MAIL-05)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_mail.addresses import comparable
from psa_mail.automated_mail import Signals, effects, judge
from psa_mail.loop_guard import Recent, is_storm, may_acknowledge

from .post_office import mail, opened

TABLE = (
    ({"Auto_Submitted": "auto-replied"}, "automated"),
    ({"Auto_Submitted": "auto-generated; owner-email=x"}, "automated"),
    ({"Auto_Submitted": "no"}, "human"),
    ({"Return_Path": "<>"}, "automated"),
    ({"Precedence": "bulk"}, "bulk"),
    ({"Precedence": "junk"}, "bulk"),
    ({"Precedence": "list"}, "bulk"),
    ({"Precedence": "auto_reply"}, "automated"),
    ({"List_Id": "<all.example.com>"}, "bulk"),
    ({"List_Unsubscribe": "<mailto:x@example.com>"}, "bulk"),
    ({"X_Autoreply": "yes"}, "automated"),
    ({"X_Autorespond": "Thank you"}, "automated"),
    ({"X_Auto_Response_Suppress": "All"}, "human"),
    ({"X_Auto_Response_Suppress": "OOF, AutoReply", "subject": "Automatic reply: Printer"}, "automated"),
    ({"subject": "Automatic reply: Printer"}, "suspicious"),
    ({"subject": "Out of office: Printer"}, "suspicious"),
    ({"subject": "Abwesenheitsnotiz: Drucker"}, "suspicious"),
    ({"subject": "Automatische Antwort: Drucker"}, "suspicious"),
    ({"subject": "Réponse automatique : imprimante"}, "suspicious"),
    ({"subject": "The automatic reply of our printer is broken"}, "human"),
    ({"sender": "MAILER-DAEMON@mx.example.com"}, "bounce"),
    ({"sender": "Postmaster <postmaster@client.example>"}, "bounce"),
    ({"X_PSA_Origin": "another installation's"}, "human"),
)


@pytest.mark.parametrize(("headers", "verdict"), TABLE, ids=lambda value: str(value)[:40])
async def test_each_signal_has_its_verdict(headers, verdict):
    """MAIL-04, the table."""
    from psa_mail.mime_reading import read

    signals = read(mail(**headers)).signals
    if signals.origin:
        signals = Signals(sender=signals.sender)
    assert judge(signals, {"support@desk.example.com"}).verdict == verdict


@given(st.from_type(Signals))
def test_whatever_the_headers_say_there_is_one_verdict_and_no_machine_is_acknowledged(signals):
    found = judge(signals, {"support@desk.example.com"})
    told = effects(found.verdict)
    assert told.acknowledge == (found.verdict == "human")
    assert not (told.automated and told.reopen)
    assert judge(signals, {comparable(signals.sender)}).verdict == "own"


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 30))
def test_the_bounds_of_the_loop_guard(on_ticket, to_sender, inbound):
    """MAIL-05: one acknowledgement per ticket, five per sender, ten mails on a thread."""
    recent = Recent(acks_on_ticket=on_ticket, acks_to_sender=to_sender, inbound_on_ticket=inbound)
    assert may_acknowledge(recent) == (on_ticket < 1 and to_sender < 5)
    assert is_storm(recent) == (inbound + 1 > 10)


async def test_a_vacation_reply_leaves_a_waiting_ticket_waiting(office, outbox):
    """MAIL-04: status and clock stay, nobody is answered (Zammad 5113, Alga 2705)."""
    await office.contact("ada@client.example", await office.company("client.example"))
    [new] = await office.receive(mail(to=office.address, id="v@c.example"))
    ticket = new["ticket"]
    for category in ("waiting_customer", "resolved"):
        await office.move(ticket, category)
        await office.kit.drain()
        before, sent = await office.ticket(ticket), len(outbox.envelopes)
        [got] = await office.receive(
            mail(
                to=office.address,
                id=f"ooo-{category}@c.example",
                subject="Automatic reply: Printer",
                In_Reply_To="<v@c.example>",
                Auto_Submitted="auto-replied",
                text="I am on the beach.",
            )
        )
        after = await office.ticket(ticket)
        assert (got["outcome"], got["verdict"], after["category"]) == ("reply", "automated", category)
        assert after["last_customer_activity_at"] == before["last_customer_activity_at"]
        assert len(outbox.envelopes) == sent
    assert [note["is_automated"] for note in await office.notes(ticket)] == [True, True]
    [got] = await office.receive(
        mail(
            to=office.address, id="s@c.example", subject="Out of office: Printer", In_Reply_To="<v@c.example>"
        )
    )
    assert (got["verdict"], (await office.ticket(ticket))["category"]) == ("suspicious", "open")


async def test_new_tickets_of_machines_are_not_acknowledged_and_our_own_mail_is_dropped(office, outbox):
    """MAIL-04: monitoring opens tickets silently; what we sent ourselves never comes back (Zammad 2923)."""
    await office.company("client.example")
    [alert] = await office.receive(
        mail(to=office.address, id="al@c.example", subject="Disk full", Precedence="bulk")
    )
    assert (alert["outcome"], alert["verdict"], outbox.envelopes) == ("ticket", "bulk", [])
    [human] = await office.receive(mail(to=office.address, id="hu@c.example"))
    sent = outbox.envelopes[0].content
    looped = (
        sent.replace(b"From: ", b"Resent-From: x@x.example\r\nX-Was: ", 1)
        .replace(b"\r\nTo:", b"\r\nFrom: relay@client.example\r\nTo:", 1)
        .replace(b"Message-ID: <t.", b"Message-ID: <u.", 1)
    )
    own, marked = await office.receive(
        mail(sender=office.address, to=office.address, id="ow@c.example"), looped
    )
    assert [own["outcome"], marked["outcome"], human["outcome"]] == ["dropped", "dropped", "ticket"]
    assert own["ticket"] is None


async def test_a_bounce_becomes_an_internal_note_and_flags_the_address(office, outbox):
    """MAIL-04: multipart/report goes to the ticket of the mail that came back."""
    contact = await office.contact("ada@client.example", await office.company("client.example"))
    [new] = await office.receive(mail(to=office.address, id="b1@c.example"))
    await office.reply(new["ticket"], "Are you there?")
    lost = opened(outbox.envelopes[-1])
    [got] = await office.receive(bounce(office.address, str(lost["Message-ID"]), "ada@client.example"))
    assert (got["verdict"], got["outcome"], got["ticket"]) == ("bounce", "bounce", new["ticket"])
    note = (await office.notes(new["ticket"]))[-1]
    assert (note["note_type"], note["is_automated"]) == ("internal", True)
    assert "did not arrive" in note["content"]
    assert "User unknown" in note["content"]
    ticket = await office.ticket(new["ticket"])
    assert ticket["mail_bounced_at"] is not None
    [out] = await office.outgoing(ticket=new["ticket"], kind="reply")
    assert out["state"] == "bounced"
    addresses = (await office.admin.get("/contact-emails", params={"filter[contact]": str(contact)})).json()[
        "data"
    ]
    assert [one["attributes"]["is_bouncing"] for one in addresses] == [True]


async def test_more_mail_than_people_write_is_held_and_told_once(office, outbox):
    """MAIL-05: the eleventh mail in ten minutes waits; releasing it lets the thread go on."""
    [new] = await office.receive(mail(to=office.address, id="st@c.example"))
    got = await office.receive(
        *(
            mail(to=office.address, id=f"st{n}@c.example", In_Reply_To="<st@c.example>", text=f"{n}")
            for n in range(14)
        )
    )
    assert [one["state"] for one in got] == ["processed"] * 9 + ["held"] * 5
    assert (await office.ticket(new["ticket"]))["mail_held_at"] is not None
    events = await office.kit.installation.rows(
        "SELECT 1 FROM psa.outbox WHERE name = 'mail.thread_held' AND tenant_id = $1", office.kit.tenant_id
    )
    assert len(events) == 1
    answer = await office.admin.post(f"/incoming-emails/{got[-1]['id']}/retry")
    assert (answer.status_code, answer.json()["data"]["attributes"]["outcome"]) == (200, "reply")
    assert (await office.ticket(new["ticket"]))["mail_held_at"] is None


async def test_acknowledgements_to_one_sender_are_bounded(office, outbox):
    """MAIL-05: five an hour over all tickets, then silence; an hour later there is one again."""
    await office.company("client.example")
    got = await office.receive(
        *(mail(to=office.address, id=f"ack{n}@c.example", subject=f"{n}") for n in range(8))
    )
    assert {one["outcome"] for one in got} == {"ticket"}
    assert len(outbox.envelopes) == 5
    office.kit.advance(timedelta(minutes=61))
    await office.receive(mail(to=office.address, id="ack9@c.example", subject="9"))
    assert len(outbox.envelopes) == 6


async def test_two_installations_that_mail_each_other_stop(office, outbox, psa_bench):
    """MAIL-05: also where everything that marks automatic mail is lost on the way, after five mails at most."""
    from psa_sdk.testing import Kit

    from . import carrier
    from .post_office import NEEDED, PostOffice

    other = await PostOffice.open(
        await Kit.open(await psa_bench.install("multi", plugins=NEEDED, modules=(carrier,)))
    )
    for mine, theirs in ((office, other), (other, office)):
        await mine.contact(theirs.address, await mine.company())
    stripped = (b"Auto-Submitted: auto-generated\r\n", b"X-Auto-Response-Suppress: All\r\n")
    for strip in (False, True):
        outbox.envelopes.clear()
        await office.receive(
            mail(sender=f"x <{other.address}>", to=office.address, id=f"loop{strip}@x.example")
        )
        passed = 0
        while outbox.envelopes:
            envelope = outbox.envelopes.pop(0)
            passed += 1
            assert passed <= 5
            content = envelope.content
            for line in stripped if strip else ():
                content = content.replace(line, b"")
            target = other if other.address in envelope.recipients else office
            await target.receive(content)


def bounce(to: str, message_id: str, recipient: str) -> bytes:
    """Return a delivery report (RFC 3464)."""
    return "\r\n".join(
        (
            "From: Mail Delivery <MAILER-DAEMON@mx.example.com>",
            f"To: {to}",
            "Subject: Undelivered Mail Returned to Sender",
            f"Message-ID: <bounce-{abs(hash(message_id))}@mx.example.com>",
            "Return-Path: <>",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "I'm sorry to have to inform you that your message could not be delivered.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.com",
            "",
            f"Final-Recipient: rfc822; {recipient}",
            "Action: failed",
            "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
            "",
            "--b",
            "Content-Type: text/rfc822-headers",
            "",
            f"Message-ID: {message_id}",
            "Subject: x",
            "",
            "--b--",
            "",
        )
    ).encode()
