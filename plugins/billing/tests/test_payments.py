"""Payments and what is owed: applied, taken back, refunded, failed, aged."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

from .counting_house import codes, flat


async def test_the_oldest_due_is_paid_first(house):
    """BILL-30: 150 over 100 and 80 leaves 30 open; 50 more leave 20 unapplied."""
    company = await house.company()
    second = await house.finalised(company, ("1", "80.00"), payment_terms="net_60")
    first = await house.finalised(company, ("1", "100.00"), payment_terms="net_15")
    await house.pay(company, "150.00")
    assert (await house.invoice(first["id"]))["status"] == "paid"
    rest = await house.invoice(second["id"])
    assert (rest["status"], rest["balance_due"]) == ("partially_paid", "30.00")
    more = await house.payment((await house.pay(company, "50.00"))["id"])
    assert (more["amount_applied"], more["unapplied"]) == ("30.00", "20.00")
    aging = await house.aging(company, house.today)
    assert (aging["outstanding"], aging["unapplied"], aging["balance"]) == ("0.00", "-20.00", "-20.00")


async def test_a_payment_goes_where_it_is_sent_and_comes_back(house):
    """BILL-30, BILL-31: own company, own currency, no more than is open or left; taken back, it is open again."""
    company, stranger = await house.company(), await house.company()
    mine, theirs = await house.finalised(company), await house.finalised(stranger)
    foreign = await house.finalised(company, currency="EUR")
    await house.settings(auto_apply=False)
    payment = await house.pay(company, "120.00")
    path = f"/payments/{payment['id']}/allocate"
    for invoice, amount, code in (
        (theirs, "10.00", "other_company"),
        (foreign, "10.00", "other_currency"),
        (mine, "100.01", "overpaid"),
        (mine, "120.01", "not_enough_left"),
        (mine, "0.00", "bad_amount"),
    ):
        body = {"allocations": [{"invoice": invoice["id"], "amount": amount}]}
        assert codes(await house.finance.post(path, body)) == [code]
    body = {"allocations": [{"invoice": mine["id"], "amount": "100.00"}]}
    assert (await house.finance.post(path, body)).status_code == 200
    assert (await house.invoice(mine["id"]))["status"] == "paid"
    [one] = (await house.finance.get(f"/payments/{payment['id']}/allocations")).json()["data"]
    assert (await house.finance.post(f"/payment-allocations/{one['id']}/reverse")).status_code == 200
    assert (await house.invoice(mine["id"]))["balance_due"] == "100.00"
    assert (await house.payment(payment["id"]))["unapplied"] == "120.00"
    await house.settings(auto_apply=True)


async def test_a_parent_pays_for_its_branches(house):
    """BILL-30: the billing parent's payment may go to a branch's invoice."""
    parent = await house.company()
    branch = (await house.kit.make("companies", parent=parent)).id
    invoice = await house.finalised(branch)
    await house.pay(parent, "100.00", invoice)
    assert (await house.invoice(invoice["id"]))["status"] == "paid"


async def test_two_payments_at_once_do_not_pay_twice(house):
    """BILL-31: two full payments of one balance: one is applied, the other refused or left unapplied."""
    company = await house.company()
    for _ in range(3):
        invoice = await house.finalised(company)
        answers = await asyncio.gather(
            *(
                house.finance.post(
                    "/payments", {"amount": "100.00"}, {"company": company, "invoice": UUID(invoice["id"])}
                )
                for _ in range(3)
            )
        )
        assert sorted(one.status_code for one in answers) == [201, 409, 409]
        after = await house.invoice(invoice["id"])
        assert (after["balance_due"], after["amount_paid"]) == ("0.00", "100.00")


async def test_money_that_goes_back_opens_what_it_paid(house):
    """BILL-31: refunds of applied money, failed payments, credit paid out."""
    company = await house.company()
    invoice = await house.finalised(company)
    payment = await house.pay(company, "100.00", invoice)
    answer = await house.finance.post(
        f"/payments/{payment['id']}/refund", {"amount": "25.00", "reason": "Kind"}
    )
    assert answer.status_code == 200, answer.text
    assert (await house.invoice(invoice["id"]))["balance_due"] == "25.00"
    back = await house.payment(payment["id"])
    assert (back["amount_applied"], back["amount_refunded"], back["unapplied"]) == ("75.00", "25.00", "0.00")
    refused = await house.finance.post(f"/payments/{payment['id']}/refund", {"amount": "75.01"})
    assert codes(refused) == ["not_enough_left"]
    check = await house.pay(company, "25.00", invoice, payment_method="check")
    assert (await house.invoice(invoice["id"]))["status"] == "paid"
    assert (
        await house.finance.post(f"/payments/{check['id']}/fail", {"reason": "Bounced"})
    ).status_code == 200
    assert (await house.invoice(invoice["id"]))["status"] == "partially_paid"
    assert (await house.payment(check["id"]))["status"] == "failed"


async def test_credit_is_applied_or_paid_out(house):
    """BILL-35: what its invoice doesn't take goes to another, or back."""
    company = await house.company()
    paid = await house.finalised(company)
    await house.pay(company, "100.00", paid)
    memo = await house.act(paid, "credit", reason="Unhappy")
    assert (memo["status"], memo["balance_due"]) == ("sent", "100.00")
    other = await house.finalised(company, ("1", "60.00"))
    await house.act(memo, "apply")
    assert (await house.invoice(other["id"]))["status"] == "paid"
    out = await house.act(memo, "refund", amount="40.00", refund_method="wire")
    assert (out["status"], out["balance_due"]) == ("paid", "0.00")


