"""A thin PayPal for tests: orders, payments, refunds, disputes, events; tests play the payer and the bank.

It takes and gives only fields that PayPal's OpenAPI documents have (paypal/paypal-rest-api-specifications, Orders 2.13,
Payments 2.5, Disputes 1.10, Webhooks 1.11), keeps `PayPal-Request-Id`, and can do something without answering.
"""

import base64
import datetime
import hashlib
import hmac
import json
import re
import threading
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from copy import deepcopy
from itertools import count
from typing import Any

from psa_billing.testing import Asked, Told, serving

CLIENT, SECRET, WEBHOOK = "AdoubleClient", "EdoubleSecret", "1JE4291016473214C"
LOGIN = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
WHOLE = ("HUF", "JPY", "TWD")
MONEY = re.compile(r"((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))")
GIVEN = {
    "order": "id intent status purchase_units create_time links payment_source",
    "capture": "id status status_details amount custom_id final_capture seller_receivable_breakdown create_time"
    " links supplementary_data",
    "refund": "id status status_details amount custom_id create_time links",
    "dispute": "dispute_id create_time disputed_transactions reason status dispute_amount dispute_outcome"
    " dispute_life_cycle_stage",
}
TAKEN = {
    "order_request": "intent purchase_units payment_source",
    "purchase_unit_request": "amount custom_id description",
    "paypal_wallet_experience_context": "shipping_preference user_action return_url cancel_url",
    "refund_request": "amount custom_id",
    "verify_webhook_signature": "auth_algo cert_url transmission_id transmission_sig transmission_time webhook_id"
    " webhook_event",
}
Json = dict[str, Any]


def only(known: str, found: Json) -> Json:
    assert set(found) <= set(known.split()), set(found) - set(known.split())
    return found


class Refusal(Exception):
    def __init__(self, status: int, issue: str) -> None:
        super().__init__(issue)
        self.status, self.issue = status, issue


