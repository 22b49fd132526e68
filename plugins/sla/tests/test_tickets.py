"""Clocks on tickets, over the API and in the database."""

import asyncio
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from psa_sla.with_ticketing import standings, sweeping


async def test_a_new_ticket_has_its_due_times_at_once(promises):
    """SLA-02, SLA-35: 2 h and 8 h from Monday 9:00."""
    promises.next_monday()
    ticket = await promises.ticket(await promises.client())
    shown = await promises.shown(ticket)
    assert shown["sla_response_due_at"] == promises.at(0, "11:00")
    assert shown["sla_resolution_due_at"] == promises.at(0, "17:00")
    assert (shown["sla_state"], shown["sla_due_at"], shown["sla_source"]) == (
        "on_track",
        promises.at(0, "11:00"),
        "company",
    )
    promises.until(promises.at(0, "12:00"))
    clocks = await promises.clocks(ticket)
    assert (clocks["response"]["remaining_seconds"], clocks["resolution"]["remaining_seconds"]) == (
        -3600,
        5 * 3600,
    )


async def test_writing_the_clock_takes_few_statements(promises):
    """Creation stays cheap: four statements more at most, contracts among them."""
    with_policy, without = await promises.client(), await promises.company()
    await promises.ticket(with_policy)  # the calendar is known now
    counted = []
    for company in (without, with_policy):
        async with promises.kit.statements() as sent, promises.kit.unit() as ctx:
            await ctx.records.create("tickets", {"title": "Counted", "company": company})
        counted.append(sum("sla." in text for text in sent))
    # Facts, contracts, policy, log; the ticket's own INSERT carries how it stands.
    assert counted == [2, 4]


async def test_waiting_pauses_the_solution_not_the_response(promises):
    """SLA-08, SLA-10: 8 h from Friday 13:00, waiting Friday 15:00 to Monday 10:00."""
    promises.next_monday()
    promises.until(promises.at(4, "13:00"))
    ticket = await promises.ticket(await promises.client())
    assert await promises.due(ticket) == promises.at(7, "13:00")
    promises.until(promises.at(4, "15:00"))
    await promises.move(ticket, "waiting_customer")
    shown = await promises.shown(ticket)
    assert (shown["sla_resolution_state"], shown["sla_resolution_due_at"]) == ("paused", None)
    assert (shown["sla_response_state"], shown["sla_response_due_at"]) == ("running", promises.at(4, "15:00"))
    promises.until(promises.at(7, "10:00"))
    await promises.move(ticket, "open")
    assert await promises.due(ticket) == promises.at(7, "16:00")


async def test_who_waited_for_a_clock_sees_what_was_logged_meanwhile(promises):
    """Two at once would number their entries alike, and the second would fail."""
    ticket = await promises.ticket(await promises.client())
    installation = promises.kit.installation
    blocked = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND query LIKE '%sla.ticket_sla%'"
    )

    async def read() -> int:
        async with promises.kit.unit() as ctx:
            kept = await standings.kept_of(ctx, [ticket], lock=True)
        return len(kept[ticket].clocks["resolution"].log)

    async with promises.kit.unit() as ctx:
        kept = await standings.kept_of(ctx, [ticket], lock=True)
        waiting = asyncio.create_task(read())
        async with asyncio.timeout(30):
            while not await installation.rows(blocked):
                await asyncio.sleep(0)
        old = kept[ticket].clocks["resolution"]
        entry = replace(old.log[-1], at=ctx.now, state="paused", cause="test")
        await standings.log(ctx, [(ticket, "resolution", old, replace(old, log=(*old.log, entry)))])
    assert await waiting == len(old.log) + 1


async def test_third_parties_pause_where_the_policy_says_so(promises):
    """SLA-34"""
    promises.next_monday()
    strict = await promises.ticket(await promises.client())
    lenient = await promises.ticket(await promises.client(pause_waiting_third_party=True))
    for ticket in (strict, lenient):
        await promises.move(ticket, "waiting_third_party")
    assert (await promises.shown(strict))["sla_resolution_state"] == "running"
    assert (await promises.shown(lenient))["sla_resolution_state"] == "paused"


async def test_tickets_that_begin_waiting_or_closed(promises):
    """SLA-09"""
    company = await promises.client()
    waiting = await promises.ticket(
        company, status=await promises.listed("ticket-statuses", "waiting_customer", key="category")
    )
    closed = await promises.ticket(
        company, status=await promises.listed("ticket-statuses", "closed", key="category")
    )
    assert (await promises.shown(waiting))["sla_resolution_state"] == "paused"
    assert (await promises.clocks(waiting))["resolution"]["consumed_seconds"] == 0
    assert (await promises.shown(closed))["sla_state"] == "none"
    assert await promises.clocks(closed) == {}


