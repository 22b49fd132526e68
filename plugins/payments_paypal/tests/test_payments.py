"""Invoices paid through PayPal, against a double of it: agreeing, fetching, late money, what comes back, what gets lost."""

import random
import re

from psa_billing.gateway_sweep import look_around
from psa_sdk.testing import Client, Kit

from .double import Double
from .shop import EVENTS, Shop

HTML = {"Accept": "text/html"}


async def test_from_the_invoice_over_the_portal_to_paid(either):
    """BILL-32, BILL-34, PRT-04: one page for two windows; the way back and events fetch the money once."""
    company = await either.company()
    invoice, client = await either.invoice(company, "250.00"), await either.client(company)
    order = await either.page(client, invoice)
    assert await either.page(client, invoice) == order
    made = either.paypal.orders[order]
    [unit] = made["purchase_units"]
    assert unit["amount"] == {"currency_code": "USD", "value": "250.00"}
    assert unit["custom_id"].startswith(f"{either.kit.tenant_id}.")
    either.paypal.agree(order)
    back = made["payment_source"]["paypal"]["experience_context"]["return_url"]
    way = back.split("/api/v1", 1)[1]
    landed = await either.kit.anonymous().get(f"{way}?token={order}&PayerID=P1", headers=HTML)
    assert landed.status_code == 303
    assert landed.headers["Location"].endswith(f"/portal/invoices/{invoice}")
    forged = await either.kit.anonymous().get(f"{way[:-2]}?token={order}", headers=HTML)
    assert forged.status_code == 404
    await either.kit.drain()
    assert await either.state(invoice) == ("paid", "0.00")
    capture = either.capture_of(order)
    events = [
        either.event("CHECKOUT.ORDER.APPROVED", made),
        either.event("PAYMENT.CAPTURE.PENDING", capture),
        either.event("PAYMENT.CAPTURE.COMPLETED", capture),
        either.event("CHECKOUT.ORDER.COMPLETED", made),
    ] * 3
    random.Random(3).shuffle(events)
    assert set(await either.told(*events)) == {204}
    assert await either.state(invoice) == ("paid", "0.00")
    [payment] = await either.payments(company)
    assert (payment["amount"], payment["fee"], payment["gateway_transaction_id"]) == (
        "250.00",
        "1.00",
        capture["id"],
    )
    assert either.paypal.asked.count(f"POST /v2/checkout/orders/{order}/capture") == 1
    assert (await either.pay(client, invoice)).status_code == 409


async def test_what_is_not_wanted_any_more_is_not_fetched(shop):
    """BILL-34: the balance changed after the payer agreed; nothing is taken for the old one."""
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    first = await shop.page(client, invoice)
    shop.paypal.agree(first)
    await shop.finance.post("/payments", {"amount": "40.00"}, {"company": company})
    second = await shop.page(client, invoice)
    await shop.approved(first)
    assert shop.paypal.orders[first]["status"] == "APPROVED"
    shop.paypal.agree(second)
    await shop.approved(second)
    assert shop.paypal.orders[second]["status"] == "COMPLETED"
    assert await shop.state(invoice) == ("paid", "0.00")
    assert sorted(one["amount"] for one in await shop.payments(company)) == ["40.00", "60.00"]


async def test_pending_money_may_be_denied_and_disputes_withdraw(either):
    """BILL-33: pending isn't paid and stops a second payment; denied opens again; won restores, lost stays."""
    company = await either.company()
    invoice, client = await either.invoice(company), await either.client(company)
    either.paypal.capture_as = "PENDING"
    order = await either.page(client, invoice)
    either.paypal.agree(order)
    await either.approved(order)
    either.paypal.capture_as = "COMPLETED"
    assert await either.state(invoice) == ("sent", "100.00")
    assert (await either.invoice_of(invoice))["is_processing"]
    assert (await either.pay(client, invoice)).status_code == 409
    capture = either.capture_of(order)
    either.paypal.settle(capture["id"], "DECLINED", "ECHECK")
    await either.told(either.event("PAYMENT.CAPTURE.DENIED", capture))
    assert not (await either.invoice_of(invoice))["is_processing"]
    order = await either.page(client, invoice)
    either.paypal.agree(order)
    await either.approved(order)
    capture = either.capture_of(order)["id"]
    asking = either.paypal.dispute(capture, "100.00", "INQUIRY")
    await either.told(either.event("CUSTOMER.DISPUTE.CREATED", either.paypal.disputes[asking]))
    assert await either.state(invoice) == ("paid", "0.00")
    for outcome, state in (
        ("RESOLVED_SELLER_FAVOUR", ("paid", "0.00")),
        ("RESOLVED_BUYER_FAVOUR", ("sent", "100.00")),
    ):
        dispute = either.paypal.dispute(capture, "100.00")
        created = either.event("CUSTOMER.DISPUTE.CREATED", either.paypal.disputes[dispute])
        await either.told(created, created)
        disputed = await either.invoice_of(invoice)
        assert (disputed["status"], disputed["in_dispute"]) == ("sent", True)
        either.paypal.resolve(dispute, outcome)
        await either.told(either.event("CUSTOMER.DISPUTE.RESOLVED", either.paypal.disputes[dispute]))
        assert await either.state(invoice) == state


