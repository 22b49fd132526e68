"""Signatures, smallest units, events: pure rules."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_billing.api import Refused
from psa_payments_stripe import signatures
from psa_payments_stripe.minor_units import exponent, from_minor, to_minor
from psa_payments_stripe.refusals import problem_of
from psa_payments_stripe.webhooks import Told, subject_of
from psa_sdk.errors import BadRequest

BODY, AT = b'{"id":"evt_1"}', 1767225600
VECTOR = "45b40331de0325606dc5400202ade162460fbe48daf9401adfdcd0d7b4f35470"


def moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(AT + seconds, datetime.UTC)


def test_bill_32_the_signature_of_the_vector_is_right():
    assert signatures.sign("whsec_test", AT, BODY) == VECTOR
    for header in (f"t={AT},v1={VECTOR}", f"t={AT},v0=00,v1={'0' * 64},v1={VECTOR}"):
        for away in (-300, 0, 300):
            signatures.check("whsec_test", header, BODY, moment(away))


@pytest.mark.parametrize(
    ("secret", "header", "body", "away"),
    [
        ("whsec_test", f"t={AT},v1={VECTOR}", BODY + b" ", 0),
        ("whsec_other", f"t={AT},v1={VECTOR}", BODY, 0),
        ("whsec_test", f"t={AT + 1},v1={VECTOR}", BODY, 0),
        ("whsec_test", f"t={AT},v1={VECTOR}", BODY, 301),
        ("whsec_test", f"t={AT},v1={VECTOR}", BODY, -301),
        ("whsec_test", f"t={AT},v0={VECTOR}", BODY, 0),
        ("whsec_test", f"t=,v1={VECTOR}", BODY, 0),
        ("whsec_test", f"t={AT},t={AT},v1={VECTOR}", BODY, 0),
        ("whsec_test", "", BODY, 0),
        ("", f"t={AT},v1={signatures.sign('', AT, BODY)}", BODY, 0),
    ],
)
def test_bill_32_anything_else_is_refused(secret, header, body, away):
    with pytest.raises(BadRequest):
        signatures.check(secret, header, body, moment(away))


@given(
    st.integers(0, 10**12), st.sampled_from(["USD", "EUR", "JPY", "KWD", "ISK", "UGX", "MGA", "CLP", "TND"])
)
def test_amounts_come_back_as_they_went(units, currency):
    """BILL-32: minor units by currency; JPY has none."""
    step = 10 if exponent(currency) == 3 else 100 if currency in {"ISK", "UGX"} else 1
    units -= units % step
    assert to_minor(from_minor(units, currency), currency) == units


def test_fractions_that_cannot_be_charged_are_refused():
    for amount, currency in (("0.005", "USD"), ("1.5", "JPY"), ("1.001", "KWD")):
        with pytest.raises(ValueError, match="can't be charged"):
            to_minor(Decimal(amount), currency)


def test_an_event_says_whom_it_is_about():
    def about(type: str, **thing):
        return subject_of(Told(id="evt_1", type=type, data={"object": thing}))

    assert about("checkout.session.expired", id="cs_1", object="checkout.session") == ("session", "cs_1")
    assert about("payment_intent.processing", id="pi_1", object="payment_intent") == ("intent", "pi_1")
    assert about("charge.refunded", id="ch_1", object="charge", payment_intent="pi_1") == ("intent", "pi_1")
    assert about("refund.failed", id="re_1", object="refund", payment_intent="pi_1") == ("intent", "pi_1")
    assert about("payment_method.detached", id="pm_1", object="payment_method") == ("method", "pm_1")
    assert about("customer.deleted", id="cus_1", object="customer") == ("customer", "cus_1")
    assert about("customer.updated", id="cus_1", object="customer") is None
    assert about("charge.failed", id="ch_1", object="charge", payment_intent=None) is None


def test_refusals_are_sentences_and_know_whether_trying_again_helps():
    lost = problem_of(402, {"code": "card_declined", "decline_code": "lost_card"})
    empty = problem_of(402, {"code": "card_declined", "decline_code": "insufficient_funds"})
    assert isinstance(lost, Refused)
    assert isinstance(empty, Refused)
    assert (lost.hard, empty.hard) == (True, False)
    assert str(empty) == "There isn't enough money on the account."
    assert problem_of(401, {}).code == "bad_credentials"
