"""Amounts, marks, events: pure rules."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_billing.api import PaymentOrder, Refused
from psa_payments_paypal import orders
from psa_payments_paypal.amounts import read, written
from psa_payments_paypal.refusals import problem_of
from psa_payments_paypal.webhooks import Told, subject_of
from psa_sdk.values import currency_exponent


@given(st.integers(0, 10**12), st.sampled_from(["USD", "EUR", "JPY", "HUF", "TWD", "BRL"]))
def test_amounts_come_back_as_they_went(units, currency):
    """BILL-32, X-01: texts, with the decimals that PayPal takes."""
    decimals = 0 if currency in {"HUF", "JPY", "TWD"} else currency_exponent(currency)
    amount = Decimal(units).scaleb(-decimals)
    sent = written(amount, currency)
    assert ("." in sent["value"]) == (decimals > 0)
    assert read(sent) == (amount, currency)


@pytest.mark.parametrize(("amount", "currency"), [("0.005", "USD"), ("1.5", "JPY"), ("100.50", "HUF")])
def test_fractions_that_cannot_be_charged_are_refused(amount, currency):
    with pytest.raises(ValueError, match="can't be charged"):
        written(Decimal(amount), currency)


def test_an_order_fits_what_paypal_takes_and_is_recognised():
    tenant, attempt = UUID(int=1), UUID(int=2)
    order = PaymentOrder(
        attempt_id=attempt,
        tenant_id=tenant,
        company_id=UUID(int=3),
        company_name="Example",
        email="",
        invoice_ids=[UUID(int=4)],
        description="№ " + "INV-2026-0001, " * 20,
        amount=Decimal("12.5"),
        currency="USD",
    )
    [unit] = orders.page(order, "https://desk.example.com/", "https://desk.example.com/")["purchase_units"]
    assert len(unit["description"]) == orders.LONGEST
    assert unit["description"].isascii()
    assert len(unit["custom_id"]) <= orders.LONGEST
    assert orders.marks_of(unit["custom_id"]) == orders.Marks(tenant, attempt)
    for other in ("", "17", f"{tenant}", f"{tenant}.17"):
        assert orders.marks_of(other) is None


def test_an_event_says_whom_it_is_about():
    def about(type: str, **resource):
        return subject_of(Told(id="WH-1", event_type=type, resource=resource))

    up = {"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/9C"}
    assert about("CHECKOUT.ORDER.APPROVED", id="5O") == ("order", "5O")
    assert about("CHECKOUT.PAYMENT-APPROVAL.REVERSED", order_id="5O") == ("order", "5O")
    assert about("PAYMENT.CAPTURE.PENDING", id="9C") == ("capture", "9C")
    assert about("PAYMENT.CAPTURE.REFUNDED", id="1R", links=[up]) == ("capture", "9C")
    assert about("CUSTOMER.DISPUTE.CREATED", dispute_id="PP-D-1") == ("dispute", "PP-D-1")
    assert about("BILLING.PLAN.CREATED", id="P-1") is None
    assert about("CHECKOUT.ORDER.APPROVED", id="../../v1/oauth2/token") is None
    assert about("PAYMENT.CAPTURE.COMPLETED", id=None) is None


def test_refusals_are_sentences_and_know_whether_trying_again_helps():
    closed = problem_of(422, {"details": [{"issue": "PAYER_ACCOUNT_LOCKED_OR_CLOSED"}]})
    declined = problem_of(422, {"details": [{"issue": "INSTRUMENT_DECLINED"}]})
    assert isinstance(closed, Refused)
    assert isinstance(declined, Refused)
    assert (closed.hard, declined.hard) == (True, False)
    assert "choose another one" in str(declined)
    assert problem_of(401, {}).code == "bad_credentials"
