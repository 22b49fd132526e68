"""Proof Key for Code Exchange (RFC 7636), by S256 alone: the code is of no use to whoever intercepts it."""

import base64
import hashlib
import hmac
import re
from typing import Final

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text: str) -> bool:
    """Tell whether a text can be the SHA-256 of a verifier (RFC 7636 4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def challenge(verifier: str) -> str:
    """Return the challenge of a verifier.

    Example:
        >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def proves(verifier: str, expected: str) -> bool:
    """Tell whether a verifier is the one behind a challenge (RFC 7636 4.6)."""
    return _VERIFIER.fullmatch(verifier) is not None and hmac.compare_digest(challenge(verifier), expected)
