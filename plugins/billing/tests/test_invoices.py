"""Invoices from draft to the end: sums, numbers, what stays as it is, void, credit, written off."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from .counting_house import codes, flat


async def test_a_draft_follows_its_company_and_adds_up(house):
    """BILL-01, BILL-2A, BILL-21: no number, the company's terms and currency, sums after each line."""
    company = await house.company(payment_terms="net_15", billing_currency="EUR")
    draft = await house.draft(company, ("2", "10.005"), ("1", "5"))
    assert draft["display_number"].startswith("DRAFT-")
    assert (draft["invoice_number"], draft["currency"], draft["status"]) == (None, "EUR", "draft")
    assert draft["due_date"] == str(house.today + timedelta(days=15))
    assert (draft["subtotal"], draft["total"], draft["balance_due"]) == ("25.01", "25.01", "25.01")
    [first, second] = await house.lines(draft)
    changed = await house.finance.patch(f"/invoice-lines/{second['id']}", {"quantity": "3"})
    assert changed.status_code == 200
    assert (await house.invoice(draft["id"]))["total"] == "35.01"
    assert (await house.finance.delete(f"/invoice-lines/{first['id']}")).status_code == 204
    assert (await house.invoice(draft["id"]))["total"] == "15.00"
    await house.finance.patch(f"/invoices/{draft['id']}", {"discount_percent": "10"})
    assert (await house.invoice(draft["id"]))["total"] == "13.50"
    assert (await house.finance.delete(f"/invoices/{draft['id']}")).status_code == 204


async def test_what_is_finalised_does_not_change(house):
    """BILL-04: refused by the API, and by the database whoever asks."""
    invoice = await house.finalised(await house.company())
    assert invoice["invoice_number"].startswith(f"INV-{house.today.year}-")
    assert invoice["status"] == "sent"
    path = f"/invoices/{invoice['id']}"
    assert codes(await house.finance.patch(path, {"discount_percent": "5"})) == ["invoice_finalised"]
    assert codes(await house.finance.delete(path)) == ["invoice_finalised"]
    refused = await house.finance.post(f"{path}/lines", {"description": "More"}, type="invoice-lines")
    assert codes(refused) == ["invoice_finalised"]
    [line] = await house.lines(invoice)
    assert codes(await house.finance.delete(f"/invoice-lines/{line['id']}")) == ["invoice_finalised"]
    assert (await house.finance.patch(path, {"po_number": "PO-7", "internal_notes": "x"})).status_code == 200
    await house.act(invoice, "send", mark_only=True)
    assert codes(await house.finance.patch(path, {"po_number": "PO-8"})) == ["invoice_finalised"]
    for sql in (
        "UPDATE billing.invoice SET total = 1 WHERE id = $1",
        "UPDATE billing.invoice SET finalised_at = NULL WHERE id = $1",
        "DELETE FROM billing.invoice WHERE id = $1",
        "UPDATE billing.invoice_line SET total = 1 WHERE invoice = $1",
        "DELETE FROM billing.invoice_line WHERE invoice = $1",
        "INSERT INTO billing.invoice_line (invoice, company, description) SELECT id, company, 'x' FROM billing.invoice WHERE id = $1",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="finalised"):
            async with house.kit.unit() as ctx:
                await ctx.db.execute(sql, invoice["id"])


async def test_numbers_are_gapless_whatever_happens_at_once(house):
    """BILL-01: 50 parallel finalises take 50 numbers in a row; those that fail leave no gap."""
    company = await house.company()
    drafts = [await house.draft(company, ("1", "10")) for _ in range(50)]
    empty = [await house.draft(company) for _ in range(3)]

    async def finalise(draft: dict) -> dict | None:
        answer = await house.finance.post(f"/invoices/{draft['id']}/finalise")
        return flat(answer.json()["data"]) if answer.status_code == 200 else None

    found = await asyncio.gather(*(finalise(draft) for draft in [*drafts, *empty, *drafts]))
    numbers = sorted({int(one["invoice_number"][-4:]) for one in found if one})
    assert numbers == list(range(numbers[0], numbers[0] + 50))
    assert sum(one is not None for one in found) == 50


