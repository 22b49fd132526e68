"""A thin Stripe for tests: pages, payments, stored methods, refunds, disputes; tests play the payer and the bank.

It keeps idempotency keys, and can be told to do something without answering. What it answers has only fields that
Stripe's own objects have (`FIELDS`).
"""

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from copy import deepcopy
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from psa_billing.testing import Asked, Told, serving
from psa_payments_stripe import signatures

KEY, SECRET = "sk_test_double", "whsec_double"
FIELDS = {
    "account": "id object business_profile settings email",
    "checkout.session": "id object mode status payment_status payment_intent setup_intent customer url expires_at"
    " metadata livemode",
    "payment_intent": "id object amount amount_received currency customer status latest_charge last_payment_error"
    " next_action metadata created livemode payment_method",
    "charge": "id object amount amount_refunded balance_transaction created currency disputed payment_intent"
    " payment_method_details",
    "refund": "id object amount created currency metadata payment_intent status",
    "dispute": "id object amount created currency payment_intent status reason",
    "setup_intent": "id object customer payment_method status",
    "payment_method": "id object type card us_bank_account customer",
    "customer": "id object name email metadata",
}


class Double:
    """The state, from the side of a test."""

    def __init__(self) -> None:
        self.url = ""
        self.lock = threading.RLock()
        self.things: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[str, int, dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.cut: set[str] = set()
        """Paths that are served and then not answered, each time."""
        self.busy = 0
        self.gate: threading.Barrier | None = None
        self.declines: dict[str, str] = {}
        self._numbers = count(1)

    def make(self, kind: str, prefix: str, **values: Any) -> dict[str, Any]:
        found = {"id": f"{prefix}_{next(self._numbers):06}", "object": kind, **values}
        assert set(found) <= set(FIELDS[kind].split()), set(found) - set(FIELDS[kind].split())
        self.things[found["id"]] = found
        return found

    def all(self, kind: str, **values: Any) -> list[dict[str, Any]]:
        with self.lock:
            return [
                one
                for one in self.things.values()
                if one["object"] == kind and all(one.get(name) == value for name, value in values.items())
            ]

    # What the payer and the bank do.

    def pay(self, session: str, *, late: bool = False, by: str = "card", fee: int = 59) -> str:
        """Pay on a page, by a bank debit that is `late`; returns the payment's id."""
        with self.lock:
            page = self.things[session]
            assert page["status"] == "open", "The page is closed."
            wanted = page.pop("_wanted")
            intent = self._intent(wanted, page["customer"])
            page |= {
                "status": "complete",
                "payment_status": "unpaid" if late else "paid",
                "payment_intent": intent["id"],
            }
            intent["status"] = "processing"
            if not late:
                self.arrive(intent["id"], by=by, fee=fee)
            return intent["id"]

    def arrive(self, intent_id: str, *, by: str = "card", fee: int = 59) -> None:
        with self.lock:
            intent = self.things[intent_id]
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
            charge = self.make(
                "charge",
                "ch",
                amount=intent["amount"],
                amount_refunded=0,
                balance_transaction={"fee": fee, "currency": intent["currency"]},
                created=int(time.time()),
                currency=intent["currency"],
                disputed=False,
                payment_intent=intent_id,
                payment_method_details={"type": by},
            )
            intent["latest_charge"] = charge["id"]

    def bounce(self, intent_id: str, code: str) -> None:
        with self.lock:
            self.things[intent_id] |= {
                "status": "requires_payment_method",
                "last_payment_error": {"code": code, "message": "The debit came back."},
            }

    def dispute(self, intent_id: str, amount: int, status: str = "needs_response") -> str:
        with self.lock:
            intent = self.things[intent_id]
            self.things[intent["latest_charge"]]["disputed"] = True
            return self.make(
                "dispute",
                "dp",
                amount=amount,
                created=int(time.time()),
                currency=intent["currency"],
                payment_intent=intent_id,
                status=status,
                reason="fraudulent",
            )["id"]

    def store(self, session: str, last4: str = "4242") -> str:
        """Store a card on a page; returns its id."""
        with self.lock:
            page = self.things[session]
            card = {"brand": "visa", "last4": last4, "exp_month": 12, "exp_year": 2040}
            method = self.make("payment_method", "pm", type="card", card=card, customer=page["customer"])
            setup = self.make(
                "setup_intent",
                "seti",
                customer=page["customer"],
                payment_method=method["id"],
                status="succeeded",
            )
            page |= {"status": "complete", "setup_intent": setup["id"]}
            return method["id"]

    def event(self, type: str, thing: str, id: str) -> tuple[bytes, str]:
        """Return the body of an event about something, and its id."""
        body = {"id": id, "object": "event", "type": type, "livemode": False, "created": int(time.time())}
        with self.lock:
            return json.dumps({**body, "data": {"object": self._clean(self.things[thing])}}).encode(), id

    # What is asked of it.

    def answer(
        self, method: str, path: str, form: dict[str, Any], key: str, auth: str
    ) -> tuple[int, dict[str, Any]]:
        if auth != f"Bearer {KEY}":
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}
        if method == "POST":
            assert key, "Every POST needs a key."
            shape = json.dumps([path, form], sort_keys=True)
            if key in self.keys:
                kept, status, found = self.keys[key]
                if kept != shape:
                    return 400, {"error": {"type": "idempotency_error", "message": "Another request."}}
                return status, found
            status, found = self._post(path, form)
            self.keys[key] = (shape, status, self._clean(found))
            return status, self._clean(found)
        status, found = self._get(path, form)
        return status, self._clean(found)

    def _get(self, path: str, query: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        wanted = {name: query[name] for name in ("payment_intent", "customer") if name in query}
        lists = {
            "/refunds": "refund",
            "/disputes": "dispute",
            "/payment_intents": "payment_intent",
            "/checkout/sessions": "checkout.session",
        }
        if path in lists:
            rows = self.all(lists[path], **wanted)
            return 200, {"object": "list", "data": [self._clean(one) for one in rows], "has_more": False}
        if path == "/account":
            return 200, self.make(
                "account", "acct", business_profile={"name": "Example Repairs"}, settings={}
            )
        found = self.things.get(path.rsplit("/", 1)[-1])
        if found is None:
            return 404, {"error": {"code": "resource_missing", "message": "No such thing"}}
        if found["object"] == "setup_intent":
            return 200, found | {"payment_method": self.things[found["payment_method"]]}
        if found["object"] == "payment_intent" and found.get("latest_charge"):
            return 200, found | {"latest_charge": self.things[found["latest_charge"]]}
        return 200, found

    def _post(self, path: str, form: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        match path.strip("/").split("/"):
            case ["customers"]:
                return 200, self.make("customer", "cus", **form)
            case ["checkout", "sessions"]:
                return 200, self._page(form)
            case ["checkout", "sessions", session, "expire"]:
                if self.things[session]["status"] != "open":
                    return 400, {"error": {"code": "invalid", "message": "The page isn't open."}}
                self.things[session]["status"] = "expired"
                return 200, self.things[session]
            case ["payment_intents"]:
                return self._charge(form)
            case ["refunds"]:
                return self._refund(form)
            case ["payment_methods", method, "detach"]:
                self.things[method]["customer"] = None
                return 200, self.things[method]
        return 404, {"error": {"message": f"No {path}"}}

    def _page(self, form: dict[str, Any]) -> dict[str, Any]:
        made = self.make(
            "checkout.session",
            "cs",
            mode=form["mode"],
            status="open",
            payment_status="unpaid",
            payment_intent=None,
            setup_intent=None,
            customer=form["customer"],
            expires_at=int(form.get("expires_at", 0)) or int(time.time()) + 86400,
            metadata=form["metadata"],
            livemode=False,
        )
        made["url"] = f"https://checkout.example.com/{made['id']}"
        if form["mode"] == "payment":
            price = form["line_items"]["0"]["price_data"]
            made["_wanted"] = {
                "amount": price["unit_amount"],
                "currency": price["currency"],
                "metadata": form["payment_intent_data"]["metadata"],
            }
        return made

    def _intent(self, form: dict[str, Any], customer: str) -> dict[str, Any]:
        return self.make(
            "payment_intent",
            "pi",
            amount=int(form["amount"]),
            amount_received=0,
            currency=form["currency"],
            customer=customer,
            status="requires_payment_method",
            latest_charge=None,
            last_payment_error=None,
            next_action=None,
            metadata=form["metadata"],
            created=int(time.time()),
            livemode=False,
            payment_method=form.get("payment_method"),
        )

    def _charge(self, form: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        intent = self._intent(form, form["customer"])
        reason = self.declines.get(form["payment_method"])
        if reason:
            error = {"type": "card_error", "code": "card_declined", "decline_code": reason}
            intent["last_payment_error"] = error
            return 402, {"error": {**error, "message": "Declined."}}
        self.arrive(intent["id"])
        return 200, intent

    def _refund(self, form: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        intent = self.things[form["payment_intent"]]
        charge, amount = self.things[intent["latest_charge"]], int(form["amount"])
        if amount > charge["amount"] - charge["amount_refunded"]:
            return 400, {"error": {"code": "charge_already_refunded", "message": "More than is left."}}
        charge["amount_refunded"] += amount
        return 200, self.make(
            "refund",
            "re",
            amount=amount,
            created=int(time.time()),
            currency=intent["currency"],
            metadata=form["metadata"],
            payment_intent=intent["id"],
            status="succeeded",
        )

    @staticmethod
    def _clean(found: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in found.items() if not name.startswith("_")}


def signed(body: bytes, at: float, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of an event."""
    moment = int(at)
    return {
        "Content-Type": "application/json",
        "Accept": "*/*; q=0.5, application/xml",
        "Stripe-Signature": f"t={moment},v1={signatures.sign(secret, moment, body)}",
    }


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return a form whose names nest in brackets."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = name.replace("]", "").split("[")
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return found


@contextmanager
def running() -> Generator[Double]:
    """Serve a double."""
    double = Double()

    def answer(asked: Asked) -> Told:
        parts = urlsplit(asked.path)
        path = parts.path.removeprefix("/v1")
        if double.gate is not None:
            double.gate.wait(20)
        with double.lock:
            double.asked.append(f"{asked.method} {path}")
            if double.busy:
                double.busy -= 1
                return 429, {"error": {"message": "Too many requests"}}
            form = nested(parse_qsl(asked.body.decode() if asked.method == "POST" else parts.query))
            key, auth = asked.headers.get("Idempotency-Key", ""), asked.headers.get("Authorization", "")
            status, found = double.answer(asked.method, path, form, key, auth)
            return None if asked.method == "POST" and path in double.cut else (status, deepcopy(found))

    with serving(answer) as double.url:
        yield double
