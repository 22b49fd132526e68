"""SLA-28: which promises were kept, over the API and on pages."""

from datetime import timedelta
from uuid import UUID

from psa_sla.api import PolicyChanges, TicketClocks
from psa_sla.with_ticketing import pages


async def compliance(promises, **query) -> dict[str, dict]:
    period = {
        "start_date": str((promises.at(0, "00:00") - timedelta(days=1)).date()),
        "end_date": str((promises.kit.now + timedelta(days=1)).date()),
    }
    answer = await promises.admin.get("/sla/reports/compliance", params={**period, **query})
    assert answer.status_code == 200, answer.text
    return [item["attributes"] for item in answer.json()["data"]]


async def test_twenty_tickets(promises):
    """SLA-28: 14 met, 2 breached, 1 open overdue, 2 open in time, 1 merged are 14/17 = 82.35 %."""
    promises.next_monday()
    high, low = [await promises.listed("ticket-priorities", name) for name in ("Medium", "Low")]
    policy = await promises.policy(None, "8")
    await promises.target(policy, None, "40", priority=low)
    company = await promises.company(policy)
    met = [await promises.ticket(company, priority=(high, low)[number % 2]) for number in range(14)]
    late = [await promises.ticket(company, priority=high) for _ in range(2)]
    overdue = await promises.ticket(company, priority=high)
    for _ in range(2):
        await promises.ticket(company, priority=low)
    merged = await promises.ticket(company, priority=high)
    await promises.admin.post(f"/tickets/{merged}/merge", {"target": str(overdue)})
    for ticket in met:
        await promises.move(ticket, "resolved")
    promises.until(promises.at(1, "10:00"))
    for ticket in late:
        await promises.move(ticket, "resolved")
    await promises.sweep()
    [total] = await compliance(promises, company=str(company))
    assert (total["met"], total["breached"], total["open_overdue"], total["open_in_time"]) == (14, 3, 1, 2)
    assert (total["tickets"], total["compliance_percent"], total["clock"]) == (19, "82.35", "resolution")
    groups = await compliance(promises, company=str(company), group="priority")
    assert {row["label"] for row in groups} == {"Medium", "Low"}
    for name in ("tickets", "met", "breached", "open_overdue", "open_in_time"):
        assert sum(row[name] for row in groups) == total[name]
    period = {
        "start_date": str(promises.at(0, "00:00").date()),
        "end_date": str(promises.at(3, "00:00").date()),
    }
    answer = await promises.admin.get("/sla/reports/breaches", params={**period, "company": str(company)})
    rows = {UUID(item["attributes"]["ticket"]): item["attributes"] for item in answer.json()["data"]}
    assert set(rows) == {overdue, *late}
    assert (rows[overdue]["is_open"], rows[overdue]["overdue_seconds"]) == (True, 3600)
    assert (rows[late[0]]["is_open"], rows[late[0]]["overdue_seconds"]) == (False, 3600)
    async with promises.kit.unit(promises.admin) as ctx:
        shown = await pages.report(
            ctx, pages.ReportQuery(start=promises.at(0, "00:00").date(), end=promises.at(2, "00:00").date())
        )
        assert {row.ticket for row in shown["breaches"]} >= {overdue, *late}
        assert (await pages.of_company(ctx, company))["rows"][0].met == 14
        stands = await pages.column(ctx, [overdue, met[0], merged])
        assert (stands[overdue]["stand"]["sla_state"], stands[met[0]]["stand"]["sla_state"]) == (
            "breached",
            "met",
        )
        assert merged not in stands
        panel = await pages.of_ticket(ctx, overdue)
        assert panel["sla"].clocks[0].remaining_seconds == -3600
        assert (await pages.at_risk(ctx, None))["found"].items


async def test_a_report_needs_a_period_that_makes_sense(promises):
    backwards = {"start_date": "2026-02-01", "end_date": "2026-01-01"}
    refused = await promises.admin.get("/sla/reports/compliance", params=backwards)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "bad_period")
    assert (await promises.staff.get("/sla/reports/breaches", params=backwards)).status_code == 403


async def test_a_contract_promises_before_the_company(promises):
    """SLA-05: also when the contract comes to promise something later, and when the ticket leaves it."""
    promises.next_monday()
    ours, theirs = await promises.policy(), await promises.policy()
    company = await promises.company(theirs)
    contract = (await promises.kit.make("contracts", company=company)).id
    await promises.put("contracts", contract, sla_policy=ours)
    answer = await promises.admin.post(f"/contracts/{contract}/activate")
    assert answer.status_code in (200, 404, 409), answer.text
    ticket = await promises.ticket(company, contract=contract)
    shown = await promises.shown(ticket)
    assert (shown["sla_policy"], shown["sla_source"]) == (ours, "contract")
    await promises.put("tickets", ticket, contract=None)
    assert (await promises.shown(ticket))["sla_source"] == "company"
    await promises.put("tickets", ticket, contract=contract)
    other = await promises.policy()
    await promises.put("contracts", contract, sla_policy=other)
    await promises.kit.drain()
    assert (await promises.shown(ticket))["sla_policy"] == other


async def test_others_look_at_clocks_and_say_that_policies_changed(promises):
    promises.next_monday()
    company = await promises.client()
    ticket = await promises.ticket(company)
    async with promises.kit.unit() as ctx:
        found = await ctx.service(TicketClocks).clocks([ticket])
        assert [(one.kind, one.state, one.target) for one in found[ticket]] == [
            ("response", "running", timedelta(hours=2)),
            ("resolution", "running", timedelta(hours=8)),
        ]
        await ctx.service(PolicyChanges).ticket_changed(ticket)
        await ctx.service(PolicyChanges).company_changed(company)
    await promises.kit.drain()
    assert await promises.due(ticket) == promises.at(0, "17:00")
