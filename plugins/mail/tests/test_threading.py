"""A mail finds its ticket: by token, by ids, by the subject of those who take part (MAIL-01, MAIL-02, MAIL-06)."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from psa_mail import message_ids, threading

from .post_office import mail, opened

IDS = st.sampled_from([f"{letter}@x.example" for letter in "abcdef"])
TICKETS = st.sampled_from([uuid4() for _ in range(4)])


def obvious(by_token, by_id, in_reply_to, references, by_subject, takes_part):
    """MAIL-01 as it is written, slowly."""
    order = [*by_token]
    order += [by_id[one] for one in [*in_reply_to, *reversed(references)] if one in by_id]
    order += [ticket for ticket in by_subject if takes_part.get(ticket)]
    return order[0] if order else None


@given(
    st.lists(TICKETS, max_size=2),
    st.dictionaries(IDS, TICKETS),
    st.lists(IDS, max_size=2),
    st.lists(IDS, max_size=5),
    st.lists(TICKETS, max_size=2),
    st.dictionaries(TICKETS, st.booleans()),
)
def test_the_order_of_matching_is_the_obvious_one(
    by_token, by_id, in_reply_to, references, by_subject, takes_part
):
    """MAIL-01"""
    found = threading.match(
        by_token=by_token,
        by_id=by_id,
        in_reply_to=in_reply_to,
        references=references,
        by_subject=by_subject,
        takes_part=takes_part,
    )
    assert found.ticket == obvious(by_token, by_id, in_reply_to, references, by_subject, takes_part)
    assert found.ticket is not None or found.possible == (by_subject[0] if by_subject else None)


@given(st.text(), st.integers(1, 10**9))
def test_our_tag_is_found_in_any_subject_and_taken_off_again(title, number):
    tagged = f"Re: [#T{number:06}] {title}"
    assert threading.ticket_numbers(tagged)[0] == number
    bare = threading.bare_subject(tagged)
    assert bare == threading.bare_subject(f"AW: Fwd: {tagged}")
    assert f"[#T{number:06}]" not in bare


@given(st.lists(IDS, max_size=40), st.text("ab", min_size=1).map(lambda name: f"{name}@r"))
def test_references_are_the_root_and_the_last_twenty(former, root):
    """MAIL-06"""
    last = former[-1] if former else ""
    found = message_ids.references(root, former, last)
    assert found[0] == root
    assert len(found) <= 21
    assert len(found) == len(set(found))
    assert not last or found[-1] == last


@given(st.binary())
def test_headers_of_ids_never_fail(junk):
    for one in message_ids.ids_in(junk.decode("latin-1")):
        assert message_ids.normalised(one) == one


async def test_a_conversation_threads_both_ways(office, outbox):
    """MAIL-01, MAIL-06: by our Reply-To, by In-Reply-To, by References, in that order; the customer's id is the root."""
    company = await office.company("client.example")
    [new] = await office.receive(mail(to=office.address, id="root.1@client.example"))
    ticket = await office.ticket(new["ticket"])
    assert (ticket["title"], ticket["company"], ticket["source"]) == (
        "Printer is on fire",
        str(company),
        "email",
    )
    [ack] = outbox.envelopes
    sent = opened(ack)
    assert sent["In-Reply-To"] == "<root.1@client.example>"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["X-Auto-Response-Suppress"] == "All"
    assert sent["Subject"] == f"[#{ticket['ticket_number']}] Printer is on fire"
    note = await office.reply(ticket["id"], "Is it **still** burning?")
    human = opened(outbox.envelopes[-1])
    domain = office.address.partition("@")[2]
    assert human["Message-ID"] == f"<t.{ticket['id']}.{note['id']}@{domain}>"
    assert human["References"].split()[0] == "<root.1@client.example>"
    assert human["Auto-Submitted"] is None
    assert human["To"].addresses[0].addr_spec == "ada@client.example"
    assert "Is it still burning?" in human.get_body(("plain",)).get_content()
    assert "<strong>still</strong>" in human.get_body(("html",)).get_content()
    token = str(human["Reply-To"].addresses[0].addr_spec)
    assert token.startswith(office.address.partition("@")[0] + "+t.")
    answers = await office.receive(
        mail(to=token.upper(), subject="completely different", id="a@client.example", text="By token"),
        mail(
            to=office.address,
            subject="Re: x",
            id="b@client.example",
            In_Reply_To=sent["Message-ID"],
            text="By ack",
        ),
        mail(
            to=office.address,
            subject="Re: y",
            id="c@client.example",
            text="By references",
            In_Reply_To="<unknown@elsewhere.example>",
            References=f"<nobody@x.example> {human['Message-ID']} <also-unknown@x.example>",
        ),
        mail(
            to=office.address,
            subject="Re: z",
            id="d@client.example",
            References="<b@client.example>",
            text="By theirs",
        ),
    )
    assert [one["outcome"] for one in answers] == ["reply"] * 4
    assert [one["matched_by"] for one in answers] == ["token", "in_reply_to", "references", "references"]
    assert {one["ticket"] for one in answers} == {ticket["id"]}
    said = [note["content"] for note in await office.notes(ticket["id"])]
    assert said == ["Is it **still** burning?", "By token", "By ack", "By references", "By theirs"]


