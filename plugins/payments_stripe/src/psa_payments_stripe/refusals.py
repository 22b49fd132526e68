"""What Stripe refuses, in sentences: wrong keys, declined cards, requests that don't fit."""

from collections.abc import Mapping
from typing import Any

from psa_billing.api import Refused
from psa_sdk.errors import Invalid, Problem

# Trying the same method again leads nowhere, or the card networks forbid it.
HARD = frozenset(
    (
        "account_closed",
        "authentication_required",
        "bank_account_unusable",
        "card_not_supported",
        "debit_not_authorized",
        "expired_card",
        "incorrect_number",
        "invalid_account",
        "lost_card",
        "no_account",
        "payment_intent_authentication_failure",
        "pickup_card",
        "restricted_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "stop_payment_order",
    )
)
_SENTENCES = {
    "account_closed": "The bank account is closed.",
    "authentication_required": "The bank wants the card's holder to confirm the payment; pay on the invoice's page.",
    "card_declined": "The card was declined.",
    "do_not_honor": "The bank declined the card without a reason.",
    "expired_card": "The card has expired.",
    "generic_decline": "The bank declined the card without a reason.",
    "incorrect_cvc": "The card's security code is wrong.",
    "insufficient_funds": "There isn't enough money on the account.",
    "lost_card": "The bank declined the card.",
    "no_account": "There is no such bank account.",
    "payment_intent_authentication_failure": "The card's holder didn't confirm the payment.",
    "refund_failed": "The money couldn't be given back; the card or account may be gone.",
    "stolen_card": "The bank declined the card.",
}


def reason_of(error: Mapping[str, Any]) -> str:
    """Return the most precise word that an error of Stripe has: the bank's, else its own."""
    return error.get("decline_code") or error.get("code") or error.get("type") or "unknown"


def sentence(error: Mapping[str, Any]) -> str:
    """Return what an error of Stripe means.

    Example:
        >>> sentence({"code": "card_declined", "decline_code": "insufficient_funds"})
        "There isn't enough money on the account."
    """
    known = _SENTENCES.get(reason_of(error)) or _SENTENCES.get(error.get("code") or "")
    return known or error.get("message") or "Stripe refuses it without saying why."


def problem_of(status: int, error: Mapping[str, Any]) -> Problem:
    """Return what to raise for an answer of 4xx."""
    if status == 401:
        return Invalid(
            "Stripe doesn't know the secret key; enter the present one (Developers, API keys).",
            code="bad_credentials",
        )
    if status == 403:
        return Invalid(
            f"The key may not do this: {error.get('message', '')} Give the restricted key that right.",
            code="missing_right",
        )
    missing = status == 404 or error.get("code") == "resource_missing"
    said = sentence(error) if status == 402 else f"Stripe refuses it: {sentence(error)}"
    return refusal(error, said, gone=missing)


def refusal(error: Mapping[str, Any], detail: str, *, gone: bool = False) -> Refused:
    """Return that Stripe said no."""
    reason = reason_of(error)
    return Refused(detail, provider="stripe", reason=reason, hard=reason in HARD, gone=gone)
