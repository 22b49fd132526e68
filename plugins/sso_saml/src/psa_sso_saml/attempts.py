"""One log-in on its way to a provider and back: what the browser's cookie says, signed for the tenant.

Nothing is stored when a log-in begins. The cookie names the request; an assertion counts only where it answers the
request of the very browser that comes for it.
"""

import base64
import secrets
from typing import Final
from uuid import UUID

import msgspec

from psa_sdk.access import Audience
from psa_sdk.admission import Refused
from psa_sdk.signing import Signer

PURPOSE: Final = "sso-saml-attempt"
LASTS: Final = 600
"""Seconds that a person has at the provider."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A request that is on its way; `links` is the account to be linked in place of a log-in."""

    provider: UUID
    audience: Audience
    request: str
    began_at: int
    next_page: str = ""
    links: UUID | None = None


def begin(
    provider: UUID, audience: Audience, now: float, next_page: str = "", links: UUID | None = None
) -> Attempt:
    """Return a new attempt; `now` is in POSIX seconds. Its request's ID holds 160 random bits (SAML core 1.3.4)."""
    return Attempt(
        provider=provider,
        audience=audience,
        request=f"_{secrets.token_hex(20)}",
        began_at=int(now),
        next_page=next_page if len(next_page) <= 500 else "",
        links=links,
    )


def seal(signer: Signer, attempt: Attempt) -> str:
    """Return the text that a browser, or a program, keeps of an attempt."""
    text = msgspec.json.encode(attempt).decode()
    signature = base64.urlsafe_b64encode(signer.sign(PURPOSE, text)).decode()
    return f"{base64.urlsafe_b64encode(text.encode()).decode()}.{signature}".replace("=", "")


def unseal(signer: Signer, text: str, provider: UUID, audience: Audience, now: float) -> Attempt:
    """Return the attempt of a text; raises `Refused` unless it is ours, of this provider and still good."""
    body, _, signature = text.partition(".")
    try:
        said, given = _bytes(body).decode(), _bytes(signature)
    except ValueError as error:
        raise Refused("another_browser") from error
    if not text or len(given) != 32 or not signer.verify(PURPOSE, said, given):
        raise Refused("another_browser")
    attempt = msgspec.json.decode(said, type=Attempt)
    if (attempt.provider, attempt.audience) != (provider, audience):
        raise Refused("another_provider", str(attempt.provider))
    if not attempt.began_at <= now + 1 or now > attempt.began_at + LASTS:
        raise Refused("state_expired")
    return attempt


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
