"""The demonstration data: a year of invoices that keeps all rules."""

import pytest


@pytest.mark.slow
async def test_the_demonstration_is_consistent(demonstration):
    """Balances follow from allocations, lines add up, numbers have no gap, and the next number is free."""
    kit = demonstration
    [found] = await kit.installation.rows(
        """
        SELECT count(*) AS n, count(*) FILTER (WHERE i.balance_due > 0) AS open,
            count(*) FILTER (WHERE i.total <> i.subtotal + i.tax_amount OR i.subtotal <> l.total) AS wrong_sums,
            count(*) FILTER (WHERE i.amount_paid <> coalesce(a.amount, 0)) AS wrong_payments
        FROM billing.invoice i
        JOIN (SELECT invoice, sum(total) AS total FROM billing.invoice_line GROUP BY 1) l ON l.invoice = i.id
        LEFT JOIN (SELECT invoice, sum(amount) AS amount FROM billing.allocation GROUP BY 1) a ON a.invoice = i.id
        WHERE i.tenant_id = $1""",
        kit.tenant_id,
    )
    assert found["n"] > 100
    assert 0 < found["open"] < found["n"] / 2
    assert (found["wrong_sums"], found["wrong_payments"]) == (0, 0)
    admin = await kit.admin()
    company = (await kit.make("companies")).id
    made = await admin.post("/invoices", {}, {"company": company})
    path = f"/invoices/{made.json()['data']['id']}"
    line = await admin.post(f"{path}/lines", {"unit_price": "1"}, type="invoice-lines")
    assert line.status_code == 201, line.text
    assert (await admin.post(f"{path}/finalise")).status_code == 200
