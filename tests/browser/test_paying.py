"""Paying in a real browser: the gateway is set up in the console, a client pays in the portal and stores a card."""

import importlib.util
import re
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from .accessibility import faults
from .conftest import ROOT, Desk, watched
from .test_portal import Client, accept

pytestmark = pytest.mark.browser


def _double(provider: str) -> ModuleType:
    path = ROOT / f"plugins/payments_{provider}/tests/double.py"
    spec = importlib.util.spec_from_file_location(f"{provider}_double", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stripe() -> Iterator[Any]:
    module = _double("stripe")
    with module.running() as double:
        double.module = module
        yield double


@pytest.fixture(scope="module")
def paypal() -> Iterator[Any]:
    module = _double("paypal")
    with module.running() as double:
        double.module = module
        yield double


def told(desk: Desk, stripe: Any, type: str, thing: str) -> None:
    """Let Stripe tell of something."""
    body, _ = stripe.event(type, thing, f"evt_{thing}_{type}")
    headers = stripe.module.signed(body, time.time())
    answer = httpx.post(f"{desk.url}/api/v1/payments-stripe/events", content=body, headers=headers)
    assert answer.status_code == 204, answer.text


def invoice_for(desk: Desk, company: str) -> str:
    made = desk.make("invoices", {"company": ("companies", company)})
    line = {"description": "Repairs", "quantity": "2", "unit_price": "60.00"}
    body = {"data": {"type": "invoice-lines", "attributes": line}}
    assert desk.api.post(f"/invoices/{made}/lines", json=body).status_code == 201
    assert desk.api.post(f"/invoices/{made}/finalise").status_code == 200
    return made


def judged(page: Page) -> None:
    """Hold the page to the accessibility rules."""
    assert faults(page) == []


def test_a_client_pays_an_invoice_and_stores_a_card(chromium: Browser, desk: Desk, page: Page, stripe: Any):
    page.goto("/ui/settings/payment-gateways")
    form = page.locator("form").filter(has=page.get_by_role("heading", name="Stripe"))
    form.get_by_label("Secret key").fill(stripe.module.KEY)
    form.get_by_label("Signing secret of the webhook").fill(stripe.module.SECRET)
    form.get_by_label("Address of the API").fill(stripe.url)
    form.get_by_label("Active").check()
    form.get_by_role("button", name="Save").click()
    form.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_text("Example Repairs")).to_be_visible()
    expect(page.locator("#gateways")).not_to_contain_text(stripe.module.KEY)
    judged(page)

    client = Client(desk)
    invoice = invoice_for(desk, client.company)
    context = chromium.new_context(base_url=desk.url, viewport={"width": 1024, "height": 800})
    context.set_default_timeout(15_000)
    portal, wrong = watched(context, desk)
    context.route(
        re.compile("https://checkout.example.com/"),
        lambda route: route.fulfill(body="<title>Pay</title>", content_type="text/html"),
    )
    accept(portal, client, client.email)
    portal.goto(f"/portal/invoices/{invoice}")
    judged(portal)
    pay = portal.locator("[data-post$='/pay/stripe']")  # "Pay $120.00", or one of several ways
    pay.click()
    portal.wait_for_url("https://checkout.example.com/**")
    session = portal.url.rsplit("/", 1)[-1]
    intent = stripe.pay(session)
    portal.goto(f"/portal/invoices/{invoice}")
    told(desk, stripe, "payment_intent.succeeded", intent)
    expect(pay).to_have_count(0)
    expect(portal.locator("#invoice")).to_contain_text("$0.00")

    portal.goto("/portal/payment-methods")
    portal.get_by_role("button", name="Store a card or account").click()
    portal.wait_for_url("https://checkout.example.com/**")
    session = portal.url.rsplit("/", 1)[-1]
    stripe.store(session)
    portal.goto("/portal/payment-methods")
    told(desk, stripe, "checkout.session.completed", session)
    expect(portal.get_by_text("Visa •••• 4242")).to_be_visible()
    portal.get_by_role("button", name="Pay due invoices with it").click()
    portal.get_by_role("button", name="Agree").click()
    expect(portal.get_by_text("Pays due invoices")).to_be_visible()
    judged(portal)
    context.close()
    assert [one for one in wrong if "checkout.example.com" not in one] == []


def set_up(desk: Desk, provider: str, config: dict[str, str]) -> None:
    attributes = {"provider": provider, "config": config}
    body = {"data": {"type": "payment-gateway-configs", "attributes": attributes}}
    answer = desk.api.put("/payment-gateway/config", json=body)
    assert answer.status_code == 200, answer.text


def test_a_client_chooses_between_two_gateways(chromium: Browser, desk: Desk, stripe: Any, paypal: Any):
    """PayPal's page only takes the payer's agreement; the money is fetched on the way back."""
    set_up(desk, "stripe", {"secret_key": stripe.module.KEY, "api": stripe.url})
    known = {"client_id": paypal.module.CLIENT, "client_secret": paypal.module.SECRET}
    set_up(desk, "paypal", {**known, "api": paypal.url})
    client = Client(desk)
    invoice = invoice_for(desk, client.company)
    context = chromium.new_context(base_url=desk.url, viewport={"width": 390, "height": 800})
    context.set_default_timeout(15_000)
    portal, wrong = watched(context, desk)
    context.route(
        re.compile("https://pay.example.com/"),
        lambda route: route.fulfill(body="<title>Agree</title>", content_type="text/html"),
    )
    accept(portal, client, client.email)
    portal.goto(f"/portal/invoices/{invoice}")
    expect(portal.get_by_role("button", name="Card or bank debit")).to_be_visible()
    judged(portal)
    portal.get_by_role("button", name="PayPal").click()
    portal.wait_for_url("https://pay.example.com/**")
    order = portal.url.rsplit("/", 1)[-1]
    paypal.agree(order)
    back = urlsplit(paypal.orders[order]["payment_source"]["paypal"]["experience_context"]["return_url"])
    answer = httpx.get(f"{desk.url}{back.path}", params={"token": order, "PayerID": "P1"})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"/portal/invoices/{invoice}")
    portal.goto(f"/portal/invoices/{invoice}")
    expect(portal.get_by_role("button", name="PayPal")).to_have_count(0)
    expect(portal.locator("#invoice")).to_contain_text("$0.00")
    context.close()
    assert [one for one in wrong if "pay.example.com" not in one] == []