async def test_a_declined_payer_begins_again(shop):
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    order = await shop.page(client, invoice)
    shop.paypal.agree(order)
    shop.paypal.declines = "INSTRUMENT_DECLINED"
    await shop.approved(order)
    shop.paypal.declines = ""
    assert await shop.state(invoice) == ("sent", "100.00")
    assert not (await shop.invoice_of(invoice))["is_processing"]
    assert await shop.page(client, invoice) != order


async def test_refunds_go_back_and_one_that_fails_later_is_taken_back(either):
    """BILL-31, BILL-35: given back through PayPal; accepted and failed later pays the invoice again."""
    company = await either.company()
    invoice, client = await either.invoice(company), await either.client(company)
    order = await either.page(client, invoice)
    either.paypal.agree(order)
    await either.approved(order)
    [payment] = await either.payments(company)
    refund = f"/payments/{payment['id']}/refund"
    assert (await either.finance.post(refund, {"amount": "30.00"})).status_code == 200
    either.paypal.refund_as = "PENDING"
    assert (await either.finance.post(refund, {"amount": "50.00"})).status_code == 200
    either.paypal.refund_as = "COMPLETED"
    assert await either.state(invoice) == ("partially_paid", "80.00")
    [late] = [one for one in either.paypal.refunds.values() if one["status"] == "PENDING"]
    late["status"] = "FAILED"
    either.later(hours=7)
    await either.run(look_around)  # no event of it is sure to come
    told = either.event("PAYMENT.CAPTURE.REFUNDED", late)
    assert set(await either.told(told, told)) == {204}
    assert await either.state(invoice) == ("partially_paid", "30.00")
    [payment] = await either.payments(company)
    assert (payment["amount_refunded"], payment["unapplied"]) == ("30.00", "0.00")
    assert await either.events("billing.refund_failed") == 1
    too_much = await either.finance.post(refund, {"amount": "80.00"})
    assert [one["code"] for one in too_much.json()["errors"]] == ["not_enough_left"]


ODD = tuple(
    b'{"id": "WH-1", "event_type": "PAYMENT.REFUND.COMPLETED", "resource": {"id": "1", "links": %s}}' % links
    for links in (b'["up"]', b'{"rel": "up"}', b'"up"', b"[null, 3]", b"7")
)


async def test_only_paypals_own_events_are_taken(shop, psa_bench):
    """BILL-32: PayPal is asked whether it signed the body as it came; another tenant's orders are left alone."""
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    order = await shop.page(client, invoice)
    shop.paypal.agree(order)
    body, headers = shop.event("CHECKOUT.ORDER.APPROVED", shop.paypal.orders[order])
    for sent, told in (
        (body + b" ", headers),
        (body, shop.paypal.signed(body, "OTHERWEBHOOK")),
        (body, {name: value for name, value in headers.items() if name != "PayPal-Transmission-Sig"}),
        (b"{}", shop.paypal.signed(b"{}")),
        *((odd, shop.paypal.signed(odd, "OTHERWEBHOOK")) for odd in ODD),
    ):
        assert (await shop.deliver(EVENTS, sent, told)).status_code == 400
    await shop.kit.drain()
    assert shop.paypal.orders[order]["status"] == "APPROVED"
    other = await Shop.open(await Kit.open(await psa_bench.install("multi")), shop.paypal)
    assert await other.told((body, headers)) == [204]
    assert shop.paypal.orders[order]["status"] == "APPROVED"
    assert (await other.finance.get("/payments")).json()["data"] == []
    bare = await Kit.open(await psa_bench.install("multi"))
    unset = Shop(bare, await bare.admin(), Double())
    assert await unset.told((body, headers)) == [404]
    assert await shop.told((body, headers), (body, headers)) == [204, 204]
    assert await shop.state(invoice) == ("paid", "0.00")