async def test_a_subject_counts_for_those_who_take_part_only(office):
    """MAIL-01: a stranger gets a new ticket with a link; requester, copies, colleagues and staff are let in."""
    company = await office.company("client.example")
    ada = await office.contact("ada@client.example", company)
    carl = await office.contact("carl@elsewhere.example")
    ticket = await office.make("tickets", title="Printer", company=company, contact=ada)
    answer = await office.admin.patch(f"/tickets/{ticket}", relationships={"cc_contacts": [carl]})
    assert answer.status_code == 200, answer.text
    number = (await office.ticket(ticket))["ticket_number"]
    subject = f"Re: [#{number}] Printer"
    ours = await office.staff_address()
    got = await office.receive(
        *(
            mail(sender=sender, to=office.address, subject=subject, id=f"{index}@s.example")
            for index, sender in enumerate(
                (
                    "ada@client.example",
                    "carl@elsewhere.example",
                    "new@it.client.example",
                    ours,
                    "eve@evil.example",
                )
            )
        )
    )
    assert [one["outcome"] for one in got] == ["reply"] * 4 + ["ticket"]
    stranger = await office.ticket(got[-1]["ticket"])
    assert (stranger["possible_reply_to"], stranger["company"]) == (str(ticket), None)


async def test_a_forged_token_is_worth_nothing(office):
    [new] = await office.receive(mail(to=office.address, id="r@x.example"))
    await office.contact("bob@client.example", await office.company())
    number = int((await office.ticket(new["ticket"]))["ticket_number"].lstrip("T"))
    local, domain = office.address.split("@")
    forged = f"{local}+t.{number}.{'a' * 16}@{domain}"
    [got] = await office.receive(
        mail(sender="eve@evil.example", to=forged, subject="hello", id="f@x.example")
    )
    assert (got["outcome"], got["matched_by"]) == ("ticket", "none")


async def test_the_same_mail_again_changes_nothing(office):
    """MAIL-02: the same id in other letters, a mail without id, a redelivery in one batch."""
    raw = mail(to=office.address, id="Same.One@Client.Example")
    again = mail(to=office.address, id="Same.One@CLIENT.EXAMPLE ", text="other text")
    nameless = mail(to=office.address, subject="No id")
    got = await office.receive(raw, raw, again, nameless, nameless)
    assert [bool(one) for one in got] == [True, False, False, True, False]
    assert got[3]["message_id"].startswith("sha256:")
    assert await office.receive(raw, nameless) == [{}, {}]


async def test_replies_to_a_merged_ticket_land_on_the_one_that_is_left(office, outbox):
    """TIC-11: A into B, B into C: a mail to A is a note of C and A stays merged."""
    company = await office.company("client.example")
    await office.contact("ada@client.example", company)
    first, second, third = [
        one["ticket"]
        for one in await office.receive(
            *(mail(to=office.address, id=f"{n}@m.example", subject=n) for n in "abc")
        )
    ]
    for source, target in ((first, second), (second, third)):
        answer = await office.admin.post(f"/tickets/{source}/merge", {"target": target})
        assert answer.status_code == 200, answer.text
    await office.kit.drain()
    [got] = await office.receive(
        mail(to=office.address, id="d@m.example", In_Reply_To="<a@m.example>", text="Still me")
    )
    assert (got["outcome"], got["ticket"]) == ("reply", third)
    assert (await office.ticket(first))["category"] == "merged"
    assert "Still me" in [note["content"] for note in await office.notes(third)]
