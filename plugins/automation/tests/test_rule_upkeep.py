"""AUT-03 to AUT-05: rules that fail, are tried first, reach outward, are pressed as buttons; what they may name and cost."""

import asyncio

from .shop import RULES, codes, field, note, set_to


async def test_a_failing_rule_blocks_nothing_and_is_switched_off_after_ten_failures(shop):
    """AUT-04: its own actions are undone, the others run; a failure row with the place; told to managers."""
    broken = await shop.rule(
        "Broken", "created", [note("undone"), {"action": "assign", "how": "round_robin"}], priority=1
    )
    await shop.rule("Sound", "created", [note("sound")], priority=2)
    tickets = [await shop.ticket(f"Number {n}") for n in range(11)]
    await shop.settled()
    for ticket in tickets:
        assert [one["content"] for one in await shop.notes(ticket)] == ["sound"]
    runs = await shop.runs(broken)
    assert [run["outcome"] for run in runs] == ["failed"] * 10
    assert "Conflict: The rule names no team" in runs[0]["error"]
    assert "assign (actions.py:" in runs[0]["error"], "where it failed"
    shown = (await shop.admin.get(f"{RULES}/{broken}")).json()["data"]["attributes"]
    assert (shown["is_active"], shown["consecutive_failures"]) == (False, 10)
    assert shown["disabled_reason"].startswith("It failed 10 times in a row")
    told = await shop.kit.installation.rows(
        "SELECT name FROM psa.outbox WHERE tenant_id = $1 AND name LIKE 'automation.%'", shop.kit.tenant_id
    )
    assert {row["name"] for row in told} == {"automation.rule_disabled", "automation.notice"}
    again = await shop.admin.patch(f"{RULES}/{broken}", {"is_active": True}, type="automation-rules")
    assert again.json()["data"]["attributes"]["consecutive_failures"] == 0


async def test_a_success_forgets_earlier_failures(shop):
    """AUT-04: only failures in a row count."""
    rule = await shop.rule("Sometimes", "created", [{"action": "assign", "how": "round_robin"}])
    for _ in range(3):
        await shop.ticket()
    await shop.settled()
    [worker] = await shop.technicians("Ada Example")
    await shop.ticket(team=await shop.team("Everybody", worker))
    await shop.settled()
    shown = (await shop.admin.get(f"{RULES}/{rule}")).json()["data"]["attributes"]
    assert (shown["consecutive_failures"], shown["is_active"]) == (0, True)


async def test_a_dry_run_counts_what_the_rule_matches(shop):
    """AUT-04, X-13: 'would match 7 of the last 12 tickets', and then exactly those are matched."""
    for n in range(12):
        await shop.ticket("Printer" if n < 7 else "Screen")
    await shop.settled()
    rule = await shop.rule(
        "Printers",
        "schedule",
        [note("a printer")],
        trigger_options={"cron": "0 8 * * *"},
        conditions=field("title", "contains", "PRINT"),
    )
    answer = await shop.admin.post(f"{RULES}/{rule}/dry-run", {}, type="automation-dry-runs")
    found = answer.json()["data"]["attributes"]
    assert (found["examined"], found["matched"], len(found["examples"])) == (12, 7, 7)
    draft = await shop.admin.post(
        f"{RULES}/dry-run",
        {"conditions": field("title", "contains", "print"), "limit": 5},
        type="automation-dry-runs",
    )
    assert draft.json()["data"]["attributes"]["examined"] == 5
    await shop.later(days=1)
    await shop.later(minutes=5)
    assert len(await shop.runs(rule)) == 7
    edges = await shop.admin.post(
        f"{RULES}/dry-run",
        {"trigger_type": "updated", "conditions": field("title", "changed")},
        type="automation-dry-runs",
    )
    assert edges.json()["data"]["attributes"]["matched"] == 0


async def test_a_trial_on_one_record_is_taken_back(shop):
    """X-13: the same code, undone."""
    high = await shop.priority("High")
    rule = await shop.rule(
        "Raise", "manual", [set_to(priority=high), {"action": "webhook", "url": "https://example.com/"}]
    )
    ticket = await shop.ticket()
    before = await shop.shown(ticket)
    answer = await shop.admin.post(f"{RULES}/{rule}/try", {"record": str(ticket)}, type="automation-trials")
    assert answer.json()["data"]["attributes"] == {
        "matches": True,
        "done": ["Set priority", "Call a webhook: left out of a trial"],
        "error": "",
    }
    assert await shop.shown(ticket) == before


