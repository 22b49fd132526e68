"""Stored cards, refunds and events against localstripe, a server of its own that speaks Stripe's protocol."""

import datetime
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import httpx
import pytest

from psa_payments_stripe import signatures
from psa_payments_stripe.webhooks import Told, subject_of
from psa_sdk.testing import Kit

from .double import KEY, SECRET, Double
from .shop import Shop

SERVE = """
from aiohttp import web
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port={port}, print=None)
"""


@pytest.fixture(scope="module")
def peer() -> Generator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE.format(port=port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url, ends = f"http://127.0.0.1:{port}", time.monotonic() + 60
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as http:
        while time.monotonic() < ends and process.poll() is None:
            try:
                assert http.get("/v1/balance").status_code == 200
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield http
    process.kill()
    process.wait()


def card(peer: httpx.Client, customer: str, number: str) -> str:
    """Store a card, which people do on Stripe's pages."""
    data = {
        "type": "card",
        "card[number]": number,
        "card[exp_month]": "12",
        "card[exp_year]": "2040",
        "card[cvc]": "123",
    }
    made = peer.post("/v1/payment_methods", data=data).json()["id"]
    assert peer.post(f"/v1/payment_methods/{made}/attach", data={"customer": customer}).status_code == 200
    return made


async def test_stored_cards_refunds_and_signed_events(psa_bench, peer):
    kit = await Kit.open(await psa_bench.install("multi"))
    stripe = Double()
    stripe.url = str(peer.base_url).rstrip("/")
    shop = await Shop.open(kit, stripe)
    tested = await shop.finance.post("/payment-gateway/test", {"provider": "stripe"})
    assert tested.status_code == 200, tested.text
    told: Queue[tuple[str, bytes]] = Queue()

    class Ear(BaseHTTPRequestHandler):
        def log_message(self, format, *args):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            told.put((self.headers["Stripe-Signature"], body))

    ear = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=ear.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hook = {"url": f"http://127.0.0.1:{ear.server_address[1]}", "secret": SECRET}
    assert peer.post("/_config/webhooks/psa", json=hook).status_code == 200

    company = await shop.company()
    invoice = await shop.invoice(company)
    customer = peer.post("/v1/customers", data={"name": "Example"}).json()["id"]
    async with kit.unit() as ctx:
        sql = "INSERT INTO billing.gateway_customer (provider, company, reference) VALUES ('stripe', $1, $2)"
        await ctx.db.execute(sql, company, customer)
    refused = await shop.charge(invoice, card(peer, customer, "4000000000000341"))
    found = refused.json()["data"]["attributes"]
    assert (found["state"], found["failure"]) == ("failed", "The card was declined.")
    made = await shop.charge(invoice, card(peer, customer, "4242424242424242"))
    assert made.json()["data"]["attributes"]["state"] == "succeeded", made.text
    assert await shop.state(invoice) == ("paid", "0.00")
    [payment] = await shop.payments(company)
    back = await shop.finance.post(f"/payments/{payment['id']}/refund", {"amount": "30.00"})
    assert back.status_code == 200, back.text
    intent = payment["gateway_transaction_id"]
    refunds = peer.get("/v1/refunds", params={"payment_intent": intent}).json()["data"]
    assert [one["amount"] for one in refunds] == [3000]
    assert await shop.state(invoice) == ("partially_paid", "30.00")

    while True:
        header, body = told.get(timeout=30)
        signatures.check(SECRET, header, body, datetime.datetime.now(datetime.UTC))
        event = json.loads(body)
        if event["type"] == "payment_intent.succeeded":
            break
    ear.shutdown()
    thread.join()
    ear.server_close()
    read = Told(id=event["id"], type=event["type"], data={"object": event["data"]["object"]})
    assert subject_of(read) == ("intent", intent)
    assert await shop.told(body, body) == [204, 204]
    assert len(await shop.payments(company)) == 1
