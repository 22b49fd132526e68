"""Invoices paid through Stripe, against a double of it: pages, late money, stored cards, what gets lost."""

import asyncio
import random
import threading

from psa_billing.autopay import charge_due
from psa_billing.gateway_sweep import look_around
from psa_sdk.testing import Kit

from .double import signed
from .shop import Shop


async def test_from_the_invoice_over_the_portal_to_paid(either):
    """BILL-32, BILL-34, PRT-04: one page for two windows; events repeat and come in any order; paid once."""
    company = await either.company()
    invoice, client = await either.invoice(company, "250.00"), await either.client(company)
    page = await either.page(client, invoice)
    assert await either.page(client, invoice) == page
    link = (await either.finance.get(f"/invoices/{invoice}/link")).json()["data"]["attributes"]["path"]
    mailed = await either.kit.anonymous().get(f"{link}/pay", headers={"Accept": "text/html"})
    assert (mailed.status_code, mailed.headers["Location"]) == (303, either.stripe.things[page]["url"])
    made = either.stripe.things[page]
    assert made["_wanted"]["amount"] == "25000"
    assert made["metadata"]["tenant_id"] == str(either.kit.tenant_id)
    intent = either.stripe.pay(page)
    bodies = either.about(
        ("payment_intent.succeeded", intent),
        ("checkout.session.completed", page),
        ("payment_intent.created", intent),
        ("charge.succeeded", either.stripe.things[intent]["latest_charge"]),
    )
    random.Random(3).shuffle(bodies)
    assert set(await either.told(*bodies, *bodies, *bodies)) == {204}
    await either.told(*bodies)
    assert await either.state(invoice) == ("paid", "0.00")
    [payment] = await either.payments(company)
    assert (payment["amount"], payment["fee"], payment["gateway_transaction_id"]) == (
        "250.00",
        "0.59",
        intent,
    )
    assert (await either.pay(client, invoice)).status_code == 409
    again = await either.kit.anonymous().get(f"{link}/pay", headers={"Accept": "text/html"})
    assert again.headers["Location"].endswith(link)
    customers = [one["metadata"]["company_id"] for one in either.stripe.all("customer")]
    assert customers.count(str(company)) == 1


async def test_two_windows_at_once_and_a_changed_balance(shop):
    """BILL-34, PRT-04: of two at the same moment one opens a page; a page for an old amount closes first."""
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    answers = await asyncio.gather(*(shop.pay(client, invoice) for _ in range(4)))
    opened = [one for one in answers if one.status_code == 200]
    pages = {one.json()["data"]["attributes"]["redirect"] for one in opened}
    assert len(pages) == 1
    assert {one.status_code for one in answers} <= {200, 409}
    first = pages.pop().rsplit("/", 1)[-1]
    part = await shop.finance.post("/payments", {"amount": "40.00"}, {"company": company})
    assert part.status_code == 201, part.text
    second = await shop.page(client, invoice)
    assert shop.stripe.things[first]["status"] == "expired"
    assert shop.stripe.things[second]["_wanted"]["amount"] == "6000"
    # The payer is quicker than another change: the page can't be closed any more.
    intent = shop.stripe.pay(second)
    await shop.finance.post("/payments", {"amount": "10.00"}, {"company": company})
    assert (await shop.pay(client, invoice)).status_code == 409
    await shop.told(*shop.about(("payment_intent.succeeded", intent)))
    assert await shop.state(invoice) == ("paid", "0.00")
    found = {one["amount"]: one for one in await shop.payments(company)}
    assert (found["60.00"]["amount_applied"], found["60.00"]["unapplied"]) == ("50.00", "10.00")
    assert found["60.00"]["needs_attention"] != ""


async def test_bank_debits_take_days_and_may_come_back(either):
    """BILL-33: under way isn't paid and stops a second payment; returned opens again; disputes withdraw, won restore."""
    company = await either.company()
    invoice, client = await either.invoice(company), await either.client(company)
    page = await either.page(client, invoice)
    intent = either.stripe.pay(page, late=True)
    await either.told(*either.about(("checkout.session.completed", page)))
    assert await either.state(invoice) == ("sent", "100.00")
    assert (await either.invoice_of(invoice))["is_processing"]
    assert (await either.pay(client, invoice)).status_code == 409
    either.stripe.bounce(intent, "insufficient_funds")
    await either.told(*either.about(("checkout.session.async_payment_failed", page)))
    assert not (await either.invoice_of(invoice))["is_processing"]
    page = await either.page(client, invoice)
    intent = either.stripe.pay(page, late=True)
    either.stripe.arrive(intent, by="us_bank_account", fee=80)
    await either.told(*either.about(("checkout.session.async_payment_succeeded", page)))
    assert await either.state(invoice) == ("paid", "0.00")
    [payment] = await either.payments(company)
    assert (payment["payment_method"], payment["fee"]) == ("ach", "0.80")
    dispute = either.stripe.dispute(intent, 10000)
    await either.told(*either.about(("charge.dispute.created", dispute)) * 2)
    disputed = await either.invoice_of(invoice)
    assert (disputed["status"], disputed["in_dispute"], disputed["balance_due"]) == ("sent", True, "100.00")
    either.stripe.things[dispute]["status"] = "won"
    await either.told(*either.about(("charge.dispute.closed", dispute)))
    assert await either.state(invoice) == ("paid", "0.00")