async def test_an_answer_that_is_lost_is_looked_up(shop):
    """Money fetched and given back although nobody heard of it: booked once, moved once. And pages that were left."""
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    left = await shop.invoice(company)
    order, forgotten = await shop.page(client, invoice), await shop.page(client, left)
    shop.paypal.agree(order)
    shop.paypal.age(forgotten, 4)
    shop.later(minutes=16)
    await shop.run(look_around)
    assert await shop.state(invoice) == ("paid", "0.00")
    assert await shop.page(client, left) != forgotten
    [payment] = await shop.payments(company)
    refund = f"/payments/{payment['id']}/refund"
    shop.paypal.cut = {"refund"}
    assert (await shop.finance.post(refund, {"amount": "60.00"})).status_code == 503
    assert (await shop.finance.post(refund, {"amount": "60.00"})).status_code == 409
    shop.paypal.cut = set()
    shop.later(minutes=16)
    await shop.run(look_around)
    [payment] = await shop.payments(company)
    assert payment["amount_refunded"] == "60.00"
    assert [one["amount"]["value"] for one in shop.paypal.refunds.values()][-1:] == ["60.00"]
    capture = shop.capture_of(order)["id"]
    assert (
        len([one for one in shop.paypal.refunds.values() if one["links"][0]["href"].endswith(capture)]) == 1
    )


async def test_a_capture_whose_answer_is_lost_is_repeated_by_its_key(shop):
    company = await shop.company()
    invoice, client = await shop.invoice(company), await shop.client(company)
    order = await shop.page(client, invoice)
    shop.paypal.agree(order)
    shop.paypal.cut = {"capture"}
    await shop.approved(order)
    shop.paypal.cut = set()
    assert (await shop.invoice_of(invoice))["is_processing"]
    shop.later(hours=7)
    await shop.run(look_around)
    assert await shop.state(invoice) == ("paid", "0.00")
    assert len(await shop.payments(company)) == 1


async def ways(client: Client, invoice: str) -> list[str]:
    """Return the gateways that an invoice's page in the portal offers."""
    page = await client.get(f"http://localhost/portal/invoices/{invoice}", headers=HTML)
    assert page.status_code == 200, page.text
    return re.findall(rf"/invoices/{invoice}/pay/([a-z]+)", page.text)


async def test_clients_choose_how_they_pay_where_there_are_two_gateways(either):
    """The one that was set up first is asked if none is named; cards are stored only where that is possible."""
    stripe = {"secret_key": "sk_test_double"}
    body = {"provider": "stripe", "config": stripe}
    assert (await either.finance.put("/payment-gateway/config", body)).status_code == 200
    company = await either.company()
    invoice, client = await either.invoice(company), await either.client(company)
    assert await ways(client, invoice) == ["paypal", "stripe"]
    answer = await client.post(f"/portal/invoices/{invoice}/pay")
    assert answer.json()["data"]["attributes"]["redirect"].startswith("https://pay.example.com/")
    unknown = await client.post(f"/portal/invoices/{invoice}/pay?provider=nobody")
    assert [one["code"] for one in unknown.json()["errors"]] == ["no_gateway"]
    await either.finance.put("/payment-gateway/config", {"provider": "stripe", "is_active": False})
    assert await ways(client, invoice) == ["paypal"]
    urls = {"success_url": "https://desk.example.com/ok", "cancel_url": "https://desk.example.com/no"}
    stored = await either.finance.post(f"/companies/{company}/saved-payment-methods", urls)
    assert [one["code"] for one in stored.json()["errors"]] == ["no_gateway"]


async def test_busy_wrong_credentials_and_whole_currencies(shop):
    """503 is tried again; a token that was taken back is fetched anew; HUF has no decimals at PayPal."""
    shop.paypal.busy = 2
    shop.paypal.webhook_url = "https://elsewhere.example.com/"
    told = await shop.tested()
    assert [one["code"] for one in told.json()["errors"]] == ["other_webhook"]
    shown = (await shop.finance.get("/payment-gateway/config")).json()["data"]
    [mine] = [one["attributes"] for one in shown if one["id"] == "paypal"]
    shop.paypal.webhook_url = mine["webhook"]
    shop.paypal.tokens.clear()
    told = await shop.tested()
    assert told.json()["data"]["attributes"]["account"] == "PayPal"
    company = await shop.company()
    client = await shop.client(company)
    whole = await shop.invoice(company, "3330", currency="HUF")
    order = await shop.page(client, whole)
    assert shop.paypal.orders[order]["purchase_units"][0]["amount"]["value"] == "3330"
    shop.paypal.agree(order)
    await shop.approved(order)
    assert await shop.state(whole) == ("paid", "0.00")
    broken = await shop.pay(client, await shop.invoice(company, "3330.50", currency="HUF"))
    assert [one["code"] for one in broken.json()["errors"]] == ["bad_amount"]
    elsewhere = {"provider": "paypal", "config": {"api": "http://127.0.0.1:9"}}
    sent = await shop.finance.put("/payment-gateway/config", elsewhere)
    assert [one["code"] for one in sent.json()["errors"]] == ["bad_config"], "a kept secret goes nowhere else"
    await shop.configure(client_secret="Ewrong")
    told = await shop.tested()
    assert [one["code"] for one in told.json()["errors"]] == ["bad_credentials"]
    await shop.configure(client_secret="EdoubleSecret")
