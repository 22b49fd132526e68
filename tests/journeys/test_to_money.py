"""From a ticket to money: worked, approved, invoiced, sent, paid in parts, aged; in both tenancies, with hand-made sums."""

from datetime import timedelta
from uuid import UUID

import pytest

from psa_sdk.testing import Kit

from .office import Office, aged, attributes, told

PLUGINS = (
    "contacts",
    "comments",
    "ticketing",
    "time",
    "billing",
    "time.ticketing",
    "billing.time",
    "billing.ticketing",
)


@pytest.mark.parametrize("tenancy", ["multi", "single"])
async def test_a_ticket_becomes_money(psa_bench, tenancy):
    """90 minutes at 140 and 45 at 180, 10 % off, 8.25 % tax: 345.00 - 34.50 + 25.62 = 336.12."""
    kit = await Kit.open(await psa_bench.install(tenancy, plugins=PLUGINS))
    office = await Office.open(kit)
    boss, finance = office.boss, office.finance
    await office.tax("8.25")
    company = await office.company("net_15")
    ticket = await office.ticket(company, "The press is offline")
    await office.works(ticket, ("2025-05-05", 90, "140"), ("2025-05-05", 45, "180"))

    body = {"company": str(company), "through": "2025-05-31"}
    preview = await told(
        finance, "post", "/invoices/generate/from-time-entries", 200, body | {"preview": True}
    )
    [planned] = preview["data"]["attributes"]["drafts"]
    made = await told(finance, "post", "/invoices/generate/from-time-entries", 201, body)
    [draft] = made["data"]["attributes"]["drafts"]
    assert (planned["total"], draft["subtotal"], draft["total"]) == ("373.46", "345.00", "373.46")
    path = f"/invoices/{draft['id']}"
    lines = (await told(finance, "get", f"{path}/lines", 200))["data"]
    assert sorted(one["attributes"]["total"] for one in lines) == ["135.00", "210.00"]
    assert {"The press is offline" in one["attributes"]["group_title"] for one in lines} == {True}

    await told(finance, "patch", path, 200, {"discount_percent": "10"})
    invoice = attributes(await told(finance, "post", f"{path}/finalise", 200))
    sums = [invoice[name] for name in ("subtotal", "discount_amount", "tax_amount", "total")]
    assert sums == ["345.00", "34.50", "25.62", "336.12"]  # 310.50 x 8.25 % = 25.61625
    await told(finance, "post", f"{path}/send", 200, {"mark_only": True})
    await kit.drain()
    paper = await finance.get(f"{path}/pdf", headers={"Accept": "*/*"})
    assert paper.content.startswith(b"%PDF-")

    client = await kit.portal(company, admin=True)
    assert attributes(await told(client, "get", path, 200))["balance_due"] == "336.12"

    today = kit.now.date()
    part = {"amount": "300.00", "payment_method": "wire"}
    await told(finance, "post", "/payments", 201, part, {"company": company, "invoice": UUID(draft["id"])})
    assert (await aged(finance, company, today))["current"] == "36.12"
    kit.advance(timedelta(days=15 + 31))
    later = await aged(finance, company, kit.now.date())
    assert (later["days_31_60"], later["current"], later["balance"]) == ("36.12", "0.00", "36.12")
    assert (await aged(finance, company, today))["current"] == "36.12"

    await told(finance, "post", "/payments", 201, {"amount": "36.12"}, {"company": company})
    assert attributes(await told(finance, "get", path, 200))["status"] == "paid"
    assert (await aged(finance, company, kit.now.date()))["balance"] == "0.00"
    again = await told(finance, "post", "/invoices/generate/from-time-entries", 200, body)
    assert again["data"]["attributes"]["drafts"] == []

    months = await told(
        finance,
        "get",
        "/billing/reports/revenue",
        200,
        params={"start_date": str(today.replace(day=1)), "end_date": str(today), "company": str(company)},
    )
    assert months["data"][0]["attributes"]["invoiced"] == "310.50"

    survivor = (await kit.make("companies", name="Riverside Group")).id
    await told(boss, "post", f"/companies/{survivor}/merge", 200, {"source": str(company)})
    moved = (await told(finance, "get", path, 200))["data"]
    assert moved["relationships"]["company"]["data"]["id"] == str(survivor)
    assert moved["attributes"]["buyer"] == invoice["buyer"]
    spent = await told(finance, "get", f"/companies/{survivor}/time-entries", 200)
    assert len(spent["data"]) == 2
    assert (await aged(finance, survivor, kit.now.date()))["balance"] == "0.00"
