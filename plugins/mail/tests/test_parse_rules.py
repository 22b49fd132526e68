"""Parse rules: for new tickets only, in order, with names read out of the mail (MAIL-10)."""

import time
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_mail import parse_rules
from psa_mail.parse_rules import Rule, Text
from psa_mail.shapes import Extraction, RuleActions, RuleConditions

from .post_office import mail

WORDS = st.sampled_from(["disk", "backup", "printer", "full", "ok"])


def text(subject="", body="", sender="m@example.com"):
    return Text(sender=sender, recipients=(), subject=subject, body=body)


@given(st.lists(st.tuples(WORDS, st.booleans(), st.booleans()), max_size=8), st.lists(WORDS, max_size=4))
def test_the_first_match_wins_unless_it_proceeds(given_rules, words):
    rules = [
        Rule(
            id=uuid4(),
            conditions=RuleConditions(subject=word),
            actions=RuleActions(proceed=proceed, skip=skip),
        )
        for word, proceed, skip in given_rules
    ]
    subject = " ".join(words)
    expected = []
    for rule, (word, proceed, skip) in zip(rules, given_rules, strict=True):
        if word in subject:
            expected.append(rule.id)
            if skip or not proceed:
                break
    assert parse_rules.run(rules, text(subject)).matched == expected


def test_a_hostile_pattern_costs_nothing():
    """S26: 50 kB against (a+)+$."""
    rule = Rule(id=uuid4(), conditions=RuleConditions(body="(a+)+$"), actions=RuleActions(skip=True))
    began = time.perf_counter()
    assert parse_rules.run([rule], text(body="a" * 50_000 + "!")).matched == []
    assert time.perf_counter() - began < 0.5


def test_a_pattern_that_can_not_be_used_disables_its_rule_and_no_other():
    bad = Rule(id=uuid4(), conditions=RuleConditions(subject="(unclosed"), actions=RuleActions(skip=True))
    good = Rule(id=uuid4(), conditions=RuleConditions(subject="disk"), actions=RuleActions(tags=("alert",)))
    applied = parse_rules.run([bad, good], text("disk full"))
    assert (list(applied.disabled), applied.tags, applied.skip) == ([bad.id], ["alert"], False)


@pytest.mark.parametrize(
    ("extraction", "expected"),
    [
        (Extraction(before="(", after=")"), "ACME Corp"),
        (Extraction(before="[", after="]"), ""),
        (Extraction(pattern=r"on (\w+)$"), "srv1"),
        (Extraction(field="body", before="Client: "), "Umbrella"),
        (Extraction(field="sender", pattern="@(.*)"), "monitor.example"),
    ],
)
def test_names_are_read_between_texts_or_by_a_pattern(extraction, expected):
    mail = text("Disk full (ACME Corp) on srv1", "x\nClient: Umbrella\ny", "m@monitor.example")
    assert parse_rules.extracted(extraction, mail) == expected


async def test_rules_place_tickets_of_monitoring_and_never_swallow_a_reply(office):
    """MAIL-10: aliases name the client, the rule's company wins over the sender's, skip is for new mail only."""
    acme, umbrella = (
        await office.company(),
        (await office.kit.make("companies", name="Umbrella Example Ltd")).id,
    )
    await office.company("monitor.example")
    [before] = await office.receive(
        mail(sender="m@monitor.example", to=office.address, id="p0@m", subject="Hello")
    )
    high = await office.listed("ticket-priorities", "High")
    await office.make(
        "email-parse-rules",
        name="Clients of the monitor",
        priority=1,
        conditions={"sender": "@monitor\\.example$"},
        actions={
            "company_from": {"before": "(", "after": ")"},
            "aliases": {"ACME Corp": str(acme)},
            "priority": str(high),
            "tags": ["monitoring"],
            "proceed": True,
        },
    )
    await office.make(
        "email-parse-rules",
        name="All is well",
        priority=2,
        conditions={"subject": "^(re: )?ok"},
        actions={"skip": True},
    )
    got = await office.receive(
        mail(sender="m@monitor.example", to=office.address, id="p1@m", subject="Disk full (acme corp)"),
        mail(
            sender="m@monitor.example",
            to=office.address,
            id="p2@m",
            subject="Disk full (Umbrella Example Ltd)",
        ),
        mail(sender="m@monitor.example", to=office.address, id="p3@m", subject="OK disk"),
        mail(
            sender="m@monitor.example", to=office.address, id="p4@m", subject="Re: OK", In_Reply_To="<p0@m>"
        ),
    )
    assert [one["outcome"] for one in got] == ["ticket", "ticket", "skipped", "reply"]
    first, second = [await office.ticket(one["ticket"]) for one in got[:2]]
    assert (first["company"], first["priority"], first["tags"]) == (str(acme), str(high), ["monitoring"])
    assert second["company"] == str(umbrella)
    assert got[3]["ticket"] == before["ticket"]


async def test_a_bad_pattern_is_refused_when_it_is_written(office):
    answer = await office.admin.post("/email-parse-rules", {"name": "Bad", "conditions": {"body": "(a"}})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (422, "bad_pattern")
    assert error["source"]["pointer"] == "/data/attributes/conditions/body"