async def test_a_void_invoice_keeps_its_number_and_counts_for_nothing(house):
    """BILL-05: only while nothing is applied; afterwards it is a credit memo's turn."""
    company = await house.company()
    invoice = await house.finalised(company)
    await house.pay(company, "30.00", invoice)
    refused = await house.finance.post(f"/invoices/{invoice['id']}/void", {"reason": "Wrong client"})
    assert codes(refused) == ["has_allocations"]
    other = await house.finalised(company, ("1", "55.00"))
    voided = await house.act(other, "void", reason="Wrong client")
    assert (voided["status"], voided["balance_due"], voided["invoice_number"]) == (
        "void",
        "0.00",
        other["invoice_number"],
    )
    again = await house.finance.post(f"/invoices/{other['id']}/void", {"reason": "Twice"})
    assert codes(again) == ["illegal_transition"]
    assert again.json()["errors"][0]["meta"]["allowed"] == []
    assert (await house.aging(company, house.today))["balance"] == "70.00"


async def test_credit_cancels_an_invoice_to_nothing(house):
    """BILL-17, BILL-18, BILL-35: 40 of 100 at 10 % are 44.00; the rest gives back the rest; more is refused."""
    await house.settings(charges_tax=True)
    rate = await house.admin.post("/tax-rates", {"name": "Ten", "rate": "10", "jurisdiction": "CR"})
    assert rate.status_code == 201, rate.text
    company = await house.company(tax_jurisdiction="CR")
    invoice = await house.finalised(company, ("1", "100.00"))
    assert (invoice["tax_amount"], invoice["total"]) == ("10.00", "110.00")
    [line] = await house.lines(invoice)
    first = await house.act(invoice, "credit", reason="Late", lines=[{"line": line["id"], "amount": "40.00"}])
    assert (first["kind"], first["total"], first["status"]) == ("credit_memo", "44.00", "paid")
    assert first["invoice_number"].startswith("CM-")
    assert (await house.invoice(invoice["id"]))["balance_due"] == "66.00"
    path = f"/invoices/{invoice['id']}/credit"
    refused = await house.finance.post(
        path, {"reason": "Too much", "lines": [{"line": line["id"], "amount": "60.01"}]}
    )
    assert codes(refused) == ["more_than_left"]
    rest = await house.act(invoice, "credit", reason="All of it")
    assert rest["total"] == "66.00"
    after = await house.invoice(invoice["id"])
    assert (after["balance_due"], after["status"]) == ("0.00", "paid")
    assert codes(await house.finance.post(path, {"reason": "Again"})) == ["nothing_left"]
    await house.settings(charges_tax=False)


async def test_bad_debt_shows_and_revenue_stays(house):
    """BILL-36: a write-off is an allocation, can be taken back, and is no void."""
    company = await house.company()
    invoice = await house.finalised(company, ("1", "80.00"))
    await house.pay(company, "30.00", invoice)
    gone = await house.act(invoice, "write-off", reason="Bankrupt")
    assert (gone["status"], gone["balance_due"], gone["amount_written_off"]) == (
        "written_off",
        "0.00",
        "50.00",
    )
    [one] = [
        flat(item)
        for item in (await house.finance.get(f"/invoices/{invoice['id']}/allocations")).json()["data"]
        if item["attributes"]["kind"] == "write_off"
    ]
    assert (await house.finance.post(f"/payment-allocations/{one['id']}/reverse")).status_code == 200
    assert (await house.invoice(invoice["id"]))["status"] == "partially_paid"
    manager = await house.kit.staff("billing.invoices.void", "billing.invoices.read")
    answer = await manager.post(f"/invoices/{invoice['id']}/write-off", {"reason": "No"})
    assert answer.status_code == 403


async def test_closed_books_stay_closed(house):
    """BILL-43: nothing is finalised, voided, paid or credited with a date on or before the lock date."""
    company = await house.company()
    draft = await house.draft(company, ("1", "10"), invoice_date="2026-01-31")
    invoice = await house.finalised(company, invoice_date="2026-01-30")
    await house.settings(locked_through="2026-01-31")
    assert codes(await house.finance.post(f"/invoices/{draft['id']}/finalise")) == ["books_closed"]
    assert codes(await house.finance.post(f"/invoices/{invoice['id']}/void", {"reason": "Late"})) == [
        "books_closed"
    ]
    refused = await house.finance.post(
        "/payments", {"amount": "1.00", "payment_date": "2026-01-31"}, {"company": company}
    )
    assert codes(refused) == ["books_closed"]
    await house.settings(locked_through=None)


