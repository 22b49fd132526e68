"""From agreements to paid invoices, a type of contract each, with amounts worked out by hand (CON-02 to CON-21)."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest_asyncio

from psa_sdk.testing import Client

from .crew import Crew
from .firm import codes, flat, ok


class Office:
    """A crew whose work is invoiced."""

    def __init__(self, crew: Crew, finance: Client) -> None:
        self.crew, self.firm, self.finance = crew, crew.firm, finance

    async def generate(self, contract: dict, through: str = "", **more) -> list[dict]:
        """Draft what a contract has due; returns the invoices."""
        dated = {"through": through, "invoice_date": min(through, self.firm.day())} if through else {}
        body = {"contract": contract["id"]} | dated | more
        answer = await self.finance.post("/invoices/generate/from-contract", body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()["data"]["attributes"]["drafts"]

    async def lines(self, draft: dict) -> list[tuple[str, str]]:
        """Return a draft's lines as (description, amount)."""
        found = ok(
            await self.finance.get(f"/invoices/{draft['id']}/lines", params={"sort": "sort_order,id"}), 200
        )
        rows = [flat(one) for one in found.json()["data"]]
        return [(one["description"], str(Decimal(one["total"]).quantize(Decimal("0.01")))) for one in rows]

    async def paid(self, draft: dict, contract: dict) -> None:
        """Finalise and pay; nothing of the company is open then."""
        invoice = flat(ok(await self.finance.post(f"/invoices/{draft['id']}/finalise"), 200))
        assert invoice["invoice_number"]
        company = UUID(contract["company"])
        aging = await self.aging(company)
        assert Decimal(aging["outstanding"]) == Decimal(draft["total"])
        body = {"amount": str(draft["total"])}
        ok(
            await self.finance.post("/payments", body, {"company": company, "invoice": UUID(draft["id"])}),
            201,
        )
        assert flat(ok(await self.finance.get(f"/invoices/{draft['id']}"), 200))["status"] == "paid"
        assert Decimal((await self.aging(company)).get("outstanding", "0")) == 0

    async def aging(self, company: UUID) -> dict:
        found = await self.finance.get(
            "/billing/reports/ar-aging", params={"as_of": self.firm.day(), "company": str(company)}
        )
        rows = ok(found, 200).json()["data"]
        return rows[0]["attributes"] if rows else {}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(firm) -> Office:
    return Office(await Crew.open(firm), await firm.kit.staff(roles=("finance",), name="Fin Finance"))


def amounts(lines: list[tuple[str, str]]) -> list[str]:
    return sorted(amount for _, amount in lines)


async def test_managed_services_from_first_days_to_credit(office):
    """CON-02, CON-04, CON-05, BILL-26: in advance, missed periods too, seats added, the rest credited."""
    firm = office.firm
    contract = await firm.contract(start_date="2025-06-16", anchor_date="2025-06-01")
    seats = await firm.item(contract, name="Seats", quantity="10", unit_price="10")
    [first] = await office.generate(contract, "2025-06-16")
    assert await office.lines(first) == [("Seats", "50.00")]  # 15 of 30 days
    assert await office.generate(contract, "2025-06-20") == []
    await firm.change("contract-items", seats["id"], quantity="12", effective_on="2025-07-16")
    [third] = await office.generate(contract, "2025-08-01")
    # July: 100 + 2 x 10 x 16/31 = 110.32; August: 120
    assert await office.lines(third) == [("Seats", "110.32"), ("Seats", "120.00")]
    await firm.change("contract-items", seats["id"], quantity="14", effective_on="2025-08-22")
    [more] = await office.generate(contract, "2025-08-25")
    assert await office.lines(more) == [("Seats (correction)", "6.45")]  # 2 x 10 x 10/31
    await office.paid(first, contract)
    reason = {"reason": "They close", "ends_on": "2025-08-21"}
    ok(await firm.admin.post(f"/contracts/{contract['id']}/cancel", reason), 200)
    [credit] = await office.generate(contract, "2025-08-25")
    # 12 seats for 21 of 31 days are 81.29; charged were 126.45
    assert amounts(await office.lines(credit)) == ["45.16"]
    assert credit["kind"] == "credit_memo"


