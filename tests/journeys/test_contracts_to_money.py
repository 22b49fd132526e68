"""A journey for each type of contract: agreement, ticket, time, invoice, payment, aging; the amounts by hand.

Ten percent of tax is on everything, and invoices are due in fifteen days.
"""

from datetime import timedelta
from uuid import UUID

import pytest_asyncio

from psa_sdk.testing import Kit

from .office import Office, aged, told

PLUGINS = (
    "contacts",
    "comments",
    "ticketing",
    "time",
    "contracts",
    "billing",
    "time.ticketing",
    "contracts.ticketing",
    "contracts.time",
    "contracts.billing",
    "billing.time",
    "billing.ticketing",
)
MONDAY, TUESDAY = "2025-05-05", "2025-05-06"


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["multi", "single"])
async def office(psa_bench, request) -> Office:
    found = await Office.open(await Kit.open(await psa_bench.install(request.param, plugins=PLUGINS)))
    await found.tax("10")
    return found


async def settled(office: Office, company: UUID, total: str, *invoices: dict) -> None:
    """Watch invoices of today grow old unpaid, then paid by one payment of them all."""
    due = office.today + timedelta(days=15)
    for day, bucket in ((0, "current"), (1, "days_1_30"), (31, "days_31_60")):
        row = await aged(office.finance, company, due + timedelta(days=day))
        assert (row[bucket], row["balance"]) == (total, total)
    await office.pays(company, total)
    assert [await office.status(one) for one in invoices] == ["paid"] * len(invoices)
    assert (await aged(office.finance, company, due))["balance"] == "0.00"


def sums(invoice: dict) -> tuple[str, str, str]:
    return invoice["subtotal"], invoice["tax_amount"], invoice["total"]


async def test_managed_services_bill_seats_by_the_day_and_include_the_work(office):
    """CON-02, CON-04: half of April, all of May, five seats more from the 17th of May; an hour of work at 0.00.

    20 x 45.00 x 15/30 = 450.00; 20 x 45.00 + 5 x 45.00 x 15/31 = 900.00 + 108.87; 1,458.87 x 10 % = 145.89.
    """
    company = await office.company("net_15")
    seats = {"name": "Seats", "quantity": "20", "unit_price": "45"}
    contract = await office.contract(
        company, "managed_services", seats, start_date="2025-04-16", anchor_date="2025-04-01"
    )
    await office.change_item(contract, "Seats", quantity="25", effective_on="2025-05-17")
    ticket = await office.ticket(company, "Nobody can log in")
    await office.works(ticket, (MONDAY, 60, "100"))
    invoice, lines = await office.invoice(contract, "2025-05-31")
    assert lines == ["0.00", "450.00", "1008.87"]
    assert sums(invoice) == ("1458.87", "145.89", "1604.76")
    await settled(office, company, "1604.76", invoice)


async def test_block_hours_are_burned_and_the_rest_is_overage(office):
    """CON-12: ten hours for 1,500.00; of 8 and 3 hours one is beyond them, at 180.00; 1,680.00 and 168.00 tax."""
    company = await office.company("net_15")
    block = {
        "name": "Block",
        "item_type": "block_hours",
        "included_minutes": 600,
        "unit_price": "1500",
        "overage_rate": "180",
    }
    contract = await office.contract(company, "block_hours", block)
    ticket = await office.ticket(company, "Move the server")
    await office.works(ticket, (MONDAY, 480), (TUESDAY, 180))
    invoice, lines = await office.invoice(contract, "2025-05-31")
    assert lines[-2:] == ["180.00", "1500.00"]
    assert set(lines[:-2]) == {"0.00"}
    assert sums(invoice) == ("1680.00", "168.00", "1848.00")
    await settled(office, company, "1848.00", invoice)