async def test_what_comes_back_before_what_it_came_from(shop):
    """BILL-32: the refund's and the lost dispute's events arrive, the payment's never did."""
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    intent = shop.stripe.pay(await shop.page(client, invoice))
    shop.stripe._refund({"payment_intent": intent, "amount": "3000", "metadata": {}})
    dispute = shop.stripe.dispute(intent, 7000, "lost")
    await shop.told(*shop.about(("charge.dispute.closed", dispute)))
    [payment] = await shop.payments(company)
    assert (payment["amount_refunded"], payment["amount_disputed"]) == ("30.00", "70.00")
    assert await shop.state(invoice) == ("sent", "100.00")


async def test_only_stripes_own_events_are_taken(shop, psa_bench):
    """BILL-32: the signature, the clock, the mode, the tenant that the metadata names."""
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    page = await shop.page(client, invoice)
    intent = shop.stripe.pay(page)
    [body] = shop.about(("payment_intent.succeeded", intent))
    now = shop.kit.now.timestamp()
    for headers in (
        signed(body, now, "whsec_wrong"),
        signed(body, now - 301),
        signed(body + b" ", now),
        {"Content-Type": "application/json", "Accept": "*/*"},
    ):
        assert (await shop.send(body, headers)).status_code == 400
    assert (await shop.send(b"{}")).status_code == 400
    live = body.replace(b'"livemode": false, "created"', b'"livemode": true, "created"')
    assert live != body
    assert await shop.told(live) == [204]
    assert await shop.state(invoice) == ("sent", "100.00")
    # Another tenant with the same account hears of it too, and leaves it alone.
    other = await Shop.open(await Kit.open(await psa_bench.install("multi")), shop.stripe)
    assert await other.told(body) == [204]
    assert (await other.finance.get("/payments")).json()["data"] == []
    bare = await Kit.open(await psa_bench.install("multi"))
    unknown = await Shop(bare, await bare.admin(), shop.stripe).send(body)
    assert unknown.status_code == 404
    await shop.told(body)
    assert await shop.state(invoice) == ("paid", "0.00")


async def test_stored_cards_are_charged_when_due_once_a_day_four_times_at_most(shop):
    """BILL-37: the first due day pays; soft declines are tried on four days; a hard one once, and the card is out."""
    company = (await shop.kit.make("companies", billing_email="bills@example.com")).id
    stored = await shop.card(company)
    [method] = await shop.methods(company)
    assert (method["label"], method["expires_on"]) == ("Visa •••• 4242", "2040-12-31")
    path = f"/saved-payment-methods/{method['id']}"
    assert (await shop.finance.post(f"{path}/autopay", {"on": True})).status_code == 200
    paid = await shop.invoice(company)
    await shop.run(charge_due)
    assert await shop.state(paid) == ("paid", "0.00")
    for reason, tries in (("insufficient_funds", 4), ("lost_card", 1)):
        shop.stripe.declines[stored] = reason
        invoice = await shop.invoice(company, "75.00")
        before = shop.stripe.asked.count("POST /payment_intents")
        for _ in range(6):
            await shop.run(charge_due)
            await shop.run(charge_due)
            shop.later(days=1)
        assert shop.stripe.asked.count("POST /payment_intents") - before == tries
        assert await shop.state(invoice) == ("sent", "75.00")
    [method] = await shop.methods(company)
    assert method["failure"] == "The bank declined the card."
    assert (await shop.finance.post(f"{path}/remove")).status_code == 204
    assert await shop.methods(company) == []
    assert shop.stripe.things[stored]["customer"] is None
    assert await shop.events("billing.autopay_stopped") == 2
    letters = await shop.finance.get("/invoice-deliveries", params={"filter[company]": str(company)})
    told = [one["attributes"] for one in letters.json()["data"]]
    assert [(one["kind"], one["recipients"]) for one in told] == [("autopay", ["bills@example.com"])] * 2


