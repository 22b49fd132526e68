"""Who wrote, and what that lets a mail do (MAIL-08, MAIL-09, MAIL-12, MAIL-13, MAIL-14)."""

from datetime import timedelta

from .post_office import mail, opened

TRUSTED = "mx.desk.example.com"


async def test_senders_are_found_by_contact_then_domain_and_the_rest_waits_in_triage(office):
    """MAIL-08: never the first company; a stranger's ticket has neither company nor contact."""
    triage = await office.listed("ticket-queues", "Triage")
    await office.admin.patch(f"/email-mailboxes/{office.mailbox}", relationships={"triage_queue": triage})
    company, other = await office.company("client.example"), await office.company()
    known = await office.contact("ada@elsewhere.example", other)
    loose = await office.contact("free@lance.example")
    senders = (
        "ada@elsewhere.example",
        "Grace Newcomer <grace@it.client.example>",
        "free@lance.example",
        "eve@evil.example",
    )
    got = await office.receive(
        *(mail(sender=sender, to=office.address, id=f"s{n}@x.example") for n, sender in enumerate(senders))
    )
    tickets = [await office.ticket(one["ticket"]) for one in got]
    assert [one["company"] for one in tickets] == [str(other), str(company), None, None]
    assert [tickets[0]["contact"], tickets[2]["contact"], tickets[3]["contact"]] == [
        str(known),
        str(loose),
        None,
    ]
    made = await office.shown("contacts", tickets[1]["contact"])
    assert (made["first_name"], made["last_name"], made["is_verified"]) == ("Grace", "Newcomer", False)
    assert [one["queue"] == str(triage) for one in tickets] == [False, False, True, True]


async def test_mail_of_a_former_client_waits_in_triage(office):
    """CRM-07"""
    company = await office.company("client.example")
    await office.contact("ada@client.example", company)
    assert (await office.admin.delete(f"/companies/{company}")).status_code == 204
    [got] = await office.receive(mail(to=office.address, id="f@x.example"))
    ticket = await office.ticket(got["ticket"])
    assert (ticket["company"], ticket["contact"]) == (None, None)


async def test_staff_answer_by_mail_with_the_token_that_was_sent_to_them(office, outbox):
    """MAIL-12: authored by them, public by default, #internal keeps it inside; a client's token makes nobody staff."""
    await office.contact("ada@client.example", await office.company("client.example"))
    [new] = await office.receive(mail(to=office.address, id="w@x.example"))
    account, ours = await office.staff.account_id(), await office.staff_address()
    assert (
        await office.admin.post(f"/tickets/{new['ticket']}/assign", {"assigned_to": str(account)})
    ).status_code == 200
    await office.kit.drain()
    await office.receive(
        mail(to=office.address, id="w2@x.example", In_Reply_To="<w@x.example>", text="Any news?")
    )
    notice = next(opened(one) for one in outbox.envelopes if ours in one.recipients)
    assert notice["Auto-Submitted"] == "auto-generated"
    mine = notice["Reply-To"].addresses[0].addr_spec
    clients = opened(outbox.envelopes[0])["Reply-To"].addresses[0].addr_spec
    got = await office.receive(
        mail(sender=ours, to=mine, id="w3@x.example", text="Replaced the toner."),
        mail(sender=ours, to=mine, id="w4@x.example", text="#internal\nThey never buy toner."),
        mail(sender=ours, to=clients, id="w5@x.example", text="I am staff, says my From."),
        mail(sender="ada@client.example", to=mine, id="w6@x.example", text="Somebody passed it on to me."),
    )
    assert [one["outcome"] for one in got[:3]] == ["reply"] * 3
    assert got[3]["ticket"] != new["ticket"]
    notes = (await office.notes(new["ticket"]))[-3:]
    assert [(one["content"], one["note_type"], one["author_kind"]) for one in notes] == [
        ("Replaced the toner.", "public", "staff"),
        ("They never buy toner.", "internal", "staff"),
        ("I am staff, says my From.", "internal", "portal"),
    ]
    assert notes[0]["author"] == str(account)
    assert (await office.ticket(new["ticket"]))["first_response_at"] is not None
    replies = [one for one in outbox.envelopes if opened(one)["Auto-Submitted"] is None]
    assert [one.recipients for one in replies] == [("ada@client.example",)]


async def test_what_staff_forward_is_asked_by_whom_wrote_it_first(office, outbox):
    """MAIL-08, MAIL-12"""
    company = await office.company("client.example")
    ada = await office.contact("ada@client.example", company)
    text = (
        "Came to me directly.\n\n---------- Forwarded message ---------\nFrom: Ada Example <ada@client.example>\n"
        "Date: Mon, 1 Jun 2026 at 08:00\nSubject: Scanner is jammed\nTo: <theo@desk.example.com>\n\nIt eats paper."
    )
    got, plain = await office.receive(
        mail(
            sender=await office.staff_address(),
            to=office.address,
            subject="Fwd: Scanner is jammed",
            text=text,
            id="fw@x",
        ),
        mail(sender=await office.staff_address(), to=office.address, subject="Note to self", id="fw2@x"),
    )
    ticket = await office.ticket(got["ticket"])
    assert (ticket["contact"], ticket["company"], ticket["title"]) == (
        str(ada),
        str(company),
        "Scanner is jammed",
    )
    assert ticket["created_by"] == str(await office.staff.account_id())
    assert ticket["description"].startswith("It eats paper.")
    assert (await office.ticket(plain["ticket"]))["contact"] is None


