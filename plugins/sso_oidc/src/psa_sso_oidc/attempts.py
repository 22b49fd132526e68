"""One log-in on its way to a provider and back: state, nonce and PKCE, bound to the browser that began it.

Nothing is stored when a log-in begins, so nobody fills a table. The browser keeps a secret in a cookie; nonce and
verifier are derived from it (HMAC-SHA256), the state is signed and names the secret's digest. What comes back is
good once, for ten minutes, in that browser, at the provider that it was meant for.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Final
from uuid import UUID

import msgspec

from psa_sdk.access import Audience
from psa_sdk.admission import Refused
from psa_sdk.signing import Signer

PURPOSE: Final = "sso-oidc-state"
LASTS: Final = 600
"""Seconds that a person has at the provider."""
_LONGEST: Final = 2000


class Attempt(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a state says; `next_page` is where the person wanted to go."""

    provider: UUID
    audience: Audience
    unique: str
    browser: str
    began_at: int
    next_page: str = ""
    links: UUID | None = None
    """The account that is to be linked, in place of a log-in."""


def new_secret() -> str:
    """Return a browser's secret: 256 bits."""
    return secrets.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Tell whether a cookie's value can be a browser's secret."""
    return len(text) == 43 and text.isascii()


def begin(
    provider: UUID,
    audience: Audience,
    secret: str,
    now: float,
    next_page: str = "",
    links: UUID | None = None,
) -> Attempt:
    """Return a new attempt of a browser; `now` is in POSIX seconds."""
    return Attempt(
        provider=provider,
        audience=audience,
        unique=secrets.token_urlsafe(16),
        browser=_digest(secret),
        began_at=int(now),
        next_page=next_page if len(next_page) <= 500 else "",
        links=links,
    )


def seal(signer: Signer, attempt: Attempt) -> str:
    """Return the state that carries an attempt through the browser."""
    text = msgspec.json.encode(attempt).decode()
    return f"{_base64(text.encode())}.{_base64(signer.sign(PURPOSE, text))}"


def unseal(signer: Signer, state: str, secret: str, now: float) -> Attempt:
    """Return the attempt of a state; raises `Refused` unless it is ours, of this browser and still good."""
    body, _, signature = state.partition(".")
    try:
        text = _bytes(body).decode()
        given = _bytes(signature)
    except ValueError as error:
        raise Refused("state_unknown") from error
    if len(state) > _LONGEST or len(given) != 32 or not signer.verify(PURPOSE, text, given):
        raise Refused("state_unknown")
    attempt = msgspec.json.decode(text, type=Attempt)
    if not secret or not hmac.compare_digest(attempt.browser, _digest(secret)):
        raise Refused("another_browser")
    if not attempt.began_at <= now + 1 or now > attempt.began_at + LASTS:
        raise Refused("state_expired")
    return attempt


def nonce(attempt: Attempt, secret: str) -> str:
    """Return the nonce that the ID token must repeat."""
    return _derived(secret, "nonce", attempt)


def verifier(attempt: Attempt, secret: str) -> str:
    """Return the PKCE verifier: 43 characters (RFC 7636 4.1)."""
    return _derived(secret, "verifier", attempt)


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 4.2).

    Example:
        >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return _base64(hashlib.sha256(verifier.encode()).digest())


def _derived(secret: str, use: str, attempt: Attempt) -> str:
    text = f"{use}\n{attempt.provider}\n{attempt.unique}"
    return _base64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def _digest(secret: str) -> str:
    return _base64(hashlib.sha256(secret.encode()).digest())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