async def test_a_response_is_the_first_public_word_of_staff(promises):
    """SLA-07: exactly due is met, a second later is not."""
    promises.next_monday()
    company = await promises.client()
    on_time, late = await promises.ticket(company), await promises.ticket(company)
    await promises.reply(on_time, note_type="internal")
    assert (await promises.shown(on_time))["sla_response_state"] == "running"
    promises.until(promises.at(0, "11:00"))
    await promises.reply(on_time)
    promises.kit.advance(timedelta(seconds=1))
    await promises.reply(late)
    assert (await promises.shown(on_time))["sla_response_state"] == "met"
    shown = await promises.shown(late)
    assert (shown["sla_response_state"], shown["sla_response_breached_at"]) == (
        "breached",
        promises.at(0, "11:00"),
    )
    assert shown["sla_state"] == "breached"


async def test_another_priority_keeps_what_was_consumed(promises):
    """SLA-06, SLA-13: a quarter of 8 h are 2 h, from Friday 13:00 that is Friday 15:00."""
    promises.next_monday()
    promises.until(promises.at(4, "13:00"))
    ticket = await promises.ticket(await promises.client())
    promises.until(promises.at(4, "14:00"))
    await promises.put("tickets", ticket, priority=await promises.listed("ticket-priorities", "Critical"))
    assert await promises.due(ticket) == promises.at(4, "15:00")
    promises.until(promises.at(4, "14:30"))
    await promises.put("tickets", ticket, priority=await promises.listed("ticket-priorities", "Medium"))
    promises.until(promises.at(4, "16:00"))
    await promises.put("tickets", ticket, priority=await promises.listed("ticket-priorities", "Critical"))
    shown = await promises.shown(ticket)
    assert (shown["sla_resolution_state"], shown["sla_resolution_breached_at"]) == (
        "breached",
        promises.at(4, "15:00"),
    )


async def test_reopening_goes_on_and_a_breach_stays(promises):
    """SLA-27"""
    promises.next_monday()
    company = await promises.client()
    kept, broken = await promises.ticket(company), await promises.ticket(company)
    promises.until(promises.at(0, "12:00"))
    await promises.move(kept, "resolved")
    assert (await promises.shown(kept))["sla_resolution_state"] == "met"
    promises.until(promises.at(2, "10:00"))
    await promises.move(broken, "resolved")
    for ticket in (kept, broken):
        await promises.move(ticket, "open")
    shown = await promises.shown(kept)
    assert (shown["sla_resolution_state"], shown["sla_resolution_due_at"]) == (
        "running",
        promises.at(2, "15:00"),
    )
    assert (await promises.shown(broken))["sla_resolution_state"] == "breached"


async def test_a_policy_may_start_over_at_reopening(promises):
    """SLA-27: the option."""
    promises.next_monday()
    ticket = await promises.ticket(await promises.client(reopen="new_cycle"))
    await promises.move(ticket, "resolved")
    promises.until(promises.at(2, "09:00"))
    await promises.move(ticket, "open")
    clock = (await promises.clocks(ticket))["resolution"]
    assert (clock["cycle"], clock["consumed_seconds"]) == (2, 0)
    assert await promises.due(ticket) == promises.at(2, "17:00")


async def test_who_says_which_policy_holds(promises):
    """SLA-05, CRM-02: ticket, company with its subsidiaries, queue, default, nothing; a pin survives another company."""
    own, theirs, queues, default = [await promises.policy() for _ in range(4)]
    head = await promises.company(theirs)
    branch = await promises.company()
    await promises.put("companies", branch, parent=head)
    other = await promises.company()
    queue = await promises.made("ticket-queues", {"name": f"Queue {promises.kit.number()}"})
    await promises.put("ticket-queues", queue, sla_policy=queues)

    async def says(ticket: UUID):
        shown = await promises.shown(ticket)
        return shown["sla_policy"], shown["sla_source"]

    assert await says(await promises.ticket(other)) == (None, None)
    await promises.put("sla-policies", default, is_default=True)
    assert await says(await promises.ticket(other)) == (default, "default")
    assert await says(await promises.ticket(other, queue=queue)) == (queues, "queue")
    ticket = await promises.ticket(branch, queue=queue)
    assert await says(ticket) == (theirs, "company")
    await promises.put("companies", branch, inherit_sla=False)
    await promises.kit.drain()
    assert await says(ticket) == (queues, "queue")
    await promises.put("companies", branch, inherit_sla=True)
    await promises.kit.drain()
    assert await says(ticket) == (theirs, "company")
    pinned = await promises.ticket(branch, sla_override=own)
    exempt = await promises.ticket(branch, sla_exempt=True)
    assert await says(pinned) == (own, "ticket")
    assert await says(exempt) == (None, "ticket")
    assert (await promises.shown(exempt))["sla_state"] == "none"
    for each in (ticket, pinned, exempt):
        await promises.put("tickets", each, company=other)
    assert await says(ticket) == (queues, "queue")
    assert await says(pinned) == (own, "ticket")
    assert await says(exempt) == (None, "ticket")
    await promises.put("tickets", pinned, sla_override=None)
    assert await says(pinned) == (default, "default")
    refused = await promises.admin.patch(f"/tickets/{pinned}", {"sla_exempt": True}, {"sla_override": own})
    assert refused.json()["errors"][0]["code"] == "exempt_with_policy"
    await promises.put("sla-policies", default, is_default=False)
    await promises.kit.drain()