async def test_replies_reopen_within_the_window_and_follow_up_after_it(office, outbox):
    """MAIL-09: resolved and 7 days, later, closed."""
    await office.contact("ada@client.example", await office.company("client.example"))
    first, second, third = [
        one["ticket"]
        for one in await office.receive(
            *(mail(to=office.address, id=f"r{n}@x.example", subject=f"{n}") for n in range(3))
        )
    ]
    for ticket, category in ((first, "resolved"), (second, "resolved"), (third, "closed")):
        await office.move(ticket, category)
    await office.admin.patch("/settings/ticketing", {"values": {"auto_close_days": 0}})
    [soon] = await office.receive(mail(to=office.address, id="r3@x.example", In_Reply_To="<r0@x.example>"))
    office.kit.advance(timedelta(days=7, minutes=1))
    late, over = await office.receive(
        mail(to=office.address, id="r4@x.example", In_Reply_To="<r1@x.example>"),
        mail(to=office.address, id="r5@x.example", In_Reply_To="<r2@x.example>"),
    )
    assert (soon["outcome"], (await office.ticket(first))["category"]) == ("reply", "open")
    assert [late["outcome"], over["outcome"]] == ["follow_up", "follow_up"]
    for one, former, category in ((late, second, "resolved"), (over, third, "closed")):
        assert (await office.ticket(one["ticket"]))["follow_up_of"] == former
        assert (await office.ticket(former))["category"] == category


async def test_colleagues_in_copy_take_part_and_outsiders_only_where_wanted(office, outbox):
    """MAIL-13: our own addresses never."""
    company = await office.company("client.example")
    await office.contact("ada@client.example", company)
    bob = await office.contact("bob@client.example", company)
    await office.contact("rival@rival.example", await office.company())
    copies = f"bob@client.example, rival@rival.example, out@side.example, {office.address}, {await office.staff_address()}"
    [got] = await office.receive(mail(to=office.address, id="c1@x.example", Cc=copies))
    answer = await office.admin.get(f"/tickets/{got['ticket']}/cc_contacts")
    assert [one["id"] for one in answer.json()["data"]] == [str(bob)]
    await office.reply(got["ticket"], "Hello all")
    assert outbox.envelopes[-1].recipients == ("ada@client.example", "bob@client.example")
    await office.admin.patch(f"/email-mailboxes/{office.mailbox}", {"keeps_outside_copies": True})
    [again] = await office.receive(mail(to=office.address, id="c2@x.example", Cc=copies, subject="Other"))
    await office.reply(again["ticket"], "Hello others")
    assert set(outbox.envelopes[-1].recipients) == {
        "ada@client.example", "bob@client.example", "rival@rival.example", "out@side.example",
    }  # fmt: skip


async def test_a_sender_whose_domain_disowns_the_mail_moves_nothing(office, outbox):
    """MAIL-14: only the trusted server's word counts; badge, no contact, no acknowledgement, no reopening."""
    await office.admin.patch(f"/email-mailboxes/{office.mailbox}", {"trusted_servers": [TRUSTED]})
    company = await office.company("client.example")
    await office.contact("ada@client.example", company)
    [real] = await office.receive(mail(to=office.address, id="d0@x.example"))
    await office.move(real["ticket"], "waiting_customer")
    await office.kit.drain()
    outbox.envelopes.clear()
    fail = f"{TRUSTED}; spf=fail; dmarc=fail (p=reject) header.from=client.example"
    forged, new, other = await office.receive(
        mail(to=office.address, id="d1@x.example", In_Reply_To="<d0@x.example>", Authentication_Results=fail),
        mail(sender="boss@client.example", to=office.address, id="d2@x.example", Authentication_Results=fail),
        mail(to=office.address, id="d3@x.example", Authentication_Results="mx.evil.example; dmarc=fail"),
    )
    ticket = await office.ticket(real["ticket"])
    assert (forged["dmarc"], forged["outcome"], ticket["category"]) == ("fail", "reply", "waiting_customer")
    assert ticket["unverified_sender"] is True
    assert [one["note_type"] for one in await office.notes(real["ticket"])] == ["internal"]
    unknown = await office.ticket(new["ticket"])
    assert (unknown["contact"], unknown["company"], unknown["unverified_sender"]) == (None, None, True)
    assert (await office.ticket(other["ticket"]))["company"] == str(company)
    assert [one.recipients for one in outbox.envelopes] == [("ada@client.example",)]
