"""Work under contracts: rates, burning, undoing (CON-08, CON-11 to CON-14, CON-16, CON-17, TIME-20, TIME-30, TIME-35)."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest_asyncio

from .crew import Crew
from .firm import codes, flat, ok


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crew(firm) -> Crew:
    return await Crew.open(firm)


async def blocks(crew, company, minutes, **more):
    """Make a contract with one block of hours."""
    given = {
        name: more.pop(name) for name in ("weighted_burn", "top_up_minutes", "top_up_price") if name in more
    }
    start = str(crew.monday - timedelta(days=5))
    contract = await crew.firm.contract(company, contract_type="block_hours", start_date=start, **given)
    await crew.firm.item(
        contract, item_type="block_hours", included_minutes=minutes, unit_price="900", **more
    )
    return contract


async def test_approved_work_burns_and_unapproved_work_gives_back(crew):
    """CON-12: 10 h, work of 8 h and 3 h: 10 h covered; TIME-30, TIME-35: back to the same grant."""
    company, worker = await crew.firm.company(), await crew.worker()
    contract = await blocks(crew, company, 600)
    first = await crew.logged(worker, company, 480)
    second = await crew.logged(worker, company, 180, day=1)
    assert first["contract"] == contract["id"]
    assert (await crew.firm.balance(contract))["minutes_remaining"] == 600
    await crew.approve(worker)
    found = await crew.firm.balance(contract)
    assert (found["minutes_used"], found["minutes_remaining"], found["used_percent"]) == (600, 0, 100)
    assert await crew.burned(contract) == {first["id"]: 480, second["id"]: 120}
    await crew.unapprove(first)
    assert await crew.burned(contract) == {second["id"]: 180}
    entries = await crew.firm.listed(f"/contracts/{contract['id']}/hour-entries", sort="created_at")
    assert sorted(one["kind"] for one in entries) == ["burned", "burned", "burned", "granted", "returned"]
    assert (await crew.firm.balance(contract))["minutes_remaining"] == 420


async def test_work_burns_what_its_premium_weighs(crew):
    """CON-13: 30 minutes and 90 at 1.5 are 165; by the clock they are 120."""
    worker = await crew.worker()
    for by_weight, burned in ((True, 165), (False, 120)):
        company = await crew.firm.company()
        contract = await blocks(crew, company, 600, weighted_burn=by_weight)
        await crew.firm.change("contracts", contract["id"], after_hours_multiplier="1.5")
        await crew.spanned(worker, company, "16:30", "18:30", day=2 if by_weight else 3)
        await crew.approve(worker)
        assert (await crew.firm.balance(contract))["minutes_used"] == burned


async def test_back_dated_work_comes_first_and_invoiced_work_stays(crew):
    """CON-14"""
    company, worker = await crew.firm.company(), await crew.worker()
    contract = await blocks(crew, company, 60)
    later = await crew.logged(worker, company, 60, day=2)
    await crew.approve(worker)
    earlier = await crew.logged(worker, company, 60, day=0)
    await crew.approve(worker)
    assert await crew.burned(contract) == {earlier["id"]: 60}
    await crew.bill(company, later)
    assert await crew.burned(contract) == {earlier["id"]: 60}
    await crew.bill(company, earlier)
    first = await crew.logged(worker, company, 30, day=-2)
    await crew.approve(worker, day=-7)
    assert await crew.burned(contract) == {earlier["id"]: 60}
    assert first["contract"] == contract["id"]


async def test_two_approvals_share_the_last_hour(crew):
    """CON-17: in parallel; covered is one hour, the rest overage."""
    company = await crew.firm.company()
    contract = await blocks(crew, company, 60)
    workers = [await crew.worker() for _ in range(2)]
    for worker in workers:
        await crew.logged(worker, company, 60)
        await crew.submit(worker)
    await asyncio.gather(*(crew.decide(worker) for worker in workers))
    await crew.firm.kit.drain()
    assert sorted((await crew.burned(contract)).values()) == [60]
    assert (await crew.firm.balance(contract))["minutes_remaining"] == 0


async def test_warnings_come_once_a_period_and_more_hours_are_bought(crew):
    """CON-16: 80, 95, 100 percent; the top-up takes what is over."""
    company, worker = await crew.firm.company(), await crew.worker()
    contract = await blocks(crew, company, 100, top_up_minutes=300, top_up_price="400")
    for day, minutes in enumerate((80, 15, 10)):
        await crew.logged(worker, company, minutes, day=day)
        await crew.approve(worker)
        await crew.firm.tend(contract)
    told = await crew.firm.events("contracts.hours_running_low", contract)
    percents = [one.replace(" ", "").split('"percent":')[1].split(",")[0].rstrip("}") for one in told]
    assert percents == ["80", "95", "100"]
    assert len(await crew.firm.events("contracts.hours_topped_up", contract)) == 1
    assert (await crew.firm.balance(contract))["minutes_remaining"] == 295


async def test_the_contracts_rates_hold_for_its_work(crew):
    """TIME-20, CON-20: the type's rate, then the card's, by the version of the day; premiums by the card."""
    firm, company, worker = crew.firm, await crew.firm.company(), await crew.worker()
    card = flat(ok(await firm.admin.post("/rate-cards", {"name": f"Card {firm.kit.number()}"}), 201))
    remote, urgent = await crew.work_type("Remote support"), await crew.work_type("Emergency")
    for start, rate in ((crew.monday - timedelta(days=30), "100"), (crew.monday + timedelta(days=2), "110")):
        made = flat(
            ok(
                await firm.admin.post(
                    "/rate-card-versions", {"starts_on": str(start)}, {"rate_card": UUID(card["id"])}
                ),
                201,
            )
        )
        for values, relations in (
            ({"hourly_rate": rate, "emergency_rate": "250"}, {}),
            ({"hourly_rate": "90.00", "after_hours_rate": "100.30"}, {"work_type": remote}),
        ):
            relations = relations | {"card_version": UUID(made["id"])}
            ok(await firm.admin.post("/rate-card-items", values, relations), 201)
    start = str(crew.monday - timedelta(days=5))
    contract = await firm.contract(
        company, contract_type="time_and_materials", start_date=start, rate_card=UUID(card["id"])
    )
    travel = await crew.work_type("Travel")
    old = await crew.logged(worker, company, 60, work_type=travel)
    new = await crew.logged(worker, company, 60, day=2, work_type=travel)
    assert (old["hourly_rate"], old["rate_source"], new["hourly_rate"]) == (
        "100.0000",
        "contract",
        "110.0000",
    )
    assert (await crew.logged(worker, company, 60, work_type=remote))["hourly_rate"] == "90.0000"
    assert (await crew.logged(worker, company, 60, work_type=urgent))["total_amount"] == "250.0000"
    late = await crew.spanned(worker, company, "20:00", "20:03", day=1, work_type=remote)
    exact = await firm.change("contracts", contract["id"], rounding_increment=1)
    assert exact["rounding_increment"] == 1
    late = await crew.spanned(worker, company, "21:00", "21:03", day=1, work_type=remote)
    assert late["total_amount"] == "5.0200"  # 3 minutes at 100.30: 5.015


async def test_excluded_work_and_work_before_the_contract_fall_under_none(crew):
    """CON-08"""
    company, worker = await crew.firm.company(), await crew.worker()
    travel = await crew.work_type("Travel")
    contract = await crew.firm.contract(company, start_date=str(crew.monday))
    link = {"data": [{"type": "work-types", "id": str(travel)}]}
    answer = await crew.firm.admin.request(
        "POST",
        f"/contracts/{contract['id']}/relationships/excluded_work_types",
        content=msgspec.json.encode(link),
    )
    assert answer.status_code in {200, 204}, answer.text
    assert (await crew.logged(worker, company, 30, work_type=travel))["contract"] is None
    assert (await crew.logged(worker, company, 30))["contract"] == contract["id"]
    assert (await crew.logged(worker, company, 30, day=-3))["contract"] is None


async def test_a_ticket_has_a_contract_from_the_start_and_time_follows_it(crew):
    """CON-08: the ticket's contract comes first; changing it prices unapproved time anew."""
    firm, company, worker = crew.firm, await crew.firm.company(), await crew.worker()
    usual = await firm.contract(company, start_date=str(crew.monday - timedelta(days=9)))
    special = await firm.contract(company, start_date=str(crew.monday - timedelta(days=9)), is_default=False)
    ticket = flat(ok(await firm.admin.post("/tickets", {"title": "Broken"}, {"company": company}), 201))
    assert ticket["contract"] == usual["id"]
    entry = await crew.logged(worker, None, 60, ticket=UUID(ticket["id"]))
    assert entry["contract"] == usual["id"]
    ok(
        await firm.admin.patch(f"/tickets/{ticket['id']}", relationships={"contract": UUID(special["id"])}),
        200,
    )
    await firm.kit.drain()
    assert (await firm.get("time-entries", entry["id"]))["contract"] == special["id"]
    stranger = await firm.contract()
    wrong = await firm.admin.patch(
        f"/tickets/{ticket['id']}", relationships={"contract": UUID(stranger["id"])}
    )
    assert (wrong.status_code, codes(wrong)) == (422, ["other_company"])
    draft = await firm.contract(company, active=False)
    early = await firm.admin.patch(f"/tickets/{ticket['id']}", relationships={"contract": UUID(draft["id"])})
    assert codes(early) == ["contract_draft"]
    listed = await firm.listed(f"/contracts/{special['id']}/tickets")
    assert [one["id"] for one in listed] == [ticket["id"]]
    none = flat(
        ok(await firm.admin.post("/tickets", {"title": "Else"}, {"company": await firm.company()}), 201)
    )
    assert none["contract"] is None
