"""Secrets that applications hold: 256 random bits each, of which only the SHA-256 is stored."""

import hashlib
import hmac
import secrets
from typing import Final

CODE: Final = "psaoc"
REFRESH: Final = "psaor"
DEVICE: Final = "psaod"
SECRET: Final = "psaos"  # noqa: S105 - a prefix
USER_CODE: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Letters of a device's code: no vowels, so no words (RFC 8628 6.1)."""


def new_secret(prefix: str) -> str:
    """Return a fresh secret that secret scanners recognise by its prefix."""
    return f"{prefix}_{secrets.token_hex(32)}"


def digest(secret: str) -> str:
    """Return what is stored instead of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(secret: str, stored: str) -> bool:
    """Tell in constant time whether a secret is the one whose digest is stored; never for an empty digest."""
    return bool(stored) and hmac.compare_digest(digest(secret), stored)


def successor(token: str, salt: str) -> str:
    """Derive the refresh token that follows one.

    Needs the client's token and the stored salt, so that a repeated request gets the identical answer and neither
    a stolen token nor a stolen database gives the next one.
    """
    return f"{REFRESH}_{hmac.new(bytes.fromhex(salt), token.encode(), hashlib.sha256).hexdigest()}"


def new_user_code() -> str:
    """Return a code for a person to type, such as `BCDF-GHJK`: 34 bits for some minutes and few tries."""
    letters = "".join(secrets.choice(USER_CODE) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def typed(user_code: str) -> str:
    """Return a device's code as it is stored, however it was typed.

    Example:
        >>> typed(" bcdf ghjk")
        'BCDF-GHJK'
    """
    letters = "".join(letter for letter in user_code.upper() if letter.isalpha())
    return f"{letters[:4]}-{letters[4:]}"
