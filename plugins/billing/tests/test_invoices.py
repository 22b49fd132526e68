"""Invoices from draft to the end: sums, numbers, what stays as it is, void, credit, written off."""

from datetime import timedelta

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
        try:
            async with house.kit.unit() as ctx:
                await ctx.db.execute(sql, invoice["id"])
        except Exception as error:
            assert "finalised" in str(error), error
        else:
            raise AssertionError(sql)