class Double:
    """The state, from the side of a test."""

    def __init__(self) -> None:
        self.url = ""
        self.webhook_url = ""
        self.lock = threading.RLock()
        self.orders: dict[str, Json] = {}
        self.captures: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self.disputes: dict[str, Json] = {}
        self.keys: dict[str, tuple[bytes, int, Json]] = {}
        self.tokens: set[str] = set()
        self.asked: list[str] = []
        self.cut: set[str] = set()
        """Last parts of paths that are served and then not answered, each time."""
        self.busy = 0
        self.declines = ""
        """The issue by which the next captures are refused."""
        self.capture_as, self.refund_as = "COMPLETED", "COMPLETED"
        self._numbers = count(1)

    # What the payer, the bank and PayPal's people do.

    def agree(self, order: str) -> None:
        with self.lock:
            assert self.orders[order]["status"] == "PAYER_ACTION_REQUIRED"
            self.orders[order]["status"] = "APPROVED"

    def settle(self, capture: str, status: str, reason: str = "") -> None:
        """End what was pending."""
        with self.lock:
            found = self.captures[capture]
            found["status"] = status
            found.pop("status_details", None)
            if reason:
                found["status_details"] = {"reason": reason}

    def age(self, order: str, hours: int) -> None:
        with self.lock:
            made = datetime.datetime.fromisoformat(self.orders[order]["create_time"])
            self.orders[order]["create_time"] = _written(made - datetime.timedelta(hours=hours))

    def dispute(self, capture: str, value: str, stage: str = "CHARGEBACK") -> str:
        with self.lock:
            found = {
                "dispute_id": f"PP-D-{next(self._numbers)}",
                "create_time": _now(),
                "disputed_transactions": [
                    {"seller_transaction_id": capture, "transaction_status": "COMPLETED"}
                ],
                "reason": "UNAUTHORISED",
                "status": "UNDER_REVIEW",
                "dispute_amount": {"currency_code": "USD", "value": value},
                "dispute_life_cycle_stage": stage,
            }
            self.disputes[found["dispute_id"]] = only(GIVEN["dispute"], found)
            return found["dispute_id"]

    def resolve(self, dispute: str, outcome: str) -> None:
        with self.lock:
            self.disputes[dispute] |= {
                "status": "RESOLVED",
                "dispute_outcome": {"outcome_code": outcome},
            }

    def event(self, type: str, resource: Json, id: str) -> tuple[bytes, dict[str, str]]:
        """Return the body and the headers of an event."""
        with self.lock:
            told = {"id": id, "create_time": _now(), "event_type": type, "event_version": "1.0"}
            body = json.dumps({**told, "resource": resource}, indent=1).encode()
        return body, self.signed(body)

    def signed(self, body: bytes, webhook: str = WEBHOOK) -> dict[str, str]:
        named, at = f"69cd13f0-d67a-11e5-baa3-{next(self._numbers):012}", _now()
        return {
            "Content-Type": "application/json",
            "Accept": "*/*",
            "PayPal-Auth-Algo": "SHA256withRSA",
            "PayPal-Cert-Url": "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
            "PayPal-Transmission-Id": named,
            "PayPal-Transmission-Time": at,
            "PayPal-Transmission-Sig": _signature(named, at, webhook, body),
        }

    # What is asked of it.

    def answer(self, asked: Asked) -> Told:
        path, key = asked.path, asked.headers.get("PayPal-Request-Id", "")
        with self.lock:
            self.asked.append(f"{asked.method} {path}")
            if self.busy:
                self.busy -= 1
                return 503, {"name": "SERVICE_UNAVAILABLE", "message": "Service Unavailable."}
            if path == "/v1/oauth2/token":
                return self._token(asked)
            if asked.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
                return 401, {
                    "error": "invalid_token",
                    "error_description": "Token signature verification failed",
                }
            status, found = self._once(key, asked)
            return None if path.rsplit("/", 1)[-1] in self.cut else (status, deepcopy(found))

    def _once(self, key: str, asked: Asked) -> tuple[int, Json]:
        """Do what is asked; with a key that was used, answer as before."""
        if key in self.keys:
            body, status, found = self.keys[key]
            assert body == asked.body, "another request with the same key"
            return status, found
        try:
            status, found = self._done(asked.method, asked.path, asked.body)
        except Refusal as refusal:
            details = [{"issue": refusal.issue, "description": "So it is."}]
            return refusal.status, {"name": "UNPROCESSABLE_ENTITY", "details": details}
        if key:
            assert len(key) <= 108
            self.keys[key] = (asked.body, status, deepcopy(found))
        return status, found

    def _token(self, asked: Asked) -> Told:
        assert asked.body == b"grant_type=client_credentials"
        if asked.headers.get("Authorization") != LOGIN:
            return 401, {"error": "invalid_client", "error_description": "Client Authentication failed"}
        token = f"A21-{next(self._numbers)}"
        self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", "app_id": "APP-1", "expires_in": 32400}

    def _done(self, method: str, path: str, body: bytes) -> tuple[int, Json]:
        match method, path.strip("/").split("/"):
            case "POST", ["v2", "checkout", "orders"]:
                return 201, self._order(json.loads(body))
            case "GET", ["v2", "checkout", "orders", order]:
                return 200, _known(self.orders, order)
            case "POST", ["v2", "checkout", "orders", order, "capture"]:
                return 201, self._capture(_known(self.orders, order))
            case "GET", ["v2", "payments", "captures", capture]:
                return 200, _known(self.captures, capture)
            case "POST", ["v2", "payments", "captures", capture, "refund"]:
                return 201, self._refund(_known(self.captures, capture), json.loads(body))
            case "GET", ["v1", "customer", "disputes", dispute]:
                return 200, _known(self.disputes, dispute)
            case "GET", ["v1", "notifications", "webhooks", webhook]:
                return 200, _known({WEBHOOK: {"id": WEBHOOK, "url": self.webhook_url}}, webhook)
            case "POST", ["v1", "notifications", "verify-webhook-signature"]:
                return 200, {"verification_status": "SUCCESS" if _is_signed(body) else "FAILURE"}
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def _order(self, asked: Json) -> Json:
        only(TAKEN["order_request"], asked)
        assert asked["intent"] == "CAPTURE"
        [unit] = asked["purchase_units"]
        only(TAKEN["purchase_unit_request"], unit)
        assert len(unit["custom_id"]) <= 127
        assert 1 <= len(unit.get("description", "-")) <= 127
        _check(unit["amount"])
        context = only(
            TAKEN["paypal_wallet_experience_context"], asked["payment_source"]["paypal"]["experience_context"]
        )
        assert context["return_url"].startswith("http")
        assert context["cancel_url"].startswith("http")
        named = f"{next(self._numbers):016}O"
        made = {
            "id": named,
            "intent": "CAPTURE",
            "status": "PAYER_ACTION_REQUIRED",
            "purchase_units": [unit],
            "create_time": _now(),
            "payment_source": asked["payment_source"],
            "links": [
                {"rel": "self", "href": f"{self.url}/v2/checkout/orders/{named}", "method": "GET"},
                {"rel": "payer-action", "href": f"https://pay.example.com/{named}", "method": "GET"},
            ],
        }
        self.orders[named] = only(GIVEN["order"], made)
        return made

    def _capture(self, order: Json) -> Json:
        if order["status"] == "COMPLETED":
            raise Refusal(422, "ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise Refusal(422, "ORDER_NOT_APPROVED")
        if self.declines:
            raise Refusal(422, self.declines)
        unit = order["purchase_units"][0]
        named, fee = f"{next(self._numbers):016}C", {**unit["amount"], "value": "1"}
        made = {
            "id": named,
            "status": self.capture_as,
            "amount": unit["amount"],
            "custom_id": unit["custom_id"],
            "final_capture": True,
            "seller_receivable_breakdown": {"gross_amount": unit["amount"], "paypal_fee": fee},
            "create_time": _now(),
            "supplementary_data": {"related_ids": {"order_id": order["id"]}},
        }
        if self.capture_as == "PENDING":
            made["status_details"] = {"reason": "ECHECK"}
        self.captures[named] = only(GIVEN["capture"], made)
        order["status"] = "COMPLETED"
        unit["payments"] = {"captures": [made], "refunds": []}
        return order

    def _refund(self, capture: Json, asked: Json) -> Json:
        only(TAKEN["refund_request"], asked)
        _check(asked["amount"])
        assert re.fullmatch(r"[A-Za-z0-9-_.,]{1,127}", asked["custom_id"])
        unit = self.orders[capture["supplementary_data"]["related_ids"]["order_id"]]["purchase_units"][0]
        back = sum(
            float(one["amount"]["value"]) for one in unit["payments"]["refunds"] if one["status"] != "FAILED"
        )
        if back + float(asked["amount"]["value"]) > float(capture["amount"]["value"]):
            raise Refusal(422, "REFUND_AMOUNT_EXCEEDED")
        named = f"{next(self._numbers):016}R"
        made = {
            "id": named,
            "status": self.refund_as,
            "amount": asked["amount"],
            "custom_id": asked["custom_id"],
            "create_time": _now(),
            "links": [
                {"rel": "up", "href": f"{self.url}/v2/payments/captures/{capture['id']}", "method": "GET"}
            ],
        }
        self.refunds[named] = only(GIVEN["refund"], made)
        unit["payments"]["refunds"].append(made)
        capture["status"] = "PARTIALLY_REFUNDED"
        return made


def _known(things: dict[str, Json], named: str) -> Json:
    if named not in things:
        raise Refusal(404, "INVALID_RESOURCE_ID")
    return things[named]


def _check(money: Json) -> None:
    """Hold `money` to its schema, and to the currencies without decimals."""
    assert set(money) == {"currency_code", "value"}
    assert MONEY.fullmatch(money["value"])
    if money["currency_code"] in WHOLE and "." in money["value"]:
        raise Refusal(422, "DECIMALS_NOT_SUPPORTED")


def _now() -> str:
    return _written(datetime.datetime.now(datetime.UTC))


def _written(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature(named: str, at: str, webhook: str, body: bytes) -> str:
    """Sign what PayPal signs; its certificates are its own affair here."""
    text = f"{named}|{at}|{webhook}|{zlib.crc32(body)}"
    return "s" + hmac.new(b"the double's own", text.encode(), hashlib.sha256).hexdigest()


def _is_signed(question: bytes) -> bool:
    asked = only(TAKEN["verify_webhook_signature"], json.loads(question))
    start = question.index(b'"webhook_event":') + len(b'"webhook_event":')
    body = question[start:-1]
    expected = _signature(asked["transmission_id"], asked["transmission_time"], asked["webhook_id"], body)
    return asked["webhook_id"] == WEBHOOK and hmac.compare_digest(expected, asked["transmission_sig"])


@contextmanager
def running() -> Generator[Double]:
    """Serve a double."""
    double = Double()
    with serving(double.answer) as double.url:
        yield double
