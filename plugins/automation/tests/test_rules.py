"""AUT-01 to AUT-05: what rules do, in which order, and when they stop."""

from uuid import UUID

from .shop import RULES, codes, field, note, set_to


async def test_rules_run_in_order_and_each_sees_what_the_former_left(shop):
    """AUT-01: by (priority, id); `stop` ends; the third never runs."""
    high, low = await shop.priority("High"), await shop.priority("Low")
    await shop.rule(
        "Second",
        "created",
        [note("second")],
        priority=20,
        stops=True,
        conditions=field("tags", "has", "First"),
    )
    await shop.rule("Third", "created", [note("third")], priority=30)
    first = await shop.rule(
        "First", "created", [set_to(priority=high), {"action": "add_tags", "tags": ["first"]}], priority=10
    )
    ticket = await shop.ticket(priority=low)
    await shop.settled()
    shown = await shop.shown(ticket)
    assert (shown["priority"], shown["tags"]) == (high, ["first"])
    assert [one["content"] for one in await shop.notes(ticket)] == ["second"]
    assert shown["first_response_at"] is None, "an automation's note is nobody's first response (TIC-05)"
    [run] = await shop.runs(first)
    assert (run["outcome"], run["detail"]) == ("done", ["Set priority", "Tagged first"])
    audited = await shop.kit.installation.rows(
        "SELECT actor_kind, actor_id, actor_label FROM psa.audit_entry WHERE record_id = $1 AND action = 'updated'"
        " ORDER BY id",
        ticket,
    )
    assert {(row["actor_kind"], str(row["actor_id"]), row["actor_label"]) for row in audited[:2]} == {
        ("automation", first, "First")
    }, "AUD-04"


async def test_a_loop_of_two_rules_stops_and_is_reported_on_both(shop):
    """AUT-01"""
    waiting, opened = await shop.status("waiting_third_party"), await shop.status("open")
    there = await shop.rule(
        "There", "updated", [set_to(status=waiting)], conditions=field("status", "is", opened), priority=1
    )
    back = await shop.rule(
        "Back", "updated", [set_to(status=opened)], conditions=field("status", "is", waiting), priority=2
    )
    ticket = await shop.ticket()
    await shop.change(ticket, status=opened)
    await shop.settled()
    found = {rule: [run["outcome"] for run in await shop.runs(rule)] for rule in (there, back)}
    assert found == {there: ["done", "loop"], back: ["done", "loop"]}
    assert (await shop.shown(ticket))["status"] == opened


async def test_a_chain_of_rules_ends_at_five_and_says_so(shop):
    """AUT-01: depth cap 5; each rule follows from the one before by what it changed."""
    rules = [
        await shop.rule(
            f"Step {n}",
            "updated",
            [{"action": "add_tags", "tags": [f"step{n + 1}"]}],
            # Against the order, so that each waits for the event of the former one.
            priority=100 - n,
            conditions={
                "all": [
                    field("tags", "changed"),
                    field("tags", "has", f"step{n}"),
                    field("tags", "has_not", f"step{n + 1}"),
                ]
            },
        )
        for n in range(1, 8)
    ]
    ticket = await shop.ticket()
    await shop.change(ticket, tags=["step1"])
    await shop.settled()
    outcomes = [[run["outcome"] for run in await shop.runs(rule)] for rule in rules]
    assert outcomes == [["done"]] * 5 + [["too_deep"], []]
    assert sorted((await shop.shown(ticket))["tags"]) == [f"step{n}" for n in range(1, 7)]


async def test_a_rule_never_triggers_itself(shop):
    """AUT-01: once for what the person did, not again for its own change."""
    rule = await shop.rule("Noting", "updated", [note("changed"), {"action": "add_tags", "tags": ["seen"]}])
    ticket = await shop.ticket()
    await shop.change(ticket, title="Printer is out of paper")
    await shop.settled()
    assert len(await shop.notes(ticket)) == 1
    assert [run["outcome"] for run in await shop.runs(rule)] == ["done"]
    await shop.change(ticket, title="Printer is back")
    await shop.settled()
    assert len(await shop.notes(ticket)) == 2, "another root event is another occasion"