async def test_a_retainer_rolls_hours_over_and_is_charged_in_arrears(office):
    """CON-10, CON-21: 10 h a month for 900.00, at most 5 roll over. May takes 7 and rolls 3; June takes 14 of 13.

    900.00 + 900.00 + 1 h x 150.00 = 1,950.00 and 195.00 tax.
    """
    company = await office.company("net_15")
    retainer = {
        "name": "Retainer",
        "item_type": "retainer",
        "included_minutes": 600,
        "rollover_minutes": 300,
        "unit_price": "900",
        "overage_rate": "150",
    }
    contract = await office.contract(
        company, "block_hours", retainer, start_date="2025-05-01", billing_timing="arrears"
    )
    ticket = await office.ticket(company, "New branch office")
    await office.works(ticket, (MONDAY, 420))
    await office.works(ticket, ("2025-06-02", 480), ("2025-06-03", 360))
    invoice, lines = await office.invoice(contract, "2025-06-30")
    assert lines[-3:] == ["150.00", "900.00", "900.00"]
    assert set(lines[:-3]) == {"0.00"}
    assert sums(invoice) == ("1950.00", "195.00", "2145.00")
    await settled(office, company, "2145.00", invoice)


async def test_time_and_materials_bill_minutes_at_the_agreed_rate(office):
    """TIME-04, CON-20: 90 and 20 minutes at 120.00 are 180.00 + 40.00 = 220.00, and 22.00 tax."""
    company = await office.company("net_15")
    card = await told(office.admin, "post", "/rate-cards", 201, {"name": f"Card {office.kit.number()}"})
    at = f"/rate-cards/{card['data']['id']}/versions"
    version = await told(
        office.admin, "post", at, 201, {"starts_on": "2025-01-01"}, type="rate-card-versions"
    )
    at = f"/rate-card-versions/{version['data']['id']}/items"
    await told(office.admin, "post", at, 201, {"hourly_rate": "120"}, type="rate-card-items")
    contract = await office.contract(
        company, "time_and_materials", rate_card=UUID(card["data"]["id"]), rounding_increment=1
    )
    ticket = await office.ticket(company, "The printer jams")
    await office.works(ticket, (MONDAY, 90), (TUESDAY, 20))
    invoice, lines = await office.invoice(contract, "2025-05-31")
    assert lines == ["220.00"]
    assert sums(invoice) == ("220.00", "22.00", "242.00")
    await settled(office, company, "242.00", invoice)


async def test_a_fixed_price_is_billed_by_milestones_whatever_the_work(office):
    """4,000.00 and 6,000.00 as they are reached, ten hours of work at 0.00: 4,400.00 + 6,600.00 = 11,000.00."""
    company = await office.company("net_15")
    milestones = (
        {"name": "Design", "item_type": "milestone", "unit_price": "4000"},
        {"name": "Build", "item_type": "milestone", "unit_price": "6000"},
    )
    contract = await office.contract(company, "fixed_price", *milestones)
    ticket = await office.ticket(company, "A new network")
    await office.works(ticket, (MONDAY, 480, "100"), (TUESDAY, 120, "100"))
    await office.change_item(contract, "Design", completed_on="2025-05-16")
    first, lines = await office.invoice(contract, "2025-05-31")
    assert lines[-1] == "4000.00"
    assert set(lines[:-1]) == {"0.00"}
    await office.change_item(contract, "Build", completed_on="2025-06-20")
    second, lines = await office.invoice(contract, "2025-06-30")
    assert lines == ["6000.00"]
    assert (first["total"], second["total"]) == ("4400.00", "6600.00")
    await settled(office, company, "11000.00", first, second)


async def test_warranty_work_costs_nothing_beyond_the_device(office):
    """A device of 250.00, an hour of work at 0.00; 25.00 tax."""
    company = await office.company("net_15")
    device = {"name": "Device", "item_type": "product", "unit_price": "250"}
    contract = await office.contract(company, "warranty", device)
    ticket = await office.ticket(company, "It is dead")
    await office.works(ticket, (MONDAY, 60, "100"))
    invoice, lines = await office.invoice(contract, "2025-05-31")
    assert lines == ["0.00", "250.00"]
    assert sums(invoice) == ("250.00", "25.00", "275.00")
    await settled(office, company, "275.00", invoice)