async def test_tax_follows_category_status_and_date(house):
    """BILL-20: June's rate for an invoice of June; a certificate that is over is none; reverse charge says so."""
    await house.settings(charges_tax=True)
    for name, rate, starts, ends in (("Old", "7", None, "2026-06-30"), ("New", "8", "2026-07-01", None)):
        values = {"name": name, "rate": rate, "jurisdiction": "TP", "starts_on": starts, "ends_on": ends}
        assert (await house.admin.post("/tax-rates", values)).status_code == 201
    company = await house.company(tax_jurisdiction="TP")
    assert (await house.draft(company, ("1", "100"), invoice_date="2026-06-30"))["tax_amount"] == "7.00"
    july = await house.draft(company, ("1", "100"), invoice_date="2026-07-01")
    assert july["tax_amount"] == "8.00"
    exempt = await house.company(
        tax_jurisdiction="TP",
        tax_status="exempt",
        exemption_certificate="C-1",
        exemption_expires_on="2026-06-30",
    )
    assert (await house.draft(exempt, ("1", "100"), invoice_date="2026-06-30"))["tax_amount"] == "0.00"
    assert (await house.draft(exempt, ("1", "100"), invoice_date="2026-07-02"))["tax_amount"] == "8.00"
    reverse = await house.company(tax_status="reverse_charge")
    found = await house.draft(reverse, ("1", "100"))
    assert (found["tax_amount"], found["taxes"][0]["code"]) == ("0.00", "AE")
    assert "liable" in found["taxes"][0]["note"]
    nowhere = await house.company(tax_jurisdiction="XX")
    draft = (await house.finance.post("/invoices", {}, {"company": nowhere})).json()["data"]["id"]
    refused = await house.finance.post(
        f"/invoices/{draft}/lines", {"description": "Work", "unit_price": "10"}, type="invoice-lines"
    )
    assert (refused.status_code, codes(refused)) == (422, ["no_tax_rate"])
    await house.settings(charges_tax=False)


async def test_approval_comes_before_finalising_where_it_is_wanted(house):
    """BILL-03, X-12: a table of what may follow what."""
    await house.settings(approval_required=True)
    draft = await house.draft(await house.company(), ("1", "10"))
    path = f"/invoices/{draft['id']}"
    refused = await house.finance.post(f"{path}/finalise")
    assert codes(refused) == ["approval_required"]
    await house.act(draft, "submit")
    assert codes(await house.finance.patch(path, {"discount_percent": "1"})) == ["not_a_draft"]
    manager = await house.kit.staff(roles=("manager",))
    assert (await manager.post(f"{path}/approve")).status_code == 200
    assert (await house.act(draft, "finalise"))["status"] == "sent"
    await house.settings(approval_required=False)


async def test_po_numbers_are_wanted_and_watched(house):
    """BILL-29: required and missing blocks; limit 5,000, used 4,900, new 300: warn 200 over."""
    company = await house.company(po_required=True, po_limit="5000")
    draft = await house.draft(company, ("1", "4900"))
    assert codes(await house.finance.post(f"/invoices/{draft['id']}/finalise")) == ["po_required"]
    await house.finance.patch(f"/invoices/{draft['id']}", {"po_number": "PO-1"})
    await house.act(draft, "finalise")
    over = await house.finalised(company, ("1", "300"), po_number="PO-1")
    assert any("exceeded by 200" in text for text in over["warnings"])


async def test_products_cost_what_the_company_was_promised(house):
    """The price list: a company's own price, else everybody's, the latest from a date on."""
    company, other = await house.company(), await house.company()
    made = await house.admin.post("/products", {"name": "Firewall", "sku": "FW-1", "unit_price": "500"})
    product = UUID(made.json()["data"]["id"])
    for values, relations in (
        ({"currency": "USD", "unit_price": "480", "starts_on": "2026-01-01"}, {}),
        ({"currency": "USD", "unit_price": "450", "starts_on": "2026-01-01"}, {"company": company}),
    ):
        answer = await house.admin.post(
            f"/products/{product}/prices", values, relations, type="product-prices"
        )
        assert answer.status_code == 201, answer.text
    for who, price in ((company, "450.00"), (other, "480.00")):
        draft = await house.draft(who)
        line = await house.finance.post(
            f"/invoices/{draft['id']}/lines", {"quantity": "1"}, {"product": product}, type="invoice-lines"
        )
        assert line.status_code == 201, line.text
        assert (await house.invoice(draft["id"]))["total"] == price
    foreign = await house.draft(other, currency="CHF")
    refused = await house.finance.post(
        f"/invoices/{foreign['id']}/lines", {"quantity": "1"}, {"product": product}, type="invoice-lines"
    )
    assert codes(refused) == ["no_price"]


async def test_yen_have_no_decimals(house):
    """BILL-19, through the API."""
    company = await house.company(billing_currency="JPY")
    invoice = await house.finalised(company, ("1", "333"))
    assert (invoice["total"], invoice["balance_due"]) == ("333", "333")
    refused = await house.finance.post("/payments", {"amount": "10.5"}, {"company": company})
    assert codes(refused) == ["too_fine"]