async def test_changed_to_is_an_edge(shop):
    """AUT-02: a PATCH that sets the same value fires nothing and leaves no trace."""
    high, low = await shop.priority("High"), await shop.priority("Low")
    await shop.rule("Rising", "updated", [note("rises")], conditions=field("priority", "changed_to", high))
    await shop.rule(
        "Leaving", "updated", [note("leaves low")], conditions=field("priority", "changed_from", low)
    )
    ticket = await shop.ticket(priority=low)
    await shop.settled()
    for _ in range(2):
        await shop.change(ticket, priority=high)
        await shop.settled()
    assert sorted(one["content"] for one in await shop.notes(ticket)) == ["leaves low", "rises"]
    traces = await shop.kit.installation.rows(
        "SELECT (SELECT count(*) FROM psa.audit_entry WHERE record_id = $1 AND action = 'updated') AS audited,"
        " (SELECT count(*) FROM psa.outbox WHERE subject_id = $1 AND name = 'tickets.updated') AS told",
        ticket,
    )
    assert (traces[0]["audited"], traces[0]["told"]) == (1, 1)
    refused = await shop.try_rule("Wrong", "created", [note("no")], conditions=field("priority", "changed"))
    assert (refused.status_code, codes(refused)) == (422, ["edge_condition"])


async def test_time_based_rules_fire_once_per_cycle(shop):
    """AUT-03: 24 h without an answer; a sweep that comes two hours late still fires, once; an answer begins anew."""
    rule = await shop.rule(
        "Unanswered",
        "elapsed",
        [note("Nobody answered")],
        trigger_options={"since": "no_response", "after_minutes": 24 * 60},
        conditions=field("status.category", "in", ["new", "open"]),
    )
    ticket = await shop.ticket()
    await shop.settled()
    await shop.later(hours=23)
    assert await shop.notes(ticket) == []
    await shop.later(hours=3)
    await shop.later(hours=1)
    assert len(await shop.notes(ticket)) == 1
    company = UUID((await shop.kit.make("companies")).id.hex)
    await shop.change(ticket, company=company)
    client = await shop.kit.portal(company, admin=True)
    said = await client.post(f"/tickets/{ticket}/notes", {"content": "Hello?"}, type="comments")
    assert said.status_code == 201, said.text
    await shop.settled()
    await shop.later(hours=23)
    assert len(await shop.runs(rule)) == 1
    await shop.later(hours=2)
    assert len(await shop.runs(rule)) == 2
    await shop.later(days=3)
    assert len(await shop.runs(rule)) == 2


async def test_a_new_time_based_rule_looks_at_what_is_there(shop):
    """AUT-03: `created > 3 d`, and switching it off ends it."""
    old = await shop.ticket("Old")
    await shop.settled()
    await shop.later(days=4)
    fresh = await shop.ticket("Fresh")
    rule = await shop.rule(
        "Old ones",
        "elapsed",
        [note("old")],
        trigger_options={"since": "created_at", "after_minutes": 3 * 1440},
    )
    await shop.settled()
    await shop.later(minutes=5)
    assert (len(await shop.notes(old)), len(await shop.notes(fresh))) == (1, 0)
    await shop.admin.patch(f"{RULES}/{rule}", {"is_active": False}, type="automation-rules")
    await shop.later(days=4)
    assert len(await shop.notes(fresh)) == 0


async def test_a_rule_can_wait_three_days_in_a_status(shop):
    """AUT-03: counted from the last change of status."""
    waiting = await shop.status("waiting_customer")
    await shop.rule(
        "Waiting",
        "elapsed",
        [note("still waiting")],
        trigger_options={"since": "status_since", "after_minutes": 3 * 1440},
        conditions=field("status", "is", waiting),
    )
    ticket = await shop.ticket()
    await shop.later(days=2)
    await shop.change(ticket, status=waiting)
    await shop.settled()
    await shop.later(days=2)
    assert await shop.notes(ticket) == []
    await shop.later(days=1, minutes=5)
    assert len(await shop.notes(ticket)) == 1


async def test_rules_wait_for_notes_and_know_their_author(shop):
    """PRD 3.4.3: note added, with fields of the occasion."""
    await shop.rule(
        "Answered",
        "note_added",
        [{"action": "add_tags", "tags": ["answered"]}],
        conditions={"all": [field("note.by", "is", "staff"), field("note.type", "is", "public")]},
    )
    ticket = await shop.ticket()
    staff = await shop.kit.staff(roles=("technician",), name="Ada Example")
    await staff.post(f"/tickets/{ticket}/notes", {"content": "inside"}, type="comments")
    await shop.settled()
    assert (await shop.shown(ticket))["tags"] == []
    await staff.post(f"/tickets/{ticket}/notes", {"content": "Hello", "note_type": "public"}, type="comments")
    await shop.settled()
    assert (await shop.shown(ticket))["tags"] == ["answered"]
