"""Payments through a gateway: sealed credentials, the amount that is open, reports that repeat and come in any order."""

import random
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

import pytest_asyncio
from pyotp.totp import TOTP

from psa_billing import accounting_documents
from psa_billing.api import GatewayLedger, MethodDetails, Receipt
from psa_billing.engine import journal
from psa_sdk.testing import Kit

from . import till
from .counting_house import CountingHouse, codes


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(psa_bench) -> CountingHouse:
    """A tenant with a gateway that is set up."""
    installed = await psa_bench.install("multi", modules=(till,))
    found = await CountingHouse.open(await Kit.open(installed))
    answer = await found.finance.put(
        "/payment-gateway/config", {"provider": "till", "config": {"api_key": "right"}}
    )
    assert answer.status_code == 200, answer.text
    return found


async def begun(shop, invoice: dict, **more) -> dict:
    answer = await shop.finance.post("/payments/process-card", {"invoices": [invoice["id"]], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def report(shop, verb: str, attempt: dict, **values):
    async with shop.kit.unit() as ctx:
        ledger = ctx.service(GatewayLedger)
        return await getattr(ledger, verb)("till", f"order-{attempt['id']}", **values)


async def paid(shop, attempt: dict, amount: str = "100.00") -> UUID:
    return await receive(shop, f"order-{attempt['id']}", amount)


async def receive(shop, reference: str, amount: str, **values) -> UUID:
    receipt = Receipt(reference=reference, amount=Decimal(amount), currency="USD", at=shop.kit.now, **values)
    async with shop.kit.unit() as ctx:
        return await ctx.service(GatewayLedger).succeeded("till", receipt)


async def test_credentials_are_sealed_and_tried(shop):
    shown = await shop.finance.get("/payment-gateway/config")
    facts = {one["id"]: one["attributes"] for one in shown.json()["data"]}["till"]
    assert (facts["is_set"], facts["webhook"]) == ({"api_key": True}, "https://till.example.com/hooks")
    assert "right" not in shown.text
    tested = await shop.finance.post("/payment-gateway/test", {"provider": "till"})
    assert tested.json()["data"]["attributes"]["account"] == "Example account"
    unknown = await shop.finance.put("/payment-gateway/config", {"provider": "nobody", "config": {}})
    assert codes(unknown) == ["unknown_gateway"]
    stored = await shop.rows("SELECT config FROM billing.gateway_config")
    assert b"right" not in bytes(stored[0]["config"])


async def test_credentials_are_changed_with_a_fresh_proof_of_the_second_factor_only(shop):
    """AUTH-12: where somebody has one; by the API, and by the console, which asks the same route from inside."""
    boss = await shop.kit.staff(roles=("admin",))
    secret = (await boss.post("/auth/mfa/setup")).json()["data"]["attributes"]["secret"]
    code = TOTP(secret).at(int(shop.kit.now.timestamp()))
    assert (await boss.post("/auth/mfa/verify", {"code": code})).status_code == 200
    account, form = await boss.account_id(), {"is_active": ["on"], "config.api_key": ["right"]}

    async def tried(minutes: int) -> list[int]:
        async with shop.kit.unit() as ctx:
            await ctx.db.execute(
                "UPDATE psa.session SET proven_at = $2 WHERE account = $1",
                account,
                shop.kit.now - timedelta(minutes=minutes),
            )
        body = {"provider": "till", "config": {"api_key": "right"}}
        by_api = await boss.put("/payment-gateway/config", body)
        by_page = await boss.request(
            "POST",
            "http://localhost/ui/settings/payment-gateways/till",
            content=urlencode(form, doseq=True).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Psa-Action": "1"},
        )
        return [by_api.status_code, by_page.status_code]

    assert await tried(6) == [403, 403]
    assert await tried(4) == [200, 200]


async def test_a_saved_card_pays_at_once_or_not_at_all(shop):
    """BILL-34, BILL-37: what is open now; an outdated amount is refused; a hard decline is told."""
    company = await shop.company()
    invoice = await shop.finalised(company)
    stale = await shop.finance.post(
        "/payments/process-card", {"invoices": [invoice["id"]], "expected_amount": "90.00"}
    )
    assert codes(stale) == ["stale_amount"]
    declined = await begun(shop, invoice, saved_method="declined")
    assert (declined["attributes"]["state"], declined["attributes"]["failure"]) == ("failed", "Declined")
    await begun(shop, invoice, saved_method="card")
    after = await shop.invoice(invoice["id"])
    assert (after["status"], after["balance_due"]) == ("paid", "0.00")
    again = await shop.finance.post("/payments/process-card", {"invoices": [invoice["id"]]})
    assert codes(again) == ["not_open"]


async def test_slow_money_stops_a_second_payment_and_may_come_back(shop):
    """BILL-33: processing isn't paid; failed days later opens again; a dispute withdraws, won restores."""
    company = await shop.company()
    invoice = await shop.finalised(company)
    attempt = await begun(shop, invoice)
    assert attempt["attributes"]["redirect"].startswith("https://")
    await report(shop, "processing", attempt)
    assert (await shop.invoice(invoice["id"]))["status"] == "sent"
    refused = await shop.finance.post("/payments/process-card", {"invoices": [invoice["id"]]})
    assert codes(refused) == ["payment_processing"]
    await report(shop, "failed", attempt, reason="R01")
    retry = await begun(shop, invoice)
    payment = await paid(shop, retry)
    assert (await shop.invoice(invoice["id"]))["status"] == "paid"
    await report(shop, "disputed", retry, dispute="d1", amount=Decimal(100))
    disputed = await shop.invoice(invoice["id"])
    assert (disputed["status"], disputed["in_dispute"], disputed["balance_due"]) == ("sent", True, "100.00")
    await report(shop, "dispute_closed", retry, dispute="d1", won=True)
    restored = await shop.invoice(invoice["id"])
    assert (restored["status"], restored["in_dispute"]) == ("paid", False)
    answer = await shop.finance.post(f"/payments/{payment}/refund", {"amount": "30.00"})
    assert answer.status_code == 200, answer.text
    assert till.refunds[-1] == (f"order-{retry['id']}", Decimal("30.00"))
    assert (await shop.invoice(invoice["id"]))["balance_due"] == "30.00"


async def test_reports_repeat_and_come_in_any_order(shop):
    """BILL-32: the same reports in random order, each more than once, end alike: paid once, refunded once."""
    dice = random.Random(7)
    for _ in range(6):
        company = await shop.company()
        invoice = await shop.finalised(company)
        attempt = await begun(shop, invoice)
        reports = ["processing", "succeeded"] * 3
        dice.shuffle(reports)
        for verb in reports:
            await (paid(shop, attempt) if verb == "succeeded" else report(shop, verb, attempt))
        for _ in range(2):
            await report(shop, "refunded", attempt, refund="re_1", amount=Decimal(25))
        after = await shop.invoice(invoice["id"])
        assert (after["balance_due"], after["is_processing"]) == ("25.00", False)
        [held] = await shop.rows("SELECT count(*) AS n FROM billing.payment WHERE company = $1", company)
        assert held["n"] == 1
    async with shop.kit.unit() as ctx:
        ledger = ctx.service(GatewayLedger)
        assert [await ledger.first_time("till", "evt_1") for _ in range(2)] == [True, False]


async def test_what_nobody_asked_for_stays_unapplied_and_is_told(shop):
    """BILL-32: an unknown reference, or more than was asked."""
    company = await shop.company()
    invoice = await shop.finalised(company)
    stray = await receive(shop, "stray", "10", company_id=company)
    found = await shop.payment(str(stray))
    assert (found["unapplied"], found["needs_attention"] != "") == ("10.00", True)
    attempt = await begun(shop, invoice)
    more = await shop.payment(str(await paid(shop, attempt, "110.00")))
    assert (more["amount_applied"], more["unapplied"]) == ("100.00", "10.00")
    assert "asked for" in more["needs_attention"]


async def test_stored_methods_come_and_go_and_only_returned_money_opens_again(shop):
    """BILL-33, BILL-37: a late report of an earlier failure leaves what was paid since."""
    company = await shop.company()
    invoice = await shop.finalised(company)
    async with shop.kit.unit() as ctx:
        ledger = ctx.service(GatewayLedger)
        method = MethodDetails(reference=f"declined-{company}", kind="card", label="Visa 1")
        await ledger.method_saved("till", f"customer-{company}", method, company_id=company)
        await ledger.method_saved("till", f"customer-{company}", method)
        assert await ledger.company_of("till", f"customer-{company}") == company
    attempt = await begun(shop, invoice)
    await paid(shop, attempt)
    await report(shop, "failed", attempt, reason="A late event of an earlier try")
    assert (await shop.invoice(invoice["id"]))["status"] == "paid"
    await report(shop, "failed", attempt, reason="R10", returned=True)
    assert (await shop.invoice(invoice["id"]))["balance_due"] == "100.00"
    found = (
        await shop.finance.get("/saved-payment-methods", params={"filter[company]": str(company)})
    ).json()
    [saved] = found["data"]
    for on in (True, False, True):
        answer = await shop.finance.post(f"/saved-payment-methods/{saved['id']}/autopay", {"on": on})
        assert answer.json()["data"]["attributes"]["is_autopay"] == on
    async with shop.kit.unit() as ctx:
        await ctx.service(GatewayLedger).customer_gone("till", f"customer-{company}")
    assert (await shop.finance.get(f"/saved-payment-methods/{saved['id']}")).status_code == 404


async def test_a_refund_that_fails_later_never_was(shop):
    """BILL-31, BILL-41, BILL-44: what it had opened is paid again from that day on, booked, and told at the bell."""
    company = await shop.company()
    invoice = await shop.finalised(company)
    attempt = await begun(shop, invoice)
    payment = await paid(shop, attempt)
    answer = await shop.finance.post(f"/payments/{payment}/refund", {"amount": "40.00"})
    assert answer.status_code == 200, answer.text
    before = shop.kit.now.date()
    [refund] = await shop.rows("SELECT * FROM billing.refund WHERE payment = $1", payment)
    assert (await shop.invoice(invoice["id"]))["balance_due"] == "40.00"
    shop.later(days=1)
    for _ in range(2):
        await report(
            shop, "refund_failed", attempt, refund=refund["reference_number"], reason="The account is closed."
        )
    after = await shop.invoice(invoice["id"])
    assert (after["status"], after["balance_due"]) == ("paid", "0.00")
    found = await shop.payment(str(payment))
    assert (found["amount_refunded"], found["amount_applied"], found["unapplied"]) == (
        "0.00",
        "100.00",
        "0.00",
    )
    assert (await shop.aging(company, before))["balance"] == "40.00"
    assert await shop.aging(company, shop.kit.now.date()) == {}
    shown = (await shop.finance.get(f"/companies/{company}/statement")).json()["data"]
    moves = [(one["attributes"]["what"], one["attributes"]["balance"]) for one in shown]
    assert moves[-2:] == [("refund", "40.00"), ("refund_failed", "0.00")]
    async with shop.kit.unit() as ctx:
        documents, _ = await accounting_documents.waiting(ctx, ctx.today)
    booked = {one.kind: one.postings for one in documents if one.id == refund["id"]}
    assert booked["refund_failed"] == journal.reversed_(booked["refund"])
    await shop.kit.drain()
    told = await shop.rows("SELECT DISTINCT kind FROM console.notification WHERE subject_id = $1", payment)
    assert [row["kind"] for row in told] == ["refund_failed"]
