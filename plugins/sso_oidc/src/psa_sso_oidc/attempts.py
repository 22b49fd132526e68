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

from psa_sdk import identity_providers
from psa_sdk.access import Audience
from psa_sdk.admission import Refused
from psa_sdk.identity_providers import read_attempt, write_attempt
from psa_sdk.signing import Signer

PURPOSE: Final = "sso-oidc-state"


class Attempt(identity_providers.Attempt, frozen=True, kw_only=True, array_like=True):
    """What a state says; `browser` is the digest of its browser's secret.

    `anew` says that the person is to prove who they are once more.
    """

    unique: str
    browser: str
    anew: bool = False


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
    *,
    anew: bool = False,
) -> Attempt:
    """Return a new attempt of a browser; `now` is in POSIX seconds."""
    return Attempt(
        provider=provider,
        audience=audience,
        unique=secrets.token_urlsafe(16),
        browser=_digest(secret),
        began_at=int(now),
        next_page=next_page,
        links=links,
        anew=anew,
    )


def seal(signer: Signer, attempt: Attempt) -> str:
    """Return the state that carries an attempt through the browser."""
    return write_attempt(signer, PURPOSE, attempt)


def unseal(signer: Signer, state: str, secret: str) -> Attempt:
    """Return the attempt of a state; raises `Refused` unless it is ours and of this browser."""
    attempt = read_attempt(signer, PURPOSE, Attempt, state)
    if not secret or not hmac.compare_digest(attempt.browser, _digest(secret)):
        raise Refused("another_browser")
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
    return _digest(verifier)


def _derived(secret: str, use: str, attempt: Attempt) -> str:
    text = f"{use}\n{attempt.provider}\n{attempt.unique}"
    return _base64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def _digest(secret: str) -> str:
    return _base64(hashlib.sha256(secret.encode()).digest())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
