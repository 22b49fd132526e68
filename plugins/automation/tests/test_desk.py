"""TIC-07, TIC-50 to TIC-52, TIC-61: who gets a ticket, what comes again, what must be done before the end."""

import asyncio
from datetime import timedelta
from uuid import UUID

from psa_automation.with_ticketing.recurring import open_due
from psa_console.notifications.inbox import latest

from .shop import codes, field, ids, set_to


async def assigned(shop, tickets) -> list[str | None]:
    await shop.settled()
    return [(await shop.shown(ticket))["assigned_to"] for ticket in tickets]


async def test_a_round_robin_leaves_out_who_is_away(shop):
    """TIC-50: A, B, C with B on time off: five tickets go to A, C, A, C, A; five at once too."""
    a, b, c = await shop.technicians("Ada Example", "Ben Example", "Cem Example")
    team = await shop.team("Desk", a, b, c)
    today = shop.kit.now.date()
    away = {"away_from": str(today - timedelta(days=1)), "away_until": str(today + timedelta(days=1))}
    made = await shop.admin.post("/assignees", away, {"user": b})
    assert made.status_code == 201, made.text
    await shop.rule("Turns", "created", [{"action": "assign", "how": "round_robin", "team": str(team)}])
    found = []
    for n in range(5):
        found += await assigned(shop, [await shop.ticket(f"Number {n}")])
    assert found == [str(a), str(c), str(a), str(c), str(a)]
    at_once = await asyncio.gather(*(shop.ticket(f"Together {n}") for n in range(4)))
    assert sorted(await assigned(shop, at_once)) == sorted([str(a), str(c)] * 2)


async def test_the_least_busy_with_the_skill_gets_it(shop):
    """TIC-50, TIC-52: A=4, B=2, C=2 gives B; without the skill, nobody else."""
    a, b, c = await shop.technicians("Ada Example", "Ben Example", "Cem Example")
    stranger = await (await shop.kit.staff("ticketing.tickets.read", name="Finn Example")).account_id()
    for account, count in ((a, 4), (b, 2), (c, 2)):
        for _ in range(count):
            await shop.ticket(assigned_to=account)
    team = await shop.team("Desk", a, b, c, stranger)
    for account, skills in ((a, ["VPN"]), (b, ["vpn", "Mail"]), (c, ["Mail"]), (stranger, ["Mail"])):
        await shop.admin.post("/assignees", {"skills": skills}, {"user": account})
    step = {"action": "assign", "how": "least_loaded", "team": str(team)}
    await shop.rule(
        "Mail",
        "created",
        [{**step, "skills": ["mail"]}],
        conditions=field("title", "contains", "mail"),
        stops=True,
    )
    await shop.rule(
        "VPN",
        "created",
        [{**step, "skills": ["VPN"]}],
        conditions=field("title", "contains", "vpn"),
        stops=True,
    )
    mail = await assigned(shop, [await shop.ticket("Mail")])
    vpn = await assigned(shop, [await shop.ticket("VPN")])
    # B and C are even, and the lower id has it; whoever of A and B then has less gets the other.
    assert mail == [str(min(b, c))]
    assert vpn == [str(b)]


async def test_out_of_hours_the_one_on_call_has_it_and_an_empty_team_is_told_once(shop):
    """TIC-50"""
    a, boss = await shop.technicians("Ada Example", "Mina Manager")
    team, empty = await shop.team("Desk", a), await shop.team("Nobody", manager=boss)
    hour = shop.kit.now.hour
    night = {"works_from": f"{(hour + 2) % 24:02d}:00", "works_until": f"{(hour + 4) % 24:02d}:00"}
    week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    await shop.admin.post("/assignees", {**night, "works_on": week}, {"user": a})
    step = {"action": "assign", "how": "round_robin", "respect_hours": True}
    await shop.rule(
        "Nobody",
        "created",
        [{**step, "team": str(empty)}],
        conditions=field("title", "is", "empty"),
        stops=True,
        priority=1,
    )
    await shop.rule("On call", "created", [{**step, "team": str(team), "on_call": str(boss)}], priority=2)
    assert await assigned(shop, [await shop.ticket("night")]) == [str(boss)]
    left = [await shop.ticket("empty"), await shop.ticket("empty")]
    assert await assigned(shop, left) == [None, None]
    assert (await shop.shown(left[0]))["team"] == str(empty)
    notices = await shop.kit.installation.rows(
        "SELECT payload->>'text' AS text FROM psa.outbox WHERE tenant_id = $1 AND name = 'automation.notice'",
        shop.kit.tenant_id,
    )
    assert [row["text"] for row in notices] == ["Nobody of Nobody is there to take work."]