async def test_no_target_for_a_priority_is_no_clock(promises):
    """SLA-05"""
    high = await promises.listed("ticket-priorities", "High")
    policy = await promises.policy(None, None)
    await promises.target(policy, "1", "4", priority=high)
    company = await promises.company(policy)
    assert (await promises.shown(await promises.ticket(company)))["sla_state"] == "none"
    assert (await promises.shown(await promises.ticket(company, priority=high)))["sla_state"] == "on_track"


async def test_merged_tickets_leave_and_the_target_stays_as_it_was(promises):
    """TIC-13, SLA-28"""
    promises.next_monday()
    company = await promises.client()
    source, target = await promises.ticket(company), await promises.ticket(company)
    before = await promises.shown(target)
    promises.until(promises.at(0, "10:00"))
    answer = await promises.admin.post(f"/tickets/{source}/merge", {"target": str(target)})
    assert answer.status_code == 200, answer.text
    assert (await promises.shown(source))["sla_state"] == "none"
    after = await promises.shown(target)
    assert [after[name] for name in after if name.startswith("sla_")] == [
        before[name] for name in before if name.startswith("sla_")
    ]


async def test_warnings_and_breaches_are_told_at_their_instants_once(promises):
    """SLA-25, SLA-30, SLA-31: flagged within the minute, with the instant at which it was due."""
    promises.next_monday()
    ticket = await promises.ticket(await promises.client(warnings=["80%", "60m"]))
    promises.until(promises.at(0, "10:59"))
    await promises.sweep()
    await promises.sweep()
    assert await promises.told(ticket) == [
        ("warning", "response 60m", promises.at(0, "10:00")),
        ("warning", "response 80%", promises.at(0, "10:36")),
    ]
    assert (await promises.shown(ticket))["sla_state"] == "warning"
    promises.until(promises.at(0, "11:00"))
    await promises.sweep()
    assert len(await promises.told(ticket)) == 2
    promises.kit.advance(timedelta(seconds=1))
    await promises.sweep()
    assert (await promises.told(ticket))[2:] == [("breached", "response", promises.at(0, "11:00"))]
    shown = await promises.shown(ticket)
    assert (shown["sla_state"], shown["sla_response_breached_at"]) == ("breached", promises.at(0, "11:00"))
    found = await promises.admin.get(
        "/tickets", params={"filter[sla_state]": "breached", "sort": "sla_due_at"}
    )
    assert str(ticket) in [item["id"] for item in found.json()["data"]]


async def test_supervisors_hear_of_unassigned_tickets(promises):
    """SLA-30: the assignee, else the team's manager, else whoever supervises."""
    promises.next_monday()
    manager = await promises.kit.staff(roles=("manager",), name="Mona Manager")
    await manager.account_id()
    lead = await promises.kit.staff(roles=("technician",), name="Lea Lead")
    team = await promises.made(
        "groups", {"name": f"Team {promises.kit.number()}"}, {"manager": await lead.account_id()}
    )
    company = await promises.client(warnings=[])
    mine = await promises.ticket(company, assigned_to=await promises.staff.account_id())
    teams = await promises.ticket(company, team=team)
    nobodys = await promises.ticket(company)
    promises.until(promises.at(0, "11:00"))
    promises.kit.advance(timedelta(seconds=1))
    await promises.sweep()

    async def heard(ticket):
        rows = await promises.kit.installation.rows(
            "SELECT payload->'notify' AS who FROM psa.outbox WHERE name = 'sla.sla_breached'"
            " AND payload->>'ticket_id' = $1",
            str(ticket),
        )
        return rows[0]["who"]

    assert str(await promises.staff.account_id()) in await heard(mine)
    assert str(await lead.account_id()) in await heard(teams)
    assert str(await manager.account_id()) in await heard(nobodys)