async def test_aging_is_what_was_known_on_the_day(house):
    """BILL-40, BILL-41: the eight invoices as of their day, whatever was paid, credited or voided later."""
    company = await house.company()
    end = house.today
    due_ago = {0: "100", 1: "200", 30: "300", 31: "400", 61: "500", 90: "600", 91: "700", -15: "50"}
    made = []
    for days, amount in due_ago.items():
        due = end - timedelta(days=days)
        date = min(due, end) - timedelta(days=5)
        made.append(await house.finalised(company, ("1", amount), invoice_date=str(date), due_date=str(due)))
    await house.settings(auto_apply=False)
    credit = await house.pay(company, "120.00", payment_date=str(end))
    await house.settings(auto_apply=True)
    expected = {
        "current": "150.00",
        "days_1_30": "500.00",
        "days_31_60": "400.00",
        "days_61_90": "1100.00",
        "days_over_90": "700.00",
        "outstanding": "2850.00",
        "unapplied": "-120.00",
        "balance": "2730.00",
    }
    now = await house.aging(company, end)
    assert {name: now[name] for name in expected} == expected
    house.later(days=2)
    later = house.today
    await house.finance.post(f"/payments/{credit['id']}/allocate", {})
    await house.pay(company, "300.00", made[2])
    await house.act(made[1], "credit", reason="Complaint")
    await house.act(made[7], "void", reason="Mistake")
    then = await house.aging(company, end)
    assert {name: then[name] for name in expected} == expected
    after = await house.aging(company, later)
    assert after["balance"] == "2180.00"
    statement = (await house.finance.get(f"/companies/{company}/statement")).json()
    assert statement["meta"]["balance"] == "2180.00"


async def test_sums_of_the_ledger_hold_in_any_order(house):
    """Movements at random: the balance of the aging equals invoices less credits, payments and write-offs."""
    dice = random.Random(5)
    company = await house.company()
    for _ in range(25):
        open_ones = [
            flat(one)
            for one in (
                await house.finance.get(
                    "/invoices", params={"filter[company]": str(company), "page[size]": "100"}
                )
            ).json()["data"]
        ]
        what = dice.choice(("invoice", "invoice", "pay", "pay", "credit", "void", "write-off", "fail"))
        chosen = dice.choice(open_ones) if open_ones else None
        if what == "invoice" or chosen is None:
            await house.finalised(company, (str(dice.randint(1, 5)), f"{dice.randint(1, 9999) / 100}"))
        elif what == "pay":
            await house.pay(company, f"{dice.randint(1, 20000) / 100:.2f}")
        elif what == "fail":
            payments = (
                await house.finance.get("/payments", params={"filter[company]": str(company)})
            ).json()["data"]
            if payments:
                await house.finance.post(
                    f"/payments/{dice.choice(payments)['id']}/fail", {"reason": "Bounced"}
                )
        else:
            await house.finance.post(f"/invoices/{chosen['id']}/{what}", {"reason": "At random"})
    [found] = await house.rows(
        """
        SELECT (SELECT coalesce(sum(CASE kind WHEN 'invoice' THEN total ELSE -total END), 0) FROM billing.invoice
                WHERE company = $1 AND status <> 'void' AND finalised_at IS NOT NULL)
            - (SELECT coalesce(sum(amount), 0) FROM billing.payment WHERE company = $1 AND status = 'received')
            - (SELECT coalesce(sum(amount), 0) FROM billing.allocation
                WHERE company = $1 AND kind = 'write_off' AND reversed_on IS NULL) AS balance""",
        company,
    )
    aging = await house.aging(company, house.today)
    assert aging.get("balance", "0.00") == f"{found['balance']:.2f}"
    statement = (await house.finance.get(f"/companies/{company}/statement")).json()
    assert statement["meta"]["balance"] == f"{found['balance']:.2f}"


async def test_collections_tell_promises_and_days_outstanding(house):
    """BILL-45: 60 of 90 billed in ninety days is open: 60.0 days; where nothing was billed there is no figure."""
    company = await house.company(billing_currency="CHF", payment_terms="net_15")
    invoice = await house.finalised(company, ("1", "90.00"))
    await house.pay(company, "30.00", invoice)
    promised = house.today + timedelta(days=20)
    answer = await house.finance.patch(f"/invoices/{invoice['id']}", {"promised_on": str(promised)})
    assert answer.status_code == 200, answer.text

    async def collected(days: int) -> tuple[list[dict], str | None]:
        query = {"as_of": str(house.today + timedelta(days=days)), "company": str(company)}
        found = (await house.finance.get("/billing/reports/collections", params=query)).json()
        return [one["attributes"] for one in found["data"]], found["meta"]["dso"]["CHF"]

    assert await collected(15) == ([], "60.0")
    [kept], _ = await collected(20)
    assert (kept["days_overdue"], kept["open"], kept["promise_broken"]) == (5, "60.00", False)
    [broken], dso = await collected(91)
    assert (broken["promise_broken"], dso) == (True, None)