async def test_levels_fire_once_per_cycle_and_never_downwards(shop):
    """TIC-51: 70, 90, 110 %, each once for each cycle of the clock; the manager watches; a bump is optional."""
    from psa_automation.api import Automation

    worker, boss = await shop.technicians("Ada Example", "Mina Manager")
    team = await shop.team("Desk", worker, manager=boss)
    unheard = await shop.try_rule(
        "Deaf", "sla_level", [{"action": "add_tags", "tags": ["x"]}], trigger_options={"level": 70}
    )
    assert codes(unheard) == ["unheard_level"]
    await shop.policy()
    for level in (70, 90, 110):
        await shop.rule(
            f"Level {level}",
            "sla_level",
            [
                {
                    "action": "escalate",
                    "reason": f"{level} % of the time is over",
                    "raise_priority": level > 100,
                }
            ],
            trigger_options={"level": level},
        )
    ticket = await shop.ticket(team=team, priority=await shop.priority("Medium"))
    await shop.settled()
    for level, cycle in ((70, "1"), (70, "1"), (110, "1"), (90, "1"), (70, "2")):
        async with shop.kit.unit() as ctx:
            await ctx.service(Automation).tell(
                "tickets", ticket, "sla_level", level=level, cycle=f"resolution:{cycle}"
            )
    ran = [(run["level"], run["cycle"]) for run in await shop.runs(ticket=ticket)]
    assert sorted(ran) == [(70, "resolution:1"), (70, "resolution:2"), (110, "resolution:1")]
    shown = await shop.shown(ticket)
    assert shown["priority"] == await shop.priority("High")
    watchers = (await shop.admin.get(f"/tickets/{ticket}/watchers")).json()["data"]
    assert [one["id"] for one in watchers] == [str(boss)]


async def test_real_clocks_run_rules_and_tell_people_at_their_bell(shop):
    """TIC-51, SLA-30: warnings, levels and the breach of a clock that runs, each once; then the reopened cycle."""
    wanda = await shop.kit.staff(roles=("technician",), name="Wanda Worker")
    await shop.policy()
    company = (await shop.kit.make("companies")).id
    seen = {
        name: await shop.rule(name, trigger, [{"action": "add_tags", "tags": [name]}], **more)
        for name, trigger, more in (
            ("near", "sla_warning", {"conditions": field("sla.clock", "is", "resolution")}),
            ("level", "sla_level", {"trigger_options": {"level": 90}}),
            ("late", "sla_breached", {}),
            ("later", "sla_level", {"trigger_options": {"level": 110}}),
        )
    }
    ticket = await shop.ticket(company=company, assigned_to=await wanda.account_id())
    await shop.settled()
    for hours, tags in ((6.9, []), (0.2, ["near"]), (2, ["level", "near"]), (1, None), (1, None)):
        await shop.clock(hours=hours)
        shown = (await shop.shown(ticket))["tags"]
        assert tags is None or sorted(shown) == tags
    assert sorted((await shop.shown(ticket))["tags"]) == ["late", "later", "level", "near"]
    assert [len(await shop.runs(rule, ticket)) for rule in seen.values()] == [3, 1, 1, 1]
    async with shop.kit.unit(wanda) as ctx:
        told = [row["kind"] for row in await latest(ctx, 10) if row["subject_id"] == ticket]
    assert sorted(told) == ["sla_resolution_missed", "sla_resolution_warning", "ticket_assigned"]