async def test_nothing_is_scanned_that_can_not_fire(promises):
    """SLA-31: the sweep walks an index of what is still to be told."""
    await promises.ticket(await promises.client())
    async with promises.kit.unit() as ctx:
        await ctx.db.execute("SET LOCAL enable_seqscan = off")
        await ctx.db.execute("SET LOCAL enable_bitmapscan = off")
        rows = await ctx.db.fetch("EXPLAIN " + sweeping.DUE.replace("$1", "now()").replace("$2", "200"))
    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "sla_next_at" in plan.split("Index Scan")[1].splitlines()[0], plan
    assert "Sort" not in plan, plan


async def test_a_changed_calendar_holds_from_the_change_on(promises):
    """SLA-14: what elapsed keeps its calendar, what is decided never flips; closed while another holds."""
    promises.next_monday()
    hours = await promises.hours()
    company = await promises.company(await promises.policy(hours=hours))
    ticket, done = await promises.ticket(company), await promises.ticket(company)
    promises.until(promises.at(0, "11:00"))
    await promises.reply(done)
    promises.until(promises.at(0, "12:00"))
    await promises.put("business-hours", hours, schedule={"tuesday": [{"start": "10:00", "end": "20:00"}]})
    promises.until(promises.at(0, "12:10"))
    await promises.kit.drain()
    assert await promises.due(ticket) == promises.at(1, "15:00")
    assert (await promises.shown(done))["sla_response_state"] == "met"
    log = (await promises.clocks(ticket))["resolution"]["log"]
    assert [entry["cause"] for entry in log] == ["created", "calendar"]
    assert log[0]["calendar_version"] != log[1]["calendar_version"]


async def test_holidays_of_a_calendar_move_what_is_due(promises):
    """SLA-33, SLA-32: a calendar that is kept by hours can't go."""
    promises.next_monday()
    holiday = str(promises.at(1, "12:00").date())
    calendar = await promises.made(
        "holiday-calendars",
        {"name": f"Holidays {promises.kit.number()}", "holidays": [{"date": holiday, "name": "Day off"}]},
    )
    hours = await promises.hours(holidays=[calendar])
    ticket = await promises.ticket(await promises.client(hours=hours, resolution="12"))
    await promises.kit.drain()
    assert await promises.due(ticket) == promises.at(2, "13:00")
    half = {"date": holiday, "name": "Half day", "windows": [{"start": "09:00", "end": "12:00"}]}
    await promises.put("holiday-calendars", calendar, holidays=[half])
    await promises.kit.drain()
    assert await promises.due(ticket) == promises.at(2, "10:00")
    refused = await promises.admin.delete(f"/holiday-calendars/{calendar}")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "calendar_in_use")


async def test_a_policy_of_a_company_or_queue_reaches_its_open_tickets(promises):
    """SLA-05: they are looked at again in the background, in the same number of statements for any number."""
    promises.next_monday()
    company = await promises.company()
    tickets = [await promises.ticket(company) for _ in range(3)]
    promises.until(promises.at(0, "10:00"))
    await promises.put("companies", company, sla_policy=await promises.policy())
    await promises.kit.drain()
    for ticket in tickets:
        assert await promises.due(ticket) == promises.at(1, "10:00")
    from psa_sla.with_ticketing.recomputing import refresh

    counted = []
    async with promises.kit.unit() as ctx:
        await refresh(ctx, tickets, at=ctx.now, cause="again")
    for some in (tickets[:1], tickets):
        async with promises.kit.statements() as sent, promises.kit.unit() as ctx:
            await refresh(ctx, some, at=ctx.now, cause="again")
        counted.append(sum("sla." in text for text in sent))
    assert counted[0] == counted[1]


async def test_clients_see_nothing_of_it(promises):
    company = await promises.client()
    contact = (await promises.kit.make("contacts", company=company)).id
    client = await promises.kit.portal(company, contact_id=contact, admin=True)
    answer = await client.post("/tickets", {"title": "From the portal"})
    assert answer.status_code == 201, answer.text
    assert not any(name.startswith("sla_") for name in answer.json()["data"]["attributes"])
    ticket = UUID(answer.json()["data"]["id"])
    await promises.kit.drain()
    assert (await promises.shown(ticket))["sla_source"] == "company"
    assert (await client.get(f"/tickets/{ticket}/sla")).status_code != 200
