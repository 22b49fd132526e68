"""One log-in on its way to a provider and back: what the browser's cookie says, signed for the tenant.

Nothing is stored when a log-in begins. The cookie names the request; an assertion counts only where it answers the
request of the very browser that comes for it.
"""

import secrets
from typing import Final
from uuid import UUID

from psa_sdk import identity_providers
from psa_sdk.access import Audience
from psa_sdk.admission import Refused
from psa_sdk.identity_providers import read_attempt, write_attempt
from psa_sdk.signing import Signer

PURPOSE: Final = "sso-saml-attempt"


class Attempt(identity_providers.Attempt, frozen=True, kw_only=True, array_like=True):
    """A request that is on its way."""

    request: str


def begin(provider: UUID, audience: Audience, now: float, next_page: str, links: UUID | None) -> Attempt:
    """Return a new attempt; `now` is in POSIX seconds. Its request's ID holds 160 random bits (SAML core 1.3.4)."""
    return Attempt(
        provider=provider,
        audience=audience,
        request=f"_{secrets.token_hex(20)}",
        began_at=int(now),
        next_page=next_page,
        links=links,
    )


def seal(signer: Signer, attempt: Attempt) -> str:
    """Return the text that a browser, or a program, keeps of an attempt."""
    return write_attempt(signer, PURPOSE, attempt)


def unseal(signer: Signer, kept: str) -> Attempt:
    """Return the attempt of a text; raises `Refused` unless it is ours."""
    if not kept:
        raise Refused("another_browser")
    return read_attempt(signer, PURPOSE, Attempt, kept)