async def recurring(shop, **values):
    attributes = {"name": f"Weekly {shop.kit.number()}", "title": "Check the backup", "at": "08:00"}
    attributes |= {
        name: values.pop(name)
        for name in ("recurrence", "starts_on", "catch_up", "tags", "name")
        if name in values
    }
    answer = await shop.admin.post(
        "/recurring-tickets",
        {"recurrence": "FREQ=DAILY", "starts_on": "2026-01-01", **attributes},
        ids(values),
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def opened(shop, schedule) -> list[str]:
    found = await shop.admin.get(
        "/recurring-ticket-occurrences", params={"filter[recurring_ticket]": schedule}
    )
    return [item["attributes"]["outcome"] for item in found.json()["data"]]


async def pass_time(shop, **by):
    shop.kit.advance(timedelta(**by))
    async with shop.kit.unit() as ctx:
        await ctx.send(open_due)
    await shop.settled()


async def test_recurring_tickets_are_opened_once_each_and_catch_up_as_told(shop):
    """TIC-61: three days of downtime give one ticket, or three; a second sweep gives none."""
    last, every = await recurring(shop, tags=["maintenance"]), await recurring(shop, catch_up="all")
    await pass_time(shop, days=3)
    await pass_time(shop, minutes=5)
    assert (await opened(shop, last), await opened(shop, every)) == (["opened"], ["opened"] * 3)
    ticket = (await shop.admin.get("/tickets", params={"filter[tags]": "maintenance"})).json()["data"]
    assert [one["attributes"]["title"] for one in ticket] == ["Check the backup"]


async def test_an_archived_company_gets_no_tickets_and_somebody_is_told(shop):
    """TIC-61"""
    company = (await shop.kit.make("companies")).id
    schedule = await recurring(shop, company=company)
    await shop.admin.delete(f"/companies/{company}")
    await pass_time(shop, days=1)
    assert await opened(shop, schedule) == ["skipped"]


async def test_what_comes_can_be_seen_before(shop):
    answer = await shop.admin.post(
        "/recurring-tickets/preview",
        {"recurrence": "FREQ=WEEKLY;BYDAY=MO", "starts_on": "2030-03-04", "limit": 2},
        type="recurrence-previews",
    )
    assert [one[:10] for one in answer.json()["data"]["attributes"]["occurs_at"]] == [
        "2030-03-04",
        "2030-03-11",
    ]
    wrong = await shop.admin.post(
        "/recurring-tickets/preview",
        {"recurrence": "FREQ=NEVER", "starts_on": "2030-03-04"},
        type="recurrence-previews",
    )
    assert codes(wrong) == ["invalid_recurrence"]


async def test_people_are_held_back_by_a_gate_with_all_that_is_missing(shop):
    """TIC-07: all failures listed; resolution, fields and time; automations pass and it is audited; so does an override."""
    queue = await shop.listed("ticket-queues", "Triage")
    await shop.admin.post(
        "/close-gates",
        {
            "name": "Triage",
            "required_fields": ["category", "estimated_hours"],
            "needs_time": True,
            "needs_resolution": True,
            "needs_checklist": True,
        },
        {"queue": UUID(queue)},
    )
    technician = await shop.kit.staff(roles=("technician",))
    ticket, other = await shop.ticket(queue=queue), await shop.ticket()
    closed = UUID(await shop.status("closed"))
    item = await shop.admin.post("/checklist-items", {"title": "Call back"}, {"ticket": ticket})
    assert item.status_code == 201, item.text
    refused = await technician.patch(f"/tickets/{ticket}", relationships={"status": closed})
    assert refused.status_code == 422
    assert codes(refused) == [
        "required_field",
        "required_field",
        "time_required",
        "resolution_required",
        "checklist_open",
    ]
    assert (await technician.patch(f"/tickets/{other}", relationships={"status": closed})).status_code == 200
    bulk = await technician.post("/tickets/bulk", {"ids": [str(ticket)], "status": str(closed)})
    assert bulk.json()["data"]["attributes"]["failed"][0]["code"] == "required_field"
    await shop.rule("Close", "manual", [set_to(status=str(closed))])
    rule = (await shop.admin.get("/ticket-automation-rules", params={"filter[name]": "Close"})).json()[
        "data"
    ][0]["id"]
    await shop.admin.post(
        f"/ticket-automation-rules/{rule}/run", {"record": str(ticket)}, type="automation-runs"
    )
    assert (await shop.shown(ticket))["closed_at"] is not None
    audited = await shop.kit.installation.rows(
        "SELECT actor_kind, detail FROM psa.audit_entry WHERE record_id = $1 AND action = 'close_gate_passed'",
        ticket,
    )
    assert [row["actor_kind"] for row in audited] == ["automation"]


async def test_children_notices_and_tags_are_actions_too(shop):
    """PRD 3.4.3: create child ticket, notify, tags; placeholders are filled in."""
    company = (await shop.kit.make("companies", name="Example Ltd")).id
    await shop.rule(
        "New client",
        "created",
        [
            {"action": "create_child", "title": "Set up {{company.name}}"},
            {"action": "notify", "people": ["created_by"], "text": "{{title}} of {{company.name|nobody}}"},
            {"action": "remove_tags", "tags": ["raw"]},
            {"action": "add_note", "content": "Hello {{contact.first_name|there}}", "note_type": "public"},
        ],
        conditions={"all": [field("company.name", "starts_with", "example"), field("parent", "empty")]},
    )
    ticket = await shop.ticket("New user", company=company, tags=["raw", "kept"])
    await shop.settled()
    children = (await shop.admin.get(f"/tickets/{ticket}/children")).json()["data"]
    assert [one["attributes"]["title"] for one in children] == ["Set up Example Ltd"]
    assert (await shop.shown(ticket))["tags"] == ["kept"]
    assert [one["content"] for one in await shop.notes(ticket)] == ["Hello there"]
    notice = await shop.kit.installation.rows(
        "SELECT payload->>'text' AS text FROM psa.outbox WHERE tenant_id = $1 AND name = 'automation.notice'",
        shop.kit.tenant_id,
    )
    assert [row["text"] for row in notice] == ["New user of Example Ltd"]