async def test_a_last_day_is_credited_to_the_cent(office):
    """CON-05: 300 in advance, last day 20 June: 100.00 back; nothing more however often one asks."""
    firm = office.firm
    contract = await firm.contract(start_date="2025-01-01", billing_cycle="monthly")
    await firm.item(contract, name="Care", unit_price="300")
    [draft] = await office.generate(contract, "2025-06-01")
    assert draft["lines"] == 6
    ok(
        await firm.admin.post(
            f"/contracts/{contract['id']}/cancel", {"reason": "Moved", "ends_on": "2025-06-20"}
        ),
        200,
    )
    [credit] = await office.generate(contract, "2025-07-15")
    assert await office.lines(credit) == [("Care (correction)", "100.00")]
    assert credit["kind"] == "credit_memo"
    assert await office.generate(contract, "2025-12-31") == []


async def test_block_hours_cover_work_and_the_rest_is_overage(office):
    """CON-12: 10 h for 1,500.00; 8 h and 3 h of work: 10 h at 0.00, 1 h at 180.00; covered once and for all."""
    firm, crew = office.firm, office.crew
    start = str(crew.monday - timedelta(days=5))
    contract = await firm.contract(contract_type="block_hours", start_date=start)
    await firm.item(
        contract,
        name="Block",
        item_type="block_hours",
        included_minutes=600,
        unit_price="1500",
        overage_rate="180",
    )
    worker = await crew.worker()
    company = UUID(contract["company"])
    ticket = flat(ok(await firm.admin.post("/tickets", {"title": "Slow"}, {"company": company}), 201))
    for day, minutes in ((0, 480), (1, 180)):
        await crew.logged(worker, None, minutes, day=day, ticket=UUID(ticket["id"]), notes="Worked on it")
    await crew.approve(worker)
    [draft] = await office.generate(contract)
    assert set(amounts(await office.lines(draft))) == {"0.00", "1500.00", "180.00"}
    assert Decimal(draft["total"]) == 1680
    assert await office.generate(contract) == []
    assert (await firm.balance(contract))["minutes_used"] == 600
    await office.paid(draft, contract)


async def test_overage_is_dearer_after_hours_where_agreed(office):
    """CON-13: rate 90, multiple 2: 90 or 180."""
    firm, crew = office.firm, office.crew
    for multiplied, amount in ((False, "90.00"), (True, "180.00")):
        contract = await firm.contract(
            contract_type="block_hours",
            start_date=str(crew.monday - timedelta(days=5)),
            after_hours_multiplier="2",
            overage_multiplied=multiplied,
        )
        await firm.item(
            contract, item_type="block_hours", included_minutes=1, unit_price="0", overage_rate="90"
        )
        worker = await crew.worker()
        await crew.spanned(worker, UUID(contract["company"]), "20:00", "21:00")
        await crew.approve(worker)
        [draft] = await office.generate(contract)
        assert amounts(await office.lines(draft)) == [amount]


