"""One-time codes of an authenticator app (RFC 6238): SHA-1, six digits, steps of 30 seconds."""

import datetime
import hmac

import pyotp
from pyotp.totp import TOTP

STEP = 30
"""Seconds."""
WINDOW = 1
"""Steps that a clock may be ahead or behind."""


def new_secret() -> str:
    """Return 160 random bits in base 32 (RFC 4226 R6)."""
    return pyotp.random_base32(32)


def address(secret: str, *, account: str, issuer: str) -> str:
    """Return the `otpauth:` address that apps read from a QR code."""
    return TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def accepted_step(secret: str, code: str, now: datetime.datetime, last_step: int) -> int | None:
    """Return the step of a code that is right and newer than the last one accepted; None refuses it (AUTH-10).

    Example:
        >>> at = datetime.datetime.fromtimestamp(59, datetime.UTC)
        >>> accepted_step("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082", at, last_step=0)
        1
        >>> accepted_step("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082", at, last_step=1) is None
        True
    """
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        return None
    generator, present = TOTP(secret), int(now.timestamp()) // STEP
    for step in range(present - WINDOW, present + WINDOW + 1):
        if step > last_step and hmac.compare_digest(generator.at(step * STEP), code):
            return step
    return None
