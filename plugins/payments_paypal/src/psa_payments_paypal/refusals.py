"""What PayPal refuses, in sentences: wrong credentials, payers who can't pay, requests that don't fit."""

from collections.abc import Mapping
from typing import Any

from psa_billing.api import Refused
from psa_sdk.errors import Invalid, Problem

# Paying in the same way again leads nowhere.
HARD = frozenset(
    (
        "COMPLIANCE_VIOLATION",
        "PAYEE_BLOCKED_TRANSACTION",
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYER_ACCOUNT_RESTRICTED",
        "TRANSACTION_BLOCKED_BY_PAYEE",
    )
)
_SENTENCES = {
    "CAPTURE_FULLY_REFUNDED": "All of the payment was given back before.",
    "CURRENCY_NOT_SUPPORTED": "PayPal doesn't take this currency.",
    "INSTRUMENT_DECLINED": "The bank or card behind the PayPal account declined; pay again and choose another one.",
    "INVALID_CURRENCY_CODE": "PayPal doesn't take this currency.",
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": "PayPal takes no further attempt; begin again.",
    "ORDER_NOT_APPROVED": "The payer hasn't agreed at PayPal.",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED": "The payer's PayPal account can't be used.",
    "PAYER_ACCOUNT_RESTRICTED": "The payer's PayPal account is restricted.",
    "PAYER_ACTION_REQUIRED": "PayPal wants the payer to confirm something; pay again.",
    "PAYER_CANNOT_PAY": "The payer can't pay this through PayPal.",
    "PENDING_CAPTURE": "The payment isn't through yet; give it back when it is.",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING": "The payment failed; pay again and choose another source of money.",
    "REFUND_AMOUNT_EXCEEDED": "That is more than is left of the payment at PayPal.",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": "There isn't enough money on the PayPal account to give it back.",
    "REFUND_TIME_LIMIT_EXCEEDED": "The payment is too old to be given back through PayPal.",
    "TRANSACTION_LIMIT_EXCEEDED": "The amount is above a limit of PayPal's.",
    "TRANSACTION_RECEIVING_LIMIT_EXCEEDED": "The amount is above what the PayPal account may receive.",
    "TRANSACTION_REFUSED": "PayPal refused the payment.",
}


def sentence(issue: str, said: str = "") -> str:
    """Return what an issue of PayPal's means, else what PayPal said of it.

    Example:
        >>> sentence("PAYER_CANNOT_PAY")
        "The payer can't pay this through PayPal."
    """
    return _SENTENCES.get(issue) or said or "PayPal refuses it without saying why."


def problem_of(status: int, error: Mapping[str, Any]) -> Problem:
    """Return what to raise for an answer of 4xx (`error`, `error_details` of PayPal's specification)."""
    if status == 401:
        return Invalid(
            "PayPal doesn't know the client ID and secret in this mode; enter the present ones.",
            code="bad_credentials",
        )
    details = error.get("details") or [{}]
    issue = details[0].get("issue") or error.get("name") or "UNKNOWN"
    said = details[0].get("description") or error.get("message") or ""
    if status == 403:
        return Invalid(f"The PayPal account may not do this: {said}", code="missing_right")
    return Refused(
        sentence(issue, said), provider="paypal", reason=issue, hard=issue in HARD, gone=status == 404
    )