async def test_retainers_grant_hours_each_period_and_charge_in_arrears(office):
    """CON-10, CON-21: a month's 10 h, charged at its end; work of 2 h is covered."""
    firm, crew = office.firm, office.crew
    start = crew.monday.replace(day=1)
    contract = await firm.contract(
        contract_type="block_hours", start_date=str(start), billing_timing="arrears"
    )
    await firm.item(
        contract,
        name="Retainer",
        item_type="retainer",
        included_minutes=600,
        unit_price="900",
        rollover_minutes=300,
    )
    worker = await crew.worker()
    await crew.logged(worker, UUID(contract["company"]), 120)
    await crew.approve(worker)
    assert (await firm.balance(contract, date=str(crew.monday)))["minutes_used"] == 120
    last = (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    [draft] = await office.generate(contract, str(last))
    assert Decimal(draft["total"]) == 900
    await office.paid(draft, contract)


async def test_time_and_materials_bill_the_contracts_rates(office):
    """CON-20, TIME-20: 90 minutes at 120.00 are 180.00."""
    firm, crew = office.firm, office.crew
    card = flat(ok(await firm.admin.post("/rate-cards", {"name": f"Card {firm.kit.number()}"}), 201))
    version = await firm.admin.post(
        "/rate-card-versions", {"starts_on": "2025-01-01"}, {"rate_card": UUID(card["id"])}
    )
    relations = {"card_version": UUID(flat(ok(version, 201))["id"])}
    ok(await firm.admin.post("/rate-card-items", {"hourly_rate": "120"}, relations), 201)
    contract = await firm.contract(
        contract_type="time_and_materials", start_date="2025-01-01", rate_card=UUID(card["id"])
    )
    worker = await crew.worker()
    await crew.logged(worker, UUID(contract["company"]), 90)
    await crew.approve(worker)
    [draft] = await office.generate(contract)
    assert Decimal(draft["total"]) == 180
    await office.paid(draft, contract)


async def test_fixed_prices_are_billed_by_milestones(office):
    """A milestone is due when it is reached, once; work is included at 0.00."""
    firm, crew = office.firm, office.crew
    contract = await firm.contract(contract_type="fixed_price", start_date="2025-01-01")
    design = await firm.item(contract, name="Design", item_type="milestone", unit_price="4000")
    await firm.item(contract, name="Build", item_type="milestone", unit_price="6000")
    worker = await crew.worker()
    await crew.logged(worker, UUID(contract["company"]), 60, rate_override="100")
    await crew.approve(worker)
    assert [Decimal(one["total"]) for one in await office.generate(contract)] in ([], [0])
    await firm.change("contract-items", design["id"], completed_on=firm.day(-1))
    [draft] = await office.generate(contract)
    assert ("Design", "4000.00") in await office.lines(draft)
    assert Decimal(draft["total"]) == 4000
    assert await office.generate(contract) == []
    await office.paid(draft, contract)


async def test_warranty_work_costs_nothing_and_is_shown(office):
    """CON-12: covered at 0.00, and never billed again."""
    firm, crew = office.firm, office.crew
    contract = await firm.contract(contract_type="warranty", start_date="2025-01-01")
    await firm.item(contract, name="Device", item_type="product", unit_price="250")
    worker = await crew.worker()
    await crew.logged(worker, UUID(contract["company"]), 60, rate_override="100")
    await crew.approve(worker)
    [draft] = await office.generate(contract)
    assert amounts(await office.lines(draft)) == ["0.00", "250.00"]
    assert await office.generate(contract) == []
    await office.paid(draft, contract)


async def test_a_voided_invoice_gives_its_charges_back(office):
    """BILL-05, BILL-28: the same numbers come again; a deleted draft does so too."""
    firm = office.firm
    contract = await firm.contract(start_date="2025-06-16", anchor_date="2025-06-01")
    await firm.item(contract, name="Seats", quantity="3", unit_price="10")
    [draft] = await office.generate(contract, "2025-06-30")
    assert await office.lines(draft) == [("Seats", "15.00")]
    ok(await office.finance.delete(f"/invoices/{draft['id']}"), 204)
    assert await firm.listed(f"/contracts/{contract['id']}/charges") == []
    [again] = await office.generate(contract, "2025-06-30")
    ok(await office.finance.post(f"/invoices/{again['id']}/finalise"), 200)
    ok(await office.finance.post(f"/invoices/{again['id']}/void", {"reason": "Wrong party"}), 200)
    [third] = await office.generate(contract, "2025-06-30")
    assert await office.lines(third) == [("Seats", "15.00")]
    [charge] = await firm.listed(f"/contracts/{contract['id']}/charges")
    assert (charge["invoice"], charge["amount"]) == (third["id"], "15.0000")


async def test_parallel_runs_charge_each_period_once(office):
    """BILL-25: eight at a time."""
    firm = office.firm
    contract = await firm.contract(start_date="2025-01-01")
    await firm.item(contract, name="Care", unit_price="100")
    made = await asyncio.gather(*(office.generate(contract, "2025-03-01") for _ in range(8)))
    assert sorted(len(drafts) for drafts in made) == [0] * 7 + [1]
    charges = await firm.listed(f"/contracts/{contract['id']}/charges", sort="period_start")
    assert [(one["period_start"], one["amount"]) for one in charges] == [
        (f"2025-0{month}-01", "100.0000") for month in (1, 2, 3)
    ]


async def test_a_preview_is_the_run_and_keeps_nothing(office):
    """X-13, BILL-20: counted quantities too."""
    firm = office.firm
    company = await firm.company()
    for _ in range(3):
        await firm.kit.make("contacts", company=company)
    contract = await firm.contract(company, start_date=firm.day())
    item = await firm.item(contract, name="Users", unit_price="7.50", counter="contacts.contacts")
    [shown] = await office.generate(contract, preview=True)
    assert await firm.listed(f"/contract-items/{item['id']}/counts") == []
    [draft] = await office.generate(contract)
    assert draft["total"] == shown["total"]
    [charge] = await firm.listed(f"/contracts/{contract['id']}/charges")
    assert (len(charge["counted_ids"]), charge["quantity"], charge["amount"]) == (3, "3.0000", "22.5000")


async def test_unapproved_time_blocks_or_warns(office):
    """CON-21"""
    firm, crew = office.firm, office.crew
    contract = await firm.contract(start_date="2025-01-01", billing_timing="arrears", unapproved_time="block")
    await firm.item(contract, unit_price="10")
    await crew.logged(await crew.worker(), UUID(contract["company"]), 30)
    body = {"contract": contract["id"]}
    held = ok(await office.finance.post("/invoices/generate/from-contract", body), 200).json()["data"][
        "attributes"
    ]
    assert (held["drafts"], len(held["reasons"])) == ([], 1)
    await firm.change("contracts", contract["id"], unapproved_time="warn")
    told = (await office.finance.post("/invoices/generate/from-contract", body)).json()["data"]["attributes"]
    assert (len(told["drafts"]), "wait for approval" in told["warnings"][0]) == (1, True)


async def test_a_top_up_has_one_draft(office):
    """CON-16"""
    firm, crew = office.firm, office.crew
    contract = await firm.contract(
        contract_type="block_hours",
        start_date=str(crew.monday - timedelta(days=5)),
        top_up_minutes=120,
        top_up_price="200",
    )
    await firm.item(contract, item_type="block_hours", included_minutes=60, unit_price="100")
    worker = await crew.worker()
    await crew.logged(worker, UUID(contract["company"]), 75)
    await crew.approve(worker)
    await firm.kit.drain()
    charges = await firm.listed(f"/contracts/{contract['id']}/charges")
    assert [one["amount"] for one in charges] == ["200.0000"]
    invoice = flat(ok(await office.finance.get(f"/invoices/{charges[0]['invoice']}"), 200))
    assert (invoice["status"], Decimal(invoice["total"])) == ("draft", 200)
    assert (await firm.balance(contract))["minutes_remaining"] == 105


async def test_a_correction_must_go_before_what_it_corrects(office):
    firm = office.firm
    contract = await firm.contract(start_date="2025-06-01")
    item = await firm.item(contract, quantity="1", unit_price="30")
    [first] = await office.generate(contract, "2025-06-01")
    await firm.change("contract-items", item["id"], quantity="2", effective_on="2025-06-16")
    [second] = await office.generate(contract, "2025-06-20")
    assert amounts(await office.lines(second)) == ["15.00"]
    refused = await office.finance.delete(f"/invoices/{first['id']}")
    assert (refused.status_code, codes(refused)) == (409, ["charge_corrected"])