async def test_a_webhook_reaches_public_machines_only_and_after_the_commit(shop):
    """AUT-05: signed, with the record's values; private addresses are refused by the platform's network."""
    heard: list[bytes] = []

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(
            next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split(
                b":"
            )[1]
        )
        heard.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await shop.rule("Call", "created", [{"action": "webhook", "url": f"http://127.0.0.1:{port}/hook"}])
        await shop.rule("Inward", "created", [{"action": "webhook", "url": "http://169.254.169.254/latest"}])
        ticket = await shop.ticket("Call me")
        await shop.settled()
    assert len(heard) == 1
    assert str(ticket).encode() in heard[0]
    assert b"x-psa-signature: sha256=" in heard[0].lower()
    failed = await shop.kit.installation.rows(
        "SELECT last_error FROM psa.delivery WHERE tenant_id = $1 AND last_error LIKE '%169.254%'",
        shop.kit.tenant_id,
    )
    assert "isn't a public address" in failed[0]["last_error"]


async def test_everything_a_rule_names_must_exist(shop):
    """All faults at once, each at its place; another tenant's records are unknown (X-08)."""
    stranger = (await (await shop.kit.neighbour()).make("ticket-queues")).id
    refused = await shop.try_rule(
        "Wrong",
        "sometimes",
        [
            set_to(colour="red"),
            {"action": "dance"},
            {"action": "add_note", "content": "{{nobody.name}}"},
            set_to(queue=str(stranger)),
        ],
        conditions={"all": [field("nothing", "is", 1), {"not": field("title", "sounds_like", "a")}]},
    )
    assert refused.status_code == 422
    places = {
        error["source"]["pointer"].removeprefix("/data/attributes/") for error in refused.json()["errors"]
    }
    assert places == {
        "trigger_type",
        "actions/0/values",
        "actions/1/action",
        "actions/2/content",
        "actions/3/values",
        "conditions/all/0/field",
        "conditions/all/1/not/operator",
    }


async def test_macros_are_run_by_hand_by_those_who_may(shop):
    """PRD 3.4.3: a manual macro, on behalf of whoever starts it."""
    rule = await shop.rule(
        "Hand over", "manual", [note("handed over")], conditions=field("title", "contains", "fire")
    )
    ticket, other = await shop.ticket(), await shop.ticket("Screen is black")
    technician = await shop.kit.staff(roles=("technician",))
    done = await technician.post(f"{RULES}/{rule}/run", {"record": str(ticket)}, type="automation-runs")
    assert done.json()["data"]["attributes"]["outcome"] == "done"
    again = await technician.post(f"{RULES}/{rule}/run", {"record": str(ticket)}, type="automation-runs")
    assert (again.status_code, len(await shop.notes(ticket))) == (200, 2)
    wrong = await technician.post(f"{RULES}/{rule}/run", {"record": str(other)}, type="automation-runs")
    assert (wrong.status_code, codes(wrong)) == (409, ["conditions_not_met"])
    sales = await shop.kit.staff("automation.macros.run", "ticketing.tickets.read")
    assert (
        await sales.post(f"{RULES}/{rule}/run", {"record": str(ticket)}, type="automation-runs")
    ).status_code == 403


async def test_five_rules_cost_an_event_few_statements(shop):
    """Rules are compiled once; each event asks for versions, reads the record once, whatever the rules ask."""
    for n in range(5):
        await shop.rule(
            f"Rule {n}",
            "created",
            [note("never")],
            conditions={
                "all": [field("company.name", "is", f"No {n}"), field("status.category", "is", "closed")]
            },
        )
    company = (await shop.kit.make("companies")).id
    await shop.ticket(company=company)
    await shop.settled()
    await shop.ticket(company=company)
    async with shop.kit.statements() as sent:
        await shop.settled()
    of_rules = [text for text in sent if "automation." in text]
    reads = [text for text in sent if "ticketing" in text and "SELECT" in text and "audit" not in text]
    assert len(of_rules) <= 1, of_rules
    assert len(reads) <= 3, reads


async def test_the_order_is_changed_at_once(shop):
    first, second = (
        await shop.rule("A", "created", [note("a")], priority=1),
        await shop.rule("B", "created", [note("b")], priority=2),
    )
    answer = await shop.admin.post(f"{RULES}/order", {"ids": [second, first]}, type="automation-rule-orders")
    assert answer.json()["data"]["attributes"]["moved"] == 2
    listed = (await shop.admin.get(RULES, params={"sort": "priority"})).json()["data"]
    assert [item["id"] for item in listed] == [second, first]
