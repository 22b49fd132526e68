"""BILL-44: documents go to the bookkeeping once, as a journal that balances and agrees with receivables."""

import asyncio
import csv
import io
from collections import Counter, defaultdict
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psa_billing.engine import journal

from .counting_house import CountingHouse, codes, flat

ACCOUNTS = {
    ("receivables", ""): "1200",
    ("revenue", ""): "4000",
    ("revenue", "time_entry"): "4100",
    ("revenue", "FW-1"): "4200",
    ("tax", ""): "2200",
    ("money", ""): "1000",
    ("money", "credit_card"): "1010",
    ("bad_debt", ""): "6000",
}
CENTS = st.integers(-999_999, 999_999).map(lambda cents: Decimal(cents) / 100)


@pytest.fixture
async def books(new_kit) -> CountingHouse:
    """A tenant that nobody else writes invoices in."""
    return await CountingHouse.open(await new_kit())


async def mapped(house: CountingHouse) -> None:
    for (kind, key), account in ACCOUNTS.items():
        made = await house.finance.post("/account-mappings", {"kind": kind, "key": key, "account": account})
        assert made.status_code == 201, made.text


async def exported(house: CountingHouse) -> dict:
    answer = await house.finance.post("/billing/accounting/export")
    assert answer.status_code == 201, answer.text
    return flat(answer.json()["data"])


async def rows_of(house: CountingHouse, export: dict) -> list[dict]:
    answer = await house.finance.get(f"/accounting-exports/{export['id']}/journal", headers={"Accept": "*/*"})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def waiting(house: CountingHouse) -> dict:
    return (await house.finance.get("/billing/accounting/waiting")).json()["data"]["attributes"]


def balances(rows: list[dict]) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row["account"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    return dict(found)


async def test_everything_is_booked_once_and_agrees_with_receivables(books):
    """119 and 238 invoiced, 119 of it void; 150 paid, 20 given back, 8 written off, 30 credited with tax."""
    await books.settings(charges_tax=True)
    made = await books.admin.post("/tax-rates", {"name": "VAT", "rate": "19", "is_default": True})
    assert made.status_code == 201
    firewall = (await books.kit.make("products", name="Firewall", sku="FW-1", unit_price="100")).id
    company = await books.company(name="=Example Ltd")
    draft = await books.draft(company, ("1", "100"))
    await books.line(draft["id"], "1", "100", product=firewall, line_type="product")
    first = await books.act(draft, "finalise")
    second = await books.finalised(company, ("1", "100"))
    await books.act(second, "void", reason="Mistake")
    paid = await books.pay(company, "150.00", first, payment_method="credit_card")
    back = await books.finance.post(f"/payments/{paid['id']}/refund", {"amount": "20.00"})
    assert back.status_code in {200, 201}, back.text
    lines = await books.lines(first)
    credited = [{"line": lines[0]["id"], "amount": "25.21"}]  # 30.00 with 19 %
    await books.act(first, "credit", reason="Unhappy", lines=credited)
    await books.act(first, "write-off", reason="Small change", amount="8.00")
    failed = await books.pay(company, "5.00")
    await books.finance.post(f"/payments/{failed['id']}/fail", {"reason": "It bounced"})

    refused = await books.finance.post("/billing/accounting/export")
    assert codes(refused) == ["accounts_missing"]
    assert "receivables" in (await waiting(books))["missing"]
    await mapped(books)
    preview = await waiting(books)
    export = await exported(books)
    rows = await rows_of(books, export)
    found = balances(rows)
    assert found == {
        "1200": Decimal("70.00"),  # 238 - 150 + 20 - 30 - 8
        "4000": Decimal("-74.79"),
        "4200": Decimal("-100.00"),
        "2200": Decimal("-33.21"),  # 38.00 - 4.79
        "1010": Decimal("130.00"),
        "1000": Decimal("0.00"),
        "6000": Decimal("8.00"),
    }
    assert found["1200"] == Decimal((await books.aging(company, books.today))["balance"])
    assert preview["documents"] == export["documents"] == 9
    assert {
        one["account"]: Decimal(one["debit"]) - Decimal(one["credit"]) for one in preview["accounts"]
    } == found
    by_document: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        by_document[row["kind"] + row["document_id"]] += Decimal(row["debit"] or 0) - Decimal(
            row["credit"] or 0
        )
    assert set(by_document.values()) == {0}
    assert {row["customer"] for row in rows} == {"'=Example Ltd"}, "no spreadsheet runs it"

    # Nothing goes twice; what is changed afterwards is told, not guessed.
    assert codes(await books.finance.post("/billing/accounting/export")) == ["nothing_to_export"]
    assert await rows_of(books, export) == rows
    assert (await books.finance.get("/billing/accounting/conflicts")).json()["data"] == []
    await books.finance.patch(f"/payments/{paid['id']}", {"payment_method": "wire"})
    [conflict] = (await books.finance.get("/billing/accounting/conflicts")).json()["data"]
    assert conflict["attributes"]["document"] == paid["id"]

    # What was taken back goes with the next export, unless it is in the books.
    assert (await books.finance.post(f"/accounting-exports/{export['id']}/cancel")).status_code == 200
    again = await exported(books)
    assert again["documents"] == 9
    assert balances(await rows_of(books, again))["1000"] == Decimal("150.00")
    query = {"filter[reference]": first["invoice_number"], "filter[kind]": "invoice"}
    [entry] = (await books.finance.get("/accounting-entries", params=query)).json()["data"]
    noted = await books.finance.patch(f"/accounting-entries/{entry['id']}", {"external_id": "QB-17"})
    assert noted.status_code == 200, noted.text
    refused = await books.finance.post(f"/accounting-exports/{again['id']}/cancel")
    assert codes(refused) == ["booked"]
    assert (
        await (await books.kit.staff(roles=("manager",))).get("/billing/accounting/waiting")
    ).status_code == 403


async def test_exports_at_once_take_each_document_once(books):
    """Five exports while invoices are finalised: each invoice is in exactly one, in as few statements as one is."""
    house = books
    await mapped(house)
    company = await house.company()
    drafts = [await house.draft(company, ("1", "10")) for _ in range(6)]
    await house.finalised(company)

    async def finalise(draft: dict) -> None:
        await house.act(draft, "finalise")

    async def export() -> list[dict]:
        answer = await house.finance.post("/billing/accounting/export")
        if answer.status_code == 409:
            return []
        return await rows_of(house, flat(answer.json()["data"]))

    found = await asyncio.gather(*(one for draft in drafts for one in (finalise(draft), export())))
    async with house.kit.statements() as sent:
        found.append(await export())
    taken = Counter(row["document_id"] for rows in found for row in rows or () if row["account"] == "1200")
    assert taken == Counter(
        str(row["id"])
        for row in await house.rows("SELECT id FROM billing.invoice WHERE company = $1", UUID(str(company)))
    )
    assert len(sent) < 60


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(st.lists(st.tuples(st.sampled_from(("service", "SKU")), CENTS)), st.lists(CENTS), CENTS)
def test_postings_add_up_to_nothing(revenue, taxes, amount):
    sale = journal.sale([((key,), net) for key, net in revenue], [("VAT", tax) for tax in taxes])
    for postings in (sale, journal.receipt(amount, "wire"), journal.given_up(amount)):
        assert sum(one.amount for one in postings) == 0
        opposite = journal.reversed_(postings)
        assert [one.amount + other.amount for one, other in zip(postings, opposite, strict=True)] == [
            0
        ] * len(postings)
    assert sale[0].amount == sum(net for _, net in revenue) + sum(taxes)