async def test_an_answer_that_is_lost_is_looked_up(shop):
    """A charge and a refund that were made although nobody heard of it: booked once, made once."""
    company = await shop.company()
    invoice, stored = await shop.invoice(company), await shop.card(company)
    shop.stripe.cut = {"/payment_intents", "/refunds"}
    assert (await shop.charge(invoice, stored)).status_code == 503
    assert await shop.state(invoice) == ("sent", "100.00")
    assert (await shop.charge(invoice, stored)).status_code == 409
    shop.later(minutes=16)
    await shop.run(look_around)
    assert await shop.state(invoice) == ("paid", "0.00")
    [payment] = await shop.payments(company)
    refund = f"/payments/{payment['id']}/refund"
    assert (await shop.finance.post(refund, {"amount": "60.00"})).status_code == 503
    assert (await shop.finance.post(refund, {"amount": "60.00"})).status_code == 409
    shop.stripe.cut = set()
    shop.later(minutes=16)
    await shop.run(look_around)
    [payment] = await shop.payments(company)
    assert (payment["amount_refunded"], payment["fee"]) == ("60.00", "0.59")
    assert await shop.state(invoice) == ("partially_paid", "60.00")
    assert len(shop.stripe.all("payment_intent", customer=shop.stripe.things[stored]["customer"])) == 1
    intent = payment["gateway_transaction_id"]
    assert [one["amount"] for one in shop.stripe.all("refund", payment_intent=intent)] == [6000]


async def test_a_refund_that_stripe_agreed_to_fails_later(shop):
    """BILL-31: what it had opened is paid again, however often it is told."""
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    page = await shop.page(client, invoice)
    intent = shop.stripe.pay(page)
    await shop.told(*shop.about(("checkout.session.completed", page)))
    [payment] = await shop.payments(company)
    answer = await shop.finance.post(f"/payments/{payment['id']}/refund", {"amount": "25.00"})
    assert answer.status_code == 200, answer.text
    assert await shop.state(invoice) == ("partially_paid", "25.00")
    [refund] = shop.stripe.all("refund", payment_intent=intent)
    refund["status"] = "failed"
    shop.stripe.things[shop.stripe.things[intent]["latest_charge"]]["amount_refunded"] = 0
    await shop.told(*shop.about(*[("refund.failed", refund["id"])] * 2))
    assert await shop.state(invoice) == ("paid", "0.00")
    assert await shop.events("billing.refund_failed") == 1


async def test_a_payment_whose_events_never_come_and_a_page_that_is_left(shop):
    """The regular look finds both."""
    company = await shop.company()
    paid, left, client = await shop.invoice(company), await shop.invoice(company), await shop.client(company)
    shop.stripe.pay(await shop.page(client, paid))
    page = await shop.page(client, left)
    shop.stripe.things[page]["status"] = "expired"
    shop.later(minutes=16)
    await shop.run(look_around)
    assert await shop.state(paid) == ("paid", "0.00")
    again = await shop.page(client, left)
    assert again != page
    # A check pays it: the page closes.
    await shop.finance.post("/payments", {"amount": "100.00"}, {"company": company})
    await shop.kit.drain()
    assert shop.stripe.things[again]["status"] == "expired"


async def test_no_connection_is_held_while_stripe_thinks(shop):
    """More payments at once than there are connections: Stripe answers none before it has been asked for all."""
    invoices = [await shop.invoice(await shop.company()) for _ in range(6)]
    shop.stripe.gate = threading.Barrier(len(invoices))
    answers = await asyncio.gather(
        *(shop.finance.post("/payments/process-card", {"invoices": [one]}) for one in invoices)
    )
    shop.stripe.gate = None
    assert [one.status_code for one in answers] == [201] * len(invoices)


async def test_busy_wrong_keys_and_whole_currencies(shop):
    """429 is tried again; a key of another mode or a wrong one is told apart; JPY has no smaller unit (BILL-19)."""
    shop.stripe.busy = 2
    tested = await shop.finance.post("/payment-gateway/test", {"provider": "stripe"})
    assert tested.json()["data"]["attributes"]["account"] == "Example Repairs"
    company = await shop.company()
    invoice, client = await shop.invoice(company, "3330", currency="JPY"), await shop.client(company)
    page = await shop.page(client, invoice)
    assert shop.stripe.things[page]["_wanted"]["amount"] == "3330"
    await shop.told(*shop.about(("payment_intent.succeeded", shop.stripe.pay(page))))
    assert (await shop.state(invoice))[0] == "paid"
    for key, code in (("sk_live_double", "wrong_mode"), ("sk_test_wrong", "bad_credentials")):
        await shop.configure(secret_key=key)
        answer = await shop.finance.post("/payment-gateway/test", {"provider": "stripe"})
        assert [one["code"] for one in answer.json()["errors"]] == [code]
    await shop.configure(secret_key="sk_test_double")
